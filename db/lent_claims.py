"""What a lent worker is given: none of what it may not have, or made nothing of before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import jobs, lender_keys, lent, renders, sources, workers
from db.lender_keys import worker_of
from db.lent import LOST, VANISHED, Moved
from db.line import Hand
from db.models import Job, LenderKey, LentRender, Worker, utcnow
from db.offers import Offer
from db.states import Status

MOST_UNSEEN = 4
"""So many deliveries of one worker may wait; then it is given nothing more."""
MOST_TIMES = 3
"""So often one worker is given the same job, which it put back each time; then others are to make it."""


class Claimed(NamedTuple):
    job: Job | None
    inputs: tuple[str, ...]
    """Which files it is made from, as in ``sources``."""
    failed: list[Moved]
    """Jobs that turned out not to be makeable."""


async def announce(
    s: AsyncSession, key: LenderKey, session: str, offers: Sequence[Offer], state: str
) -> tuple[list[str], list[Moved]]:
    """A lent worker has started: what of its offers it is given, and what is in line again, because its
    process of before had it; which may have suspended the key, that is locked."""
    lost: list[Moved] = []
    if session != key.session:
        for job_id, attempt in await lent.undelivered(s, key):
            lost += await lent.came_to_nothing(s, job_id, attempt, key.name, VANISHED, LOST)
        await s.refresh(key)
        if key.suspended:
            return [], lost
    own = [w.running_cap for w in await workers.every(s) if not w.lent and workers.alive(w)]
    allowed = [offer for offer in offers if offer.name in key.models]
    cap = min(own, default=2)
    name, may = worker_of(key.name), {"lent": True, "inputs": key.inputs}
    await workers.announce(s, name, allowed, state, cap, key.owner, **may)
    await lender_keys.seen(s, key.name, session=session)
    return [offer.name for offer in allowed], lost


async def may_wait(s: AsyncSession, key: LenderKey, worker: Worker) -> bool:
    """Whether something in line is for it. It holds off nobody, as a claim does all others."""
    models = workers.hand(worker).models
    found = select(col(Job.id)).where(col(Job.status) == Status.QUEUED, col(Job.model).in_(models))
    if await s.scalar(found.limit(1)) is None or await lent.unseen(s, key.name) >= MOST_UNSEEN:
        return False
    hand, cap = await _hand(s, key, worker), worker.running_cap
    within = await renders.within_reach(s, worker.name, hand, cap, utcnow())
    return next(within, None) is not None


async def claim(s: AsyncSession, key: LenderKey, worker: Worker) -> Claimed:
    """Give it the next job that it can make and may.

    A worker that asks has nothing in hand: what it was given before is given to it again, since the answer
    didn't reach it.
    """
    failed: list[Moved] = []
    while job := await _next(s, key, worker):
        try:
            return Claimed(job, tuple(await sources.of(s, job)), failed)
        except sources.Gone as gone:
            await renders.fail(s, job.id, job.attempt, str(gone))
            failed.append(Moved(job.id, job.attempt))
    return Claimed(None, (), failed)


async def _next(s: AsyncSession, key: LenderKey, worker: Worker) -> Job | None:
    for job_id, attempt in await lent.undelivered(s, key):
        if await lent.hold(s, key, job_id, attempt):
            return await jobs.get(s, job_id)
    if await lent.unseen(s, key.name) >= MOST_UNSEEN:
        return None
    job = await renders.claim_next(s, worker.name, await _hand(s, key, worker), worker.running_cap)
    if job is not None:
        s.add(LentRender(job_id=job.id, attempt=job.attempt, key=key.name))
    return job


async def _hand(s: AsyncSession, key: LenderKey, worker: Worker) -> Hand:
    """What it may have: nothing that it failed at, or put back again and again."""
    job_id, times = col(LentRender.job_id), func.count()
    failed = func.sum(case((col(LentRender.failed), 1), else_=0))
    own = select(job_id).where(col(LentRender.key) == key.name).group_by(job_id)
    had = await s.scalars(own.having((failed > 0) | (times >= MOST_TIMES)))
    return replace(workers.hand(worker), had=frozenset(had))
