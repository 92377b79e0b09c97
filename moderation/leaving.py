"""How somebody leaves and is forgotten: what they are told before, and what then happens to all that is
theirs. Each step is a transaction of its own and may be done twice, so that a sweep can go on wherever
a process was killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import (
    chains,
    events,
    forgetting,
    jobs,
    ledger,
    links,
    parts,
    people,
    reviews,
    themes,
    votes,
)
from db.broker import Broker
from db.links import LINKS
from db.media import Media
from db.models import Chain, Clip, Identity, Job, Review, Seat, Theme, Vote, utcnow
from db.session import Db, one_at_a_time
from db.states import WAITING_FOR_REVIEW, Kind, Status, Turn
from db.yours import Whose
from moderation import chaining, withdrawing
from moderation import themes as closing
from moderation.linking import alone, as_now
from moderation.people import Person

SITS = frozenset({Turn.WAITS, Turn.NOW, Turn.MADE})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much there is of somebody."""

    jobs: int
    clips: int
    votes: int
    reviews: int
    credit: int
    platforms: tuple[str, ...]


async def belongings(db: Db, person: Person) -> Belongings:
    """What would go, and what would stay as nobody's."""
    async with db.read() as s:
        who = await forgetting.whose(s, (await as_now(s, person)).id)

        async def count(table: type[Job | Clip | Vote | Review], which: object) -> int:
            query = select(func.count()).select_from(table).where(which)  # type: ignore[arg-type]
            return await s.scalar(query) or 0

        rooms = select(col(Identity.platform)).where(who.own(Identity.person_id)).distinct()
        return Belongings(
            jobs=await count(Job, who.own(Job.person_id)),
            clips=await count(Clip, who.of_jobs(Clip.job_id)),
            votes=await count(Vote, who.own(Vote.person_id)),
            reviews=await count(Review, who.own(Review.person_id)),
            credit=await ledger.balance(s, who.persons[0]),
            platforms=tuple(sorted(await s.scalars(rooms))),
        )


async def leave(db: Db, person_id: int) -> None:
    """Whoever is this person is nobody from now on; all the rest follows (``forget_leavers``)."""
    async with db.begin() as s:
        await one_at_a_time(s, LINKS)
        who = await forgetting.whose(s, await links.now(s, person_id))
        for one in sorted(who.persons):
            await one_at_a_time(s, alone(one))
        if not await people.leaving(s, who.persons):
            await forgetting.cut_off(s, who)
            await _tell_again(s, (await s.scalars(who.jobs)).all())
    log.info("person.leaving", person=person_id)


async def forget_leavers(db: Db, broker: Broker, media: Media) -> None:
    """Go on with everybody who asked to be forgotten, as far as that is possible now."""
    async with db.read() as s:
        found = await forgetting.leaving(s)
    for person_id in found:
        async with db.read() as s:
            who = await forgetting.whose(s, person_id)
        for job_id in await _take_back(db, who):
            await broker.spread(job_id)
        told = await _forget(db, media, who)
        for job_id in told[:1]:
            await broker.spread(job_id)  # any news wakes the feed


async def _tell_again(s: AsyncSession, job_ids: Sequence[int]) -> None:
    """Let every room look at these once more: at the cards that stay when a job is withdrawn, too."""
    for room in await events.rooms(s):
        for start in range(0, len(job_ids), links.AT_ONCE):
            await events.tell_again(s, room, job_ids[start : start + links.AT_ONCE])


# ── what others wait for, count or see ───────────────────────────────────────────────────


async def _take_back(db: Db, who: Whose) -> list[int]:
    """Take them out of all that goes on; the ids of the jobs that this changed."""
    changed = await _unsay(db, who)
    async with db.begin() as s:
        for theme in await s.scalars(
            select(Theme).where(who.own(Theme.host_id), col(Theme.closed_at).is_(None))
        ):
            held = await themes.get(s, theme.id, lock=True)
            if held is not None and held.closed_at is None:
                held.ends_at = utcnow()
                await closing.close(s, held)
        waiting = select(Seat).where(who.own(Seat.person_id), col(Seat.turn) == Turn.WAITS)
        for seat in await s.scalars(waiting):
            seat.turn = Turn.PASSED
    async with db.read() as s:
        own = select(col(Job.id)).where(who.own(Job.person_id), col(Job.status) != Status.WITHDRAWN)
        standing = (await s.scalars(own.order_by(col(Job.id)))).all()
    for job_id in standing:
        async with db.begin() as s:
            await chains.hold(s, job_id)
            await parts.hold(s, job_id)
            job = await jobs.get(s, job_id, lock=True)
            if job is not None and job.status is not Status.WITHDRAWN:
                changed += [job_id, *await withdrawing.withdraw(s, job_id, job.person_id)]
    changed += await chaining.ended_turns(db)
    await _hand_over(db, who)
    return changed


async def _unsay(db: Db, who: Whose) -> list[int]:
    """What isn't counted yet will not be: their votes on open ballots, their say in open rounds."""
    async with db.read() as s:
        voted = select(col(Vote.job_id), col(Vote.person_id)).join(
            Job, col(Job.id) == col(Vote.job_id)
        )
        still = (col(Job.status) == Status.PUBLISHED) & col(Job.winner).is_(None)
        open_votes = (await s.execute(voted.where(who.own(Vote.person_id), still))).all()
        said = select(col(Review.job_id), col(Review.person_id)).join(
            Job, (col(Job.id) == col(Review.job_id)) & (col(Job.round) == col(Review.round))
        )
        waits = col(Job.status).in_(WAITING_FOR_REVIEW)
        open_reviews = (await s.execute(said.where(who.own(Review.person_id), waits))).all()
    for job_id, person_id in open_votes:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            closed = job is None or job.winner is not None
            if not closed and await votes.take_back(s, job_id, person_id):
                await events.record(s, job_id, Kind.VOTE_TAKEN_BACK, person_id)
    for job_id, person_id in open_reviews:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is None or job.status not in WAITING_FOR_REVIEW:
                continue
            if await reviews.take_back(s, job_id, person_id, job.round):
                await events.record(s, job_id, Kind.REVIEW_TAKEN_BACK, person_id)
    return [job_id for job_id, _ in [*open_votes, *open_reviews]]


async def _hand_over(db: Db, who: Whose) -> None:
    """A chain that they began goes on with the first of its other artists; with nobody it ends."""
    async with db.read() as s:
        begun = select(col(Chain.id)).where(
            who.own(Chain.person_id), col(Chain.closed_at).is_(None)
        )
        chain_ids = (await s.scalars(begun)).all()
    for chain_id in chain_ids:
        async with db.begin() as s:
            chain = await chains.get(s, chain_id, lock=True)
            if chain is None or chain.closed_at is not None:
                continue
            seats = await chains.seats(s, chain_id)
            others = [x for x in seats if x.turn in SITS and x.person_id not in who.persons]
            await forgetting.forget_theme(s, chain)
            if others:
                heir = others[0]
                chain.person_id, chain.room = heir.person_id, heir.room
                chain.workspace, chain.place = heir.workspace, heir.place
            else:
                await chaining.close(s, chain, seats)


# ── what nobody waits for any more ───────────────────────────────────────────────────────


async def _forget(db: Db, media: Media, who: Whose) -> Sequence[int]:
    """Remove files and words, once every room took the cards away and all is booked; the ids of the
    jobs of others that look otherwise now. None, and nothing is done, while that isn't so yet."""
    async with db.read() as s:
        films = await forgetting.shown_in(s, who)
        if not await _is_ready(s, who, films):
            return ()
        files = await forgetting.with_files(s, who)
    for job_id in [*files, *films]:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is not None:
                await forgetting.release(s, media, job)
    async with db.begin() as s:
        for one in sorted(who.persons):
            await one_at_a_time(s, alone(one))
        if not await _is_ready(s, who, films):
            return ()
        touched = sorted({*films, *await forgetting.grown_from(s, who)})
        await forgetting.forget(s, who)
        await _tell_again(s, touched)
    await db.scrub()
    log.info("person.forgotten", person=who.persons[0])
    return touched


async def _is_ready(s: AsyncSession, who: Whose, films: Sequence[int]) -> bool:
    standing = await s.scalar(
        select(col(Job.id))
        .where(who.own(Job.person_id), col(Job.status) != Status.WITHDRAWN)
        .limit(1)
    )
    settled = standing is None and await forgetting.is_settled(s, who)
    return settled and await forgetting.is_told(s, who, films)
