"""Jobs: every change of status, the claim from the fair line, the worker's lease."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db import consents, events, in_review, parts, statements, usage
from db.line import Waiting, order
from db.models import Job, Part, Person, utcnow
from db.speed import Shape
from db.states import MOVES, Descent, Kind, Status

LARGEST_ID = 2**31 - 1
"""What an id column holds; people can type more."""
CAME_TO_NOTHING = frozenset({Status.CANCELLED, Status.FAILED, Status.WITHDRAWN})


def may_exist(job_id: int) -> bool:
    """Whether the database could have a job of this id."""
    return 0 < job_id <= LARGEST_ID


async def get(s: AsyncSession, job_id: int, *, lock: bool = False) -> Job | None:
    """The job as it is now; ``lock`` holds off everybody else's verbs on it until the commit."""
    if not may_exist(job_id):
        return None
    query = select(Job).where(col(Job.id) == job_id).execution_options(populate_existing=True)
    return await s.scalar(query.with_for_update(key_share=True) if lock else query)


async def named(s: AsyncSession, job_ids: Collection[int]) -> dict[int, Job]:
    """Those of these jobs that exist, by their numbers, as they are now."""
    query = select(Job).where(col(Job.id).in_([n for n in job_ids if may_exist(n)]))
    return {job.id: job for job in await s.scalars(query.execution_options(populate_existing=True))}


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
    job.channel = usage.channel_of(job.room, job.place)
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
            col(Job.at_once),
            col(Job.private) | consents.keeps_unseen(Job.person_id) | made_from_private(),
            made_from(),
            *(col(getattr(Job, name)) for name in Shape._fields),
        )
        .join(Person, col(Person.id) == col(Job.person_id))
        .where(col(Job.status) == Status.QUEUED, parts.are_made())
    )
    waiting = [
        Waiting(
            job_id, person_id, queued_at, served_at, model, Shape(*shape), idle, at_once, private,
            inputs,
        )
        for job_id, person_id, queued_at, served_at, model, idle, at_once, private, inputs, *shape
        in rows.all()
    ]  # fmt: skip
    return order(waiting, utcnow())


def made_from() -> ColumnElement[bool]:
    """Whether a job is made from an artist's pictures or clips."""
    pictures = (col(Job.first_key) != "") | (col(Job.last_key) != "")
    return pictures | col(Job.source_id).is_not(None)


def made_from_private() -> ColumnElement[bool]:
    """Whether a job goes on from a clip of a private job, or from what was put together from one."""
    of, part_of = aliased(Job), aliased(Job)
    whole = select(col(of.id)).where(col(of.id) == col(Job.source_id), col(of.private))
    part = select(col(part_of.id)).join(Part, col(Part.job_id) == col(part_of.id))
    part = part.where(col(Part.film_id) == col(Job.source_id), col(part_of.private))
    return whole.correlate(Job).exists() | part.correlate(Job).exists()


async def to_review(s: AsyncSession, job: Job, backlog: int | None) -> bool:
    """Send a job to review, or hold it while so many wait already; says whether it went.

    One of which a statement is missing stays with its artist.
    """
    if await statements.is_owed(s, job):
        return False
    if backlog is not None and await in_review.count(s) >= backlog:
        job.held = True
        await events.record(s, job.id, Kind.HELD, job.person_id)
        return False
    said = await statements.latest(s, job.id)
    stated: dict[str, Any] = {"depicts": said.depicts} if said and said.depicts else {}
    fresh = {"held": False}
    return await move(s, job.id, Kind.SENT_TO_REVIEW, by=job.person_id, values=fresh, **stated)
