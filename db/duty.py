"""Duty: what moderators take on, and how much they did of late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Duty, Review
from db.states import Reason
from db.upsert import upsert


async def of(s: AsyncSession, person_id: int) -> Duty:
    """What they have said of it; all that there is where they said nothing."""
    return await s.get(Duty, person_id) or Duty(person_id=person_id, spared=[])


async def change(
    s: AsyncSession, person_id: int, per_hour: int | None, spared: Collection[Reason]
) -> None:
    row = {"per_hour": per_hour, "spared": sorted(spared)}
    await s.execute(
        upsert(s, Duty)
        .values(person_id=person_id, **row)
        .on_conflict_do_update(index_elements=["person_id"], set_=row)
    )


async def bring(s: AsyncSession, first: int, second: int) -> None:
    """Two people turned out to be one, who is asked for no more than either wants. What the second has
    said stays theirs, for when they are two again."""
    ours, theirs = await of(s, first), await of(s, second)
    limits = [own.per_hour for own in (ours, theirs) if own.per_hour is not None]
    spared = {Reason(reason) for reason in [*ours.spared, *theirs.spared]}
    if limits or spared:
        await change(s, first, min(limits, default=None), spared)


async def decided_since(
    s: AsyncSession, person_id: int, since: datetime, besides: int
) -> list[datetime]:
    """When they last reviewed each job since then, the oldest first; ``besides``: a job that doesn't
    count."""
    found = await s.scalars(
        select(func.max(col(Review.at)).label("last"))
        .where(
            col(Review.person_id) == person_id,
            col(Review.at) > since,
            col(Review.job_id) != besides,
        )
        .group_by(col(Review.job_id))
        .order_by("last")
    )
    return list(found.all())
