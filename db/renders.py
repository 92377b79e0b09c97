"""The worker's half of a job's life: the claim from the fair line, the lease, how a render ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import consents, jobs, parts, people, workers
from db.line import Hand, Waiting, claimable, counted, wanted
from db.models import Clip, Job, utcnow
from db.session import one_at_a_time
from db.states import Kind, Status

LEASE = timedelta(seconds=30)
MAX_LOSSES = 3
"""After so many workers vanished over it, a job is failed instead of rendered again."""


async def claim_next(s: AsyncSession, worker: str, hand: Hand, running_cap: int) -> Job | None:
    """Give the worker the next job in line that it can render, or None."""
    await one_at_a_time(s, "claim")
    now = utcnow()
    for waiting in await within_reach(s, worker, hand, running_cap, now):
        claimed = await jobs.move(
            s,
            waiting.job_id,
            Kind.CLAIMED,
            values={
                "attempt": Job.attempt + 1,
                "worker": worker,
                "lease_until": now + LEASE,
                "started_at": now,
                "load_seconds": 0.0,
                "step": 0,
                "notes": [],
            },
            worker=worker,
        )
        if claimed:
            if not waiting.idle:
                await people.note_served(s, waiting.person_id, now)
            return await jobs.get(s, waiting.job_id)
    return None


async def within_reach(
    s: AsyncSession, worker: str, hand: Hand, running_cap: int, now: datetime
) -> Iterator[Waiting]:
    """What the worker would be given now, next first.

    People who have as many jobs rendering as the job says (``Job.at_once``), or else ``running_cap``, are
    passed over for now.
    """
    line = await jobs.line(s)
    rendering = await jobs.with_status(s, Status.RENDERING)
    running = Counter(name for job in rendering for name in counted(job.person_id, job.at_once))
    others = await workers.taking(s, {worker, *(job.worker for job in rendering)}) if line else ()
    idle = [workers.hand(other) for other in others if other.state == workers.READY]
    return claimable(line, running, running_cap, hand, idle, now)


async def most_wanted(s: AsyncSession, worker: str, hand: Hand) -> str:
    """Which model this worker, which found nothing to render, had best load meanwhile; empty for none."""
    others = [workers.hand(other) for other in await workers.taking(s, {worker})]
    return wanted(await jobs.line(s), hand, others)


async def hold(s: AsyncSession, job_id: int, attempt: int, **values: Any) -> bool:
    """Renew the lease and note progress; False when the render is no longer wanted."""
    held = await s.execute(
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.status) == Status.RENDERING,
            col(Job.attempt) == attempt,
        )
        .values(lease_until=utcnow() + LEASE, **values)
        .returning(col(Job.id))
        .execution_options(synchronize_session=False)
    )
    return held.first() is not None


async def finish(
    s: AsyncSession,
    job_id: int,
    attempt: int,
    clips: Sequence[Clip],
    notes: Sequence[str],
    *,
    backlog: int | None = None,
    **used: Any,
) -> bool:
    """Store the clips with what their artist allows, make the job ready, and send it on to review
    unless it is private or none of them may be shown.

    ``backlog`` as in ``to_review``; ``used``: columns that say what the render took.
    False, and nothing stored, when this attempt is no longer the one that counts.
    """
    values = {"finished_at": utcnow(), "lease_until": None, "notes": list(notes), "reason": ""}
    values |= used
    took: dict[str, Any] = {"seconds": used.get("compute_seconds")}
    took["owner"] = await workers.owner(s, job_id)
    if not await jobs.move(s, job_id, Kind.FINISHED, attempt=attempt, values=values, **took):
        return False
    job = await s.get_one(Job, job_id, populate_existing=True)
    shared = await parts.is_shared(s, job)
    await consents.begin(s, job.person_id, clips, shared=shared)
    if not job.private and any(clip.showcase for clip in clips):
        await jobs.to_review(s, job, backlog)
    return True


async def put_back(s: AsyncSession, job_id: int, attempt: int, why: str) -> bool:
    """Return a render to the line; its artist counts as not served, so it is soon next."""
    values = {"lease_until": None, "step": 0}
    if not await jobs.move(s, job_id, Kind.REQUEUED, attempt=attempt, values=values, why=why):
        return False
    job = await s.get_one(Job, job_id)
    await people.note_served(s, job.person_id, None)
    return True


async def fail(s: AsyncSession, job_id: int, attempt: int, sentence: str) -> bool:
    values = {"lease_until": None, "reason": sentence}
    return await jobs.move(s, job_id, Kind.FAILED, attempt=attempt, values=values, why=sentence)


async def lost(s: AsyncSession) -> Sequence[int]:
    """Renders whose worker has let the lease run out."""
    found = await s.scalars(
        select(col(Job.id)).where(
            col(Job.status) == Status.RENDERING, col(Job.lease_until) < utcnow()
        )
    )
    return found.all()


async def give_up_lost(s: AsyncSession, job_id: int) -> Kind | None:
    """Put a lost render back in line, or fail it when it was lost too often; None if it wasn't lost."""
    job = await jobs.get(s, job_id, lock=True)
    if job is None or job.lease_until is None or job.lease_until >= utcnow():
        return None
    job.losses += 1
    if job.losses >= MAX_LOSSES:
        sentence = (
            f"The worker was lost {job.losses} times while rendering this. Retry, perhaps with a "
            "smaller clip; a host finds the cause in the worker's log."
        )
        return Kind.FAILED if await fail(s, job.id, job.attempt, sentence) else None
    put_back_now = await put_back(s, job.id, job.attempt, "the worker was lost")
    return Kind.REQUEUED if put_back_now else None
