"""The clips that may be shown outside of the community's own rooms, as in its feed.

Whoever shows one asks here, each time: what is withdrawn, taken down or not allowed any more isn't found.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.consents import are_shown
from db.models import Clip, Job, Part, Person
from db.states import Flag

Which = tuple[int, int]
"""A clip, as (job, number)."""
Place = tuple[datetime, int, int]
"""Where a clip stands in the order of all: since when it is shown, and which it is."""


class Shown(NamedTuple):
    clip: Clip
    job: Job
    artist: str
    since: datetime


async def newest(s: AsyncSession, limit: int, before: Place | None = None) -> list[Shown]:
    """Those that were put into the showcase last, the last first; ``before``: where to go on."""
    place = tuple_(col(Clip.shown_since), col(Clip.job_id), col(Clip.number))
    query = (
        select(Clip, Job, col(Person.name), col(Clip.shown_since))
        .join(Job, col(Job.id) == col(Clip.job_id))
        .join(Person, col(Person.id) == col(Job.person_id))
        .where(_may_be_shown())
        .order_by(*(part.desc() for part in place))
        .limit(limit)
    )
    if before is not None:
        query = query.where(place < before)
    rows = (await s.execute(query)).all()
    return [Shown(clip, job, artist, since) for clip, job, artist, since in rows if since]


async def get(s: AsyncSession, job_id: int, number: int) -> Clip | None:
    """One clip, if it may be shown."""
    which = (col(Clip.job_id) == job_id) & (col(Clip.number) == number)
    query = select(Clip).join(Job, col(Job.id) == col(Clip.job_id))
    return await s.scalar(query.where(which, _may_be_shown()))


async def among(s: AsyncSession, clips: Collection[Which]) -> set[Which]:
    """Those of these clips that may be shown."""
    if not clips:
        return set()
    rows = await s.execute(
        select(col(Clip.job_id), col(Clip.number))
        .join(Job, col(Job.id) == col(Clip.job_id))
        .where(col(Clip.job_id).in_({job_id for job_id, _ in clips}), _may_be_shown())
    )
    return {(job_id, number) for job_id, number in rows.all()} & set(clips)


def _may_be_shown() -> ColumnElement[bool]:
    """Of a clip and its job in a query.

    Its file goes out with it, so it waits until that says what its artist allows by now.
    """
    return and_(are_shown({Flag.ELSEWHERE}), col(Clip.signed), ~_has_part_without_leave())


def _has_part_without_leave() -> ColumnElement[bool]:
    """Of a film: whether an artist doesn't allow that with their clip in it, or doesn't want to be named
    where its credits do. Shots that were made for it alone go by what is allowed with the film."""
    shown = aliased(Clip)
    of_part = (col(shown.job_id) == col(Part.job_id)) & (col(shown.number) == col(Part.clip))
    left = col(shown.elsewhere) & (~col(Part.named) | col(shown.named))
    return (
        select(col(Part.film_id))
        .outerjoin(shown, of_part)
        .where(
            col(Part.film_id) == col(Job.id),
            ~col(Part.is_shot),
            col(shown.number).is_(None) | ~left,
        )
        .correlate(Job)
        .exists()
    )
