"""A lent worker's part of a job's life: what it takes, what it sends, and that somebody looks at it.

What it sent counts only once one of the studio's own workers has accepted it. Until then the job is being
rendered: without a lease while it waits for that, so that no time is up, and with one of whoever looks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import clips, jobs, lender_keys, renders, sources, workers
from db.lender_keys import worker_of
from db.lending import LONGEST_RENDER
from db.media import Media
from db.models import Job, LenderKey, LentRender, Worker, utcnow
from db.offers import Offer
from db.session import Db
from db.states import Status

MOST_UNSEEN = 4
"""So many deliveries of one worker may wait; then it is given nothing more."""
MOST_WATTS = 2000
"""No machine that renders one clip draws more; what is claimed beyond isn't believed."""
GAVE_UP = "the lent worker could not make it"


class InHand(NamedTuple):
    job: Job
    render: LentRender


class Moved(NamedTuple):
    """A job that changed by the way, and the attempt that it is at."""

    job_id: int
    attempt: int


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
    process of before had it."""
    lost = []
    if session != key.session:
        for job_id, attempt in await _undelivered(s, key):
            job = await jobs.get(s, job_id, lock=True)
            if job is not None and job.attempt == attempt and await renders.give_up(s, job):
                lost.append(Moved(job_id, attempt))
    own = [w.running_cap for w in await workers.every(s) if not w.lent and workers.alive(w)]
    allowed = [offer for offer in offers if offer.name in key.models]
    cap = min(own, default=2)
    name, may = worker_of(key.name), {"lent": True, "inputs": key.inputs}
    await workers.announce(s, name, allowed, state, cap, key.owner, **may)
    await lender_keys.seen(s, key.name, session=session)
    return [offer.name for offer in allowed], lost


async def may_wait(s: AsyncSession, worker: Worker) -> bool:
    """Whether there may be something in line for it; a look that is cheaper than the claim."""
    models = workers.hand(worker).models
    found = select(col(Job.id)).where(col(Job.status) == Status.QUEUED, col(Job.model).in_(models))
    return await s.scalar(found.limit(1)) is not None


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
    for job_id, attempt in await _undelivered(s, key):
        if await hold(s, key, job_id, attempt):
            return await jobs.get(s, job_id)
    if await unseen(s, key.name) >= MOST_UNSEEN:
        return None
    job = await renders.claim_next(s, worker.name, workers.hand(worker), worker.running_cap)
    if job is not None:
        s.add(LentRender(job_id=job.id, attempt=job.attempt, key=key.name))
    return job


async def in_hand(s: AsyncSession, key: LenderKey, job_id: int, attempt: int) -> InHand | None:
    """What this worker renders just now, locked; None when it isn't wanted of it any more."""
    job = await jobs.get(s, job_id, lock=True)
    render = await s.get(LentRender, (job_id, attempt), populate_existing=True)
    if job is None or render is None or render.key != key.name or render.delivered_at is not None:
        return None
    is_current = job.status is Status.RENDERING and job.attempt == attempt
    return InHand(job, render) if is_current else None


async def hold(
    s: AsyncSession, key: LenderKey, job_id: int, attempt: int, part: float = 0.0
) -> bool:
    """Renew the lease, and note which part of it is done; False when the render isn't wanted any more."""
    found = await in_hand(s, key, job_id, attempt)
    if found is None:
        return False
    job, too_long = found.job, timedelta(seconds=LONGEST_RENDER)
    if job.started_at is None or utcnow() - job.started_at > too_long:
        return False
    return await renders.hold(s, job_id, attempt, step=int(min(part, 1.0) * job.steps))


async def deliver(s: AsyncSession, found: InHand, seconds: float, energy_wh: float) -> None:
    """All of it was sent. It took no longer than since it was given, by our clock."""
    job, render, now = found.job, found.render, utcnow()
    since = (now - job.started_at).total_seconds() if job.started_at else 0.0
    render.delivered_at = now
    render.seconds = max(0.0, min(seconds, since))
    render.energy_wh = min(energy_wh, render.seconds * MOST_WATTS / 3600)
    await _rest(s, job.id, job.attempt)


async def put_back(s: AsyncSession, found: InHand) -> bool:
    return await renders.put_back(s, found.job.id, found.job.attempt, "the worker stopped")


async def gave_up(s: AsyncSession, found: InHand) -> bool:
    """It could not make it. Nobody can know why, so it costs as much as a worker that was lost."""
    return await renders.give_up(s, found.job, GAVE_UP) is not None


# ── somebody looks at it ─────────────────────────────────────────────────────────────────


async def take(s: AsyncSession, checker: str, models: Collection[str]) -> InHand | None:
    """Give one of the studio's own workers the delivery that has waited longest, with its lease.

    ``models``: what it could make again to compare. What others could is left to them while they live.
    """
    waiting = (
        select(col(LentRender.job_id), col(LentRender.attempt), col(Job.model))
        .join(Job, _is_current())
        .where(col(LentRender.delivered_at).is_not(None), col(LentRender.checker) == "")
        .order_by(col(LentRender.delivered_at))
    )
    found = (await s.execute(waiting)).all()
    others = await workers.taking(s, {checker}) if found else []
    comparable = {o["name"] for other in others if not other.lent for o in other.offers}
    for job_id, attempt, model in found:
        if model not in models and model in comparable:
            continue
        taken = await _set_checker(s, job_id, attempt, "", checker)
        if taken and await renders.hold(s, job_id, attempt):
            job = await jobs.get(s, job_id)
            render = await s.get_one(LentRender, (job_id, attempt), populate_existing=True)
            return InHand(job, render) if job is not None else None
    return None


async def let_go(s: AsyncSession, found: InHand) -> None:
    """Whoever looks at it stops; somebody else may."""
    job_id, attempt = found.render.job_id, found.render.attempt
    if await _set_checker(s, job_id, attempt, found.render.checker, ""):
        await _rest(s, job_id, attempt)


async def refuse(s: AsyncSession, found: InHand, why: str, suspend: str = "") -> list[Moved]:
    """It counts for nothing, and costs its artist nothing; what is back in line.

    ``suspend``: why the key may do nothing from now on, should it be so at once.
    """
    job_id, attempt, key = found.job.id, found.render.attempt, found.render.key
    await lender_keys.get(s, key, lock=True)  # the key first, as whoever revokes it does
    if not await renders.put_back(s, job_id, attempt, "what a lent worker sent was not accepted"):
        return []
    in_a_row = await lender_keys.refused(s, key)
    back = [Moved(job_id, attempt)]
    if not suspend and in_a_row >= lender_keys.STRIKES:
        suspend = f"{in_a_row} deliveries in a row were not accepted; the last: {why}"
    if suspend:
        back += [Moved(*one) for one in await lender_keys.suspend(s, key, suspend)]
    return back


async def unseen(s: AsyncSession, name: str | None = None) -> int:
    """How many deliveries wait for somebody to look at them; of this key, or of all."""
    found = select(func.count()).select_from(LentRender).join(Job, _is_current())
    found = found.where(col(LentRender.delivered_at).is_not(None))
    if name is not None:
        found = found.where(col(LentRender.key) == name)
    return await s.scalar(found) or 0


async def clear(db: Db, media: Media) -> None:
    """Tidy away what went on, with all that was sent for it."""
    async with db.read() as s:
        over = (await s.scalars(select(LentRender).where(~exists().where(_is_current())))).all()
    for render in over:
        async with db.begin() as s:
            row = await s.get(LentRender, (render.job_id, render.attempt))
            if row is None:
                continue
            await s.delete(row)
            await s.flush()
            await clips.discard_unused(s, media, row.files.values())


def _is_current() -> ColumnElement[bool]:
    return and_(
        col(Job.id) == col(LentRender.job_id),
        col(Job.attempt) == col(LentRender.attempt),
        col(Job.status) == Status.RENDERING,
    )


async def _undelivered(s: AsyncSession, key: LenderKey) -> list[Moved]:
    found = select(col(LentRender.job_id), col(LentRender.attempt)).join(Job, _is_current())
    own = found.where(col(LentRender.key) == key.name, col(LentRender.delivered_at).is_(None))
    return [Moved(*row) for row in (await s.execute(own)).all()]


async def _set_checker(s: AsyncSession, job_id: int, attempt: int, before: str, now: str) -> bool:
    made = await s.execute(
        update(LentRender)
        .where(
            col(LentRender.job_id) == job_id,
            col(LentRender.attempt) == attempt,
            col(LentRender.checker) == before,
        )
        .values(checker=now)
        .returning(col(LentRender.job_id))
        .execution_options(synchronize_session=False)
    )
    return made.first() is not None


async def _rest(s: AsyncSession, job_id: int, attempt: int) -> None:
    """It waits, however long: no lease runs out."""
    await s.execute(
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.status) == Status.RENDERING,
            col(Job.attempt) == attempt,
        )
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )
