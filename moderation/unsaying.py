"""What isn't counted yet of somebody who leaves will not be: whoever comes back must not count twice.

Each is a transaction of its own and may be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import bugs, events, jobs, links, reports, reviews, votes
from db.models import Bug, BugOpinion, Job, Report, Review, Vote, utcnow
from db.session import Db
from db.states import WAITING_FOR_REVIEW, Kind, Status, Verdict
from db.yours import Whose
from moderation import rules


async def unsay(db: Db, who: Whose) -> list[int]:
    """Take back their votes on open ballots, their say in open rounds, and reports and opinions that
    nobody has decided about; the ids of the jobs that this changed."""
    changed = [*await _votes(db, who), *await _reviews(db, who), *await _reports(db, who)]
    await _opinions(db, who)
    await _bugs(db, who)
    return changed


async def tell_again(s: AsyncSession, job_ids: Sequence[int]) -> None:
    """Let every room look at these once more: at the cards that stay when a job is withdrawn, too."""
    for room in await events.rooms(s):
        for start in range(0, len(job_ids), links.AT_ONCE):
            await events.tell_again(s, room, job_ids[start : start + links.AT_ONCE])


async def _votes(db: Db, who: Whose) -> list[int]:
    still = (col(Job.status) == Status.PUBLISHED) & col(Job.winner).is_(None)
    voted = select(col(Vote.job_id), col(Vote.person_id)).join(Job, col(Job.id) == col(Vote.job_id))
    async with db.read() as s:
        found = (await s.execute(voted.where(who.own(Vote.person_id), still))).all()
    for job_id, person_id in found:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            closed = job is None or job.winner is not None
            if not closed and await votes.take_back(s, job_id, person_id):
                await events.record(s, job_id, Kind.VOTE_TAKEN_BACK, person_id)
    return [job_id for job_id, _ in found]


async def _reviews(db: Db, who: Whose) -> list[int]:
    """Of what was taken down only that they want it back; to have taken it down is decided."""
    open_round = col(Job.status).in_(WAITING_FOR_REVIEW | {Status.REJECTED})
    said = (
        select(col(Review.job_id), col(Review.person_id))
        .join(Job, (col(Job.id) == col(Review.job_id)) & (col(Job.round) == col(Review.round)))
        .distinct()
    )
    async with db.read() as s:
        found = (await s.execute(said.where(who.own(Review.person_id), open_round))).all()
    changed = []
    for job_id, person_id in found:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is None:
                continue
            down = rules.is_taken_down(job)
            if not down and job.status not in WAITING_FOR_REVIEW:
                continue
            which = Verdict.APPROVE if down else None
            if await reviews.take_back(s, job_id, person_id, job.round, which):
                await events.record(s, job_id, Kind.REVIEW_TAKEN_BACK, person_id)
                changed.append(job_id)
    return changed


async def _reports(db: Db, who: Whose) -> list[int]:
    reported = select(col(Report.job_id)).where(
        who.own(Report.person_id), col(Report.settled_at).is_(None)
    )
    async with db.read() as s:
        found = (await s.scalars(reported.distinct())).all()
    for job_id in found:
        async with db.begin() as s:
            await jobs.get(s, job_id, lock=True)
            await reports.take_back(s, job_id, who.persons)
            await tell_again(s, [job_id])
    return list(found)


async def _opinions(db: Db, who: Whose) -> None:
    undecided = (
        select(col(BugOpinion.bug_id))
        .join(Bug, col(Bug.id) == col(BugOpinion.bug_id))
        .where(who.own(BugOpinion.person_id), col(Bug.accepted).is_(None))
    )
    async with db.read() as s:
        found = (await s.scalars(undecided.distinct())).all()
    for bug_id in found:
        async with db.begin() as s:
            bug = await bugs.get(s, bug_id)
            if bug is not None and bug.accepted is None:
                await bugs.take_back(s, bug_id, who.persons)


async def _bugs(db: Db, who: Whose) -> None:
    """Without its words nobody can decide about a report of a bug, so it waits for nobody."""
    undecided = select(col(Bug.id)).where(who.own(Bug.person_id), col(Bug.accepted).is_(None))
    async with db.read() as s:
        found = (await s.scalars(undecided)).all()
    for bug_id in found:
        async with db.begin() as s:
            bug = await bugs.get(s, bug_id)
            if bug is not None and bug.accepted is None:
                bug.accepted, bug.closed_at = False, utcnow()
