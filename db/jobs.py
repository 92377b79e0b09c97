"""Jobs: every change of status, the claim from the fair line, the worker's lease."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import String, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import consents, events, in_review, parts, people, workers
from db.line import Waiting, claimable, order
from db.models import Clip, Job, Person, utcnow
from db.session import one_at_a_time
from db.speed import Shape
from db.states import MOVES, Descent, Kind, Status

LEASE = timedelta(seconds=30)
LARGEST_ID = 2**31 - 1
"""What an id column holds; people can type more."""
CAME_TO_NOTHING = frozenset({Status.CANCELLED, Status.FAILED, Status.WITHDRAWN})
MAX_LOSSES = 3
"""After so many workers vanished over it, a job is failed instead of rendered again."""


async def get(s: AsyncSession, job_id: int, *, lock: bool = False) -> Job | None:
    """The job as it is now; ``lock`` holds off everybody else's verbs on it until the commit."""
    if not 0 < job_id <= LARGEST_ID:
        return None
    query = select(Job).where(col(Job.id) == job_id).execution_options(populate_existing=True)
    return await s.scalar(query.with_for_update(key_share=True) if lock else query)


async def by_request(s: AsyncSession, request_key: str) -> Job | None:
    return await s.scalar(select(Job).where(col(Job.request_key) == request_key))


async def final_of(s: AsyncSession, job_id: int, clip: int) -> Job | None:
    """The full render of a draft's clip; one that came to nothing doesn't count."""
    query = select(Job).where(
        col(Job.parent_id) == job_id,
        col(Job.parent_clip) == clip,
        col(Job.descent) == Descent.FINAL,
        col(Job.status).not_in(CAME_TO_NOTHING),
    )
    return await s.scalar(query.order_by(col(Job.id)).limit(1))


async def add(s: AsyncSession, job: Job) -> int:
    """Put a new job into the line; returns its id."""
    s.add(job)
    await s.flush()
    await events.record(s, job.id, Kind.SUBMITTED, job.person_id)
    return job.id


async def move(
    s: AsyncSession,
    job_id: int,
    kind: Kind,
    *,
    by: int | None = None,
    attempt: int | None = None,
    values: dict[str, Any] | None = None,
    **detail: Any,
) -> bool:
    """Make a transition and write its event; says whether *you* made it.

    Of any number of callers exactly one is told True: the UPDATE is guarded by the origins of
    ``MOVES[kind]`` and, for a worker, by the attempt that it was given at the claim.
    """
    step = MOVES[kind]
    guarded = update(Job).where(col(Job.id) == job_id, col(Job.status).in_(step.origins))
    if attempt is not None:
        guarded = guarded.where(col(Job.attempt) == attempt)
    made = await s.execute(
        guarded.values(status=step.to, status_since=utcnow(), **(values or {}))
        .returning(col(Job.id))
        .execution_options(synchronize_session=False)
    )
    if made.first() is None:
        return False
    await events.record(s, job_id, kind, by, **detail)
    for film_id in await parts.waiting_for(s, job_id):
        await events.record(s, film_id, Kind.PART_MOVED)
    return True


async def count(s: AsyncSession, person_id: int, *statuses: Status) -> int:
    query = select(func.count()).select_from(Job)
    own = query.where(col(Job.person_id) == person_id, col(Job.status).in_(statuses))
    return await s.scalar(own) or 0


async def count_listed(s: AsyncSession, person_id: int) -> int:
    """How many ``of_person`` lists in all."""
    own = select(func.count()).select_from(Job).where(col(Job.person_id) == person_id)
    return await s.scalar(own.where(~parts.is_shot())) or 0


async def with_status(s: AsyncSession, *statuses: Status) -> Sequence[Job]:
    found = await s.scalars(select(Job).where(col(Job.status).in_(statuses)).order_by(col(Job.id)))
    return found.all()


async def of_person(
    s: AsyncSession, person_id: int, *, before: int | None = None, limit: int = 20
) -> Sequence[Job]:
    """A person's jobs, newest first, with a film in place of its shots; ``before``: where to go on."""
    query = select(Job).where(col(Job.person_id) == person_id, ~parts.is_shot())
    if before is not None:
        query = query.where(col(Job.id) < before)
    return (await s.scalars(query.order_by(col(Job.id).desc()).limit(limit))).all()


async def matching(
    s: AsyncSession,
    typed: str,
    limit: int,
    *,
    person_id: int,
    mine: Collection[Status],
    others: Collection[Status],
    shared: bool,
) -> list[tuple[int, str]]:
    """(id, prompt), newest first, of a person's jobs and of those of others that stand like this.

    ``typed``: how the number begins, or a part of the prompt. ``shared``: of others only those that
    may be remixed.
    """
    owned = col(Job.person_id) == person_id
    theirs = ~owned & col(Job.status).in_(others)
    query = select(col(Job.id), col(Job.prompt)).where(
        owned & col(Job.status).in_(mine) | (theirs & consents.remixable() if shared else theirs),
        cast(col(Job.id), String).startswith(typed, autoescape=True)
        | col(Job.prompt).icontains(typed, autoescape=True),
    )
    rows = await s.execute(query.order_by(col(Job.id).desc()).limit(limit))
    return [(job_id, prompt) for job_id, prompt in rows.all()]


async def note_promise(s: AsyncSession, job_id: int, seconds: float) -> None:
    """Keep the first ETA an artist was told, so that its error can be known."""
    await s.execute(
        update(Job)
        .where(col(Job.id) == job_id, col(Job.promised_seconds).is_(None))
        .values(promised_seconds=seconds)
    )


async def line(s: AsyncSession) -> list[Waiting]:
    """Everybody who waits, next first; not the films that wait for their own shots."""
    rows = await s.execute(
        select(
            col(Job.id),
            col(Job.person_id),
            col(Job.queued_at),
            col(Person.served_at),
            col(Job.model),
            col(Job.idle),
            *(col(getattr(Job, name)) for name in Shape._fields),
        )
        .join(Person, col(Person.id) == col(Job.person_id))
        .where(col(Job.status) == Status.QUEUED, parts.are_made())
    )
    waiting = [
        Waiting(job_id, person_id, queued_at, served_at, model, Shape(*shape), idle)
        for job_id, person_id, queued_at, served_at, model, idle, *shape in rows.all()
    ]
    return order(waiting, utcnow())


async def running(s: AsyncSession) -> Counter[int]:
    """Person -> how many of their jobs are being rendered."""
    rows = await s.execute(
        select(col(Job.person_id), func.count())
        .where(col(Job.status) == Status.RENDERING)
        .group_by(col(Job.person_id))
    )
    return Counter(dict(rows.all()))


async def claim_next(
    s: AsyncSession, worker: str, models: Collection[str], running_cap: int
) -> Job | None:
    """Give the worker the next job in line that it can render, or None.

    People who already have ``running_cap`` jobs rendering are passed over for now.
    """
    await one_at_a_time(s, "claim")
    for waiting in claimable(await line(s), await running(s), running_cap, models):
        now = utcnow()
        claimed = await move(
            s,
            waiting.job_id,
            Kind.CLAIMED,
            values={
                "attempt": Job.attempt + 1,
                "worker": worker,
                "lease_until": now + LEASE,
                "started_at": now,
                "step": 0,
                "notes": [],
            },
            worker=worker,
        )
        if claimed:
            if not waiting.idle:
                await people.note_served(s, waiting.person_id, now)
            return await get(s, waiting.job_id)
    return None


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
    if not await move(s, job_id, Kind.FINISHED, attempt=attempt, values=values, **took):
        return False
    job = await s.get_one(Job, job_id, populate_existing=True)
    shared = await parts.is_shared(s, job)
    await consents.begin(s, job.person_id, clips, shared=shared)
    if not job.private and any(clip.showcase for clip in clips):
        await to_review(s, job, backlog)
    return True


async def to_review(s: AsyncSession, job: Job, backlog: int | None) -> bool:
    """Send a job to review, or hold it while so many wait already; says whether it went."""
    if backlog is not None and await in_review.count(s) >= backlog:
        job.held = True
        await events.record(s, job.id, Kind.HELD, job.person_id)
        return False
    return await move(s, job.id, Kind.SENT_TO_REVIEW, by=job.person_id, values={"held": False})


async def put_back(s: AsyncSession, job_id: int, attempt: int, why: str) -> bool:
    """Return a render to the line; its artist counts as not served, so it is soon next."""
    values = {"lease_until": None, "step": 0}
    if not await move(s, job_id, Kind.REQUEUED, attempt=attempt, values=values, why=why):
        return False
    job = await s.get_one(Job, job_id)
    await people.note_served(s, job.person_id, None)
    return True


async def fail(s: AsyncSession, job_id: int, attempt: int, sentence: str) -> bool:
    values = {"lease_until": None, "reason": sentence}
    return await move(s, job_id, Kind.FAILED, attempt=attempt, values=values, why=sentence)


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
    job = await get(s, job_id, lock=True)
    if job is None or job.lease_until is None or job.lease_until >= utcnow():
        return None
    job.losses += 1
    if job.losses >= MAX_LOSSES:
        sentence = (
            f"The worker was lost {job.losses} times while rendering this. Retry, perhaps with a "
            "smaller clip; a host finds the cause in the worker's log."
        )
        return Kind.FAILED if await fail(s, job_id, job.attempt, sentence) else None
    put_back_now = await put_back(s, job_id, job.attempt, "the worker was lost")
    return Kind.REQUEUED if put_back_now else None
