"""How the studio stands now, in figures: for what watches it. Only what an index finds is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import events, parts
from db.models import Event, Job, Telling
from db.states import WAITING_FOR_REVIEW, Status

UNDER_WAY = (Status.QUEUED, Status.RENDERING)


class Standing(NamedTuple):
    """Jobs of one model that stand alike, and since when the first of them that need not wait for idle
    workers is in line."""

    model: str
    status: Status
    jobs: int
    since: datetime | None


class InReview(NamedTuple):
    """Jobs that wait for moderators, and since when the first of them does."""

    status: Status
    jobs: int
    since: datetime


class Outbox(NamedTuple):
    """What a room has still to be told, since when the first of it waits, and what was set aside."""

    room: str
    untold: int
    since: datetime | None
    set_aside: int


async def line(s: AsyncSession) -> list[Standing]:
    """What waits to be rendered and what is rendered now, by model; not the films that wait for shots."""
    since = func.min(col(Job.queued_at)).filter(~col(Job.idle))
    rows = await s.execute(
        select(col(Job.model), col(Job.status), func.count(), since)
        .where(col(Job.status).in_(UNDER_WAY), parts.are_made())
        .group_by(col(Job.model), col(Job.status))
        .order_by(col(Job.model), col(Job.status))
    )
    return [Standing(*row) for row in rows.all()]


async def in_review(s: AsyncSession) -> list[InReview]:
    """What waits for moderators: published for the first time, or appealed."""
    rows = await s.execute(
        select(col(Job.status), func.count(), func.min(col(Job.status_since)))
        .where(col(Job.status).in_(WAITING_FOR_REVIEW))
        .group_by(col(Job.status))
        .order_by(col(Job.status))
    )
    return [InReview(*row) for row in rows.all()]


async def rendering(s: AsyncSession) -> Sequence[Job]:
    """The jobs that are rendered now, the first begun first."""
    found = await s.scalars(
        select(Job).where(col(Job.status) == Status.RENDERING).order_by(col(Job.started_at))
    )
    return found.all()


async def outbox(s: AsyncSession) -> list[Outbox]:
    """What is still to be told, of every room that is told of anything."""
    untold = await _tellings(s, col(Telling.set_aside_at).is_(None))
    aside = await _tellings(s, col(Telling.set_aside_at).is_not(None))
    first = [event_id for _, event_id in untold.values()]
    rows = await s.execute(select(col(Event.id), col(Event.at)).where(col(Event.id).in_(first)))
    at = dict(rows.all())
    found = []
    for room in await events.rooms(s):
        count, event_id = untold.get(room, (0, 0))
        found.append(Outbox(room, count, at.get(event_id), aside.get(room, (0, 0))[0]))
    return found


async def _tellings(s: AsyncSession, which: ColumnElement[bool]) -> dict[str, tuple[int, int]]:
    """Room -> how many of these it wasn't told, and the first event of them."""
    rows = await s.execute(
        select(col(Telling.room), func.count(), func.min(col(Telling.event_id)))
        .where(col(Telling.told_at).is_(None), which)
        .group_by(col(Telling.room))
    )
    return {room: (count, first) for room, count, first in rows.all()}
