"""What time alone must repair or close: lost renders, unheard bells, ballots, themes, weeks, what waits
for moderators; the books, pools, the record."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import clips, events, frames, jobs, lent, parts, renders, votes, workers
from db.broker import Broker
from db.models import Job, utcnow
from db.session import Db
from db.states import Kind, Status
from moderation import chaining, growth, pools, ranking, reels, themes, waiting, weeks
from moderation.bookkeeping import keep_books
from moderation.chronicle import chronicle
from moderation.days import book_days
from moderation.rules import Refused, Rules
from moderation.screening import door
from moderation.screening.words import standard
from moderation.wish import Request

UNHEARD = timedelta(seconds=5)
BELLS = 20
"""More bells than this at once would only be doubled: each one makes a worker look at the line."""

JOBS = 50
"""So many are looked at in one round, that a worker's finish doesn't wait for long."""

log = structlog.get_logger()


async def sweep(db: Db, broker: Broker, rules: Rules | None = None) -> None:
    """One round; several processes may sweep at the same time."""
    changed = await lost_renders(db) + await closed_ballots(db) + await themes.close_due(db)
    changed += await unseen_frames(db) + await waiting.called(db) + await waiting.let_go(db)
    changed += await waiting.let_in(db, rules or Rules())
    changed += await chaining.ended_turns(db)
    changed += await weeks.drawn(db) + await reels.settled(db)
    for job_id in changed:
        await broker.spread(job_id)
    async with db.read() as s:
        unheard = await s.execute(
            select(col(Job.id), col(Job.attempt))
            .where(
                col(Job.status) == Status.QUEUED,
                parts.are_made(),
                (col(Job.queued_at) < utcnow() - UNHEARD) | col(Job.id).in_(changed),
            )
            .order_by(col(Job.id))
            .limit(BELLS)
        )
        bells = unheard.all()
    for job_id, attempt in bells:
        if not await broker.ring(job_id, attempt):
            break
    await keep_books(db)
    await book_days(db)
    await pools.close_due(db)
    await pools.return_unclaimed(db)
    await chronicle(db)


async def lost_renders(db: Db) -> list[int]:
    """Put renders whose worker vanished back into the line; the ids of those that changed."""
    changed = []
    async with db.read() as s:
        suspects = await renders.lost(s)
    for job_id in suspects:
        async with db.begin() as s:
            back = await lent.vanished(s, job_id)
            outcome = await renders.give_up_lost(s, job_id) if back is None else None
        if outcome is not None:
            log.warning("render.lost", job=job_id, outcome=outcome)
            changed.append(job_id)
        for moved in back or ():
            log.warning("lent.lost", job=moved.job_id)
            changed.append(moved.job_id)
    return changed


async def unseen_frames(db: Db) -> list[int]:
    """Have the screen look at clips that are new; the ids of the jobs in which it found something."""
    async with db.read() as s:
        waiting = await frames.unscreened(s, JOBS)
    flagged = []
    for job_id in waiting:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is not None and await door.see(s, job):
                flagged.append(job_id)
    return flagged


async def closed_ballots(db: Db) -> list[int]:
    """Close the ballots whose time is over, however long ago; the ids of their jobs, and of the
    finals that their winners are given."""
    async with db.read() as s:
        due = (await s.scalars(select(col(Job.id)).where(*_due()))).all()
    closed = []
    for job_id in due:
        async with db.begin() as s:
            if await _close(s, job_id):
                closed.append(job_id)
                closed += await _final_of_winner(s, job_id)
    return closed


def _due() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Job.status) == Status.PUBLISHED,
        col(Job.winner).is_(None),
        col(Job.ballot_closes_at) <= utcnow(),
    )


async def _close(s: AsyncSession, job_id: int) -> bool:
    await jobs.get(s, job_id, lock=True)
    shown = [clip.number for clip in await clips.of(s, job_id) if clip.shown]
    tally = await votes.tally(s, job_id)
    closed = await s.execute(
        update(Job)
        .where(col(Job.id) == job_id, *_due())
        .values(winner=ranking.winner(tally, shown))
        .returning(col(Job.id))
    )
    if closed.first() is None:
        return False
    await events.record(s, job_id, Kind.BALLOT_CLOSED, tally={str(k): v for k, v in tally.items()})
    return True


async def _final_of_winner(s: AsyncSession, job_id: int) -> list[int]:
    """Put the full render of a winning draft into the line for its artist, for when the workers have
    nothing else to do; the id of its job.

    It is part of closing the ballot, which happens once. An artist who has asked for it before has it.
    """
    job = await jobs.get(s, job_id)
    if job is None or not job.draft or not job.winner:
        return []
    clip = await clips.get(s, job_id, job.winner)
    if clip is None or await jobs.final_of(s, job_id, job.winner) is not None:
        return []
    request = Request(f"final:{job_id}:{job.winner}", job.room, job.place, job.workspace)
    if await jobs.by_request(s, request.key) is not None:
        return []  # it came to nothing, and the ballot was opened once more
    try:
        final = growth.final(job, clip, request, job.person_id, await workers.offers(s))
        final.idle = True
    except Refused as refused:  # e.g. the model is gone: the draft has won all the same
        log.warning("final.not_rendered", job=job_id, why=str(refused))
        return []
    await jobs.add(s, final)
    await door.enter(s, standard(), final)
    return [final.id]
