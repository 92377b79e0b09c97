"""What was asked for lately, and what it took of a device, as limits count it.

A job counts from when it was last asked for: as what it was thought to take until it is rendered, and
from then on as what it really took. One that its artist cancels counts for the share of its steps that
was done; one that failed counts for nothing. What is put together from clips takes no device, and what
is rendered when nobody waits takes nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Job
from db.states import PUT_TOGETHER, Status

OPEN = (Status.QUEUED, Status.RENDERING)
TAKEN_BACK = (Status.CANCELLED, Status.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Use:
    """One job, as limits count it."""

    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Used:
    """Several together."""

    jobs: int
    seconds: float


def of_person(person_id: int) -> ColumnElement[bool]:
    return col(Job.person_id) == person_id


def of_channel(name: str) -> ColumnElement[bool]:
    return col(Job.channel) == name


def channel_of(room: str, place: str) -> str:
    """The channel of a ``Job.place``, whose first parts are its server and it; of a room without channels
    the room."""
    server, *others = place.split("/")
    return f"{room}/{server}/{others[0]}" if len(others) > 1 else room


def spent(job: Job) -> float:
    """What counts of a job for good, should it be asked for again."""
    partly = job.status is Status.CANCELLED
    return job.spent_seconds + (job.reserved_seconds * _share(job) if partly else 0.0)


def _share(job: Job) -> float:
    return job.step / max(job.steps, 1)


async def since(
    s: AsyncSession, whose: ColumnElement[bool], moments: Sequence[datetime]
) -> list[Used]:
    """What was asked for since each of these moments, the first of which is the longest ago."""
    figures: list[ColumnElement[Any]] = []
    for moment in moments:
        later = col(Job.queued_at) > moment
        figures += [func.count().filter(later), func.sum(_seconds()).filter(later)]
    row = (await s.execute(select(*figures).where(*_counted(whose, moments[0])))).one()
    return [Used(row[at], float(row[at + 1] or 0)) for at in range(0, len(row), 2)]


async def oldest(
    s: AsyncSession, whose: ColumnElement[bool], since: datetime, limit: int
) -> list[Use]:
    """What was asked for since then, oldest first."""
    query = select(col(Job.queued_at), _seconds()).where(*_counted(whose, since))
    rows = await s.execute(query.order_by(col(Job.queued_at), col(Job.id)).limit(limit))
    return [Use(at, seconds) for at, seconds in rows.all()]


async def in_line(s: AsyncSession, whose: ColumnElement[bool]) -> int:
    waits = col(Job.status) == Status.QUEUED
    return await s.scalar(select(func.count()).select_from(Job).where(waits, whose)) or 0


def _counted(whose: ColumnElement[bool], since: datetime) -> tuple[ColumnElement[bool], ...]:
    nothing_done = col(Job.compute_seconds).is_(None) & (col(Job.step) == 0)
    gave_back = (col(Job.status) == Status.FAILED) | (
        col(Job.status).in_(TAKEN_BACK) & nothing_done
    )
    return (
        whose,
        col(Job.queued_at) > since,
        ~col(Job.idle),
        col(Job.task).not_in(PUT_TOGETHER),
        ~gave_back | (col(Job.spent_seconds) > 0),
    )


def _seconds() -> ColumnElement[float]:
    share = cast(col(Job.step), Float) / func.nullif(col(Job.steps), 0)
    return col(Job.spent_seconds) + case(
        (col(Job.status).in_(OPEN), col(Job.reserved_seconds)),
        (col(Job.compute_seconds).is_not(None), col(Job.compute_seconds)),
        (col(Job.status).in_(TAKEN_BACK), col(Job.reserved_seconds) * share),
        else_=0.0,
    )
