"""What is earned by the day: counted while it goes on, booked when it is over."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import DayEarned
from db.upsert import upsert


async def count(
    s: AsyncSession, day: date, person_id: int, kind: str, amount: int, table_version: int
) -> None:
    """Add to what somebody has earned on this day."""
    new = upsert(s, DayEarned).values(
        key=f"{kind}:{secrets.token_hex(8)}",
        day=day,
        person_id=person_id,
        kind=kind,
        table_version=table_version,
        amount=amount,
    )
    await s.execute(
        new.on_conflict_do_update(
            index_elements=["day", "person_id", "kind", "table_version"],
            set_={"amount": col(DayEarned.amount) + new.excluded.amount},
        )
    )


async def earned(s: AsyncSession, person_id: int, day: date, kind: str = "") -> int:
    """What somebody has earned on this day so far, by one kind of thing or by all."""
    found = select(func.coalesce(func.sum(DayEarned.amount), 0)).where(
        col(DayEarned.person_id) == person_id, col(DayEarned.day) == day
    )
    return int(await s.scalar(found.where(col(DayEarned.kind) == kind) if kind else found) or 0)


async def before(s: AsyncSession, day: date, limit: int) -> Sequence[DayEarned]:
    """What was earned on the days before this one and isn't booked, in an order that tells nothing."""
    found = select(DayEarned).where(col(DayEarned.day) < day)
    found = found.order_by(col(DayEarned.day), col(DayEarned.key)).limit(limit)
    return (await s.scalars(found.execution_options(populate_existing=True))).all()


async def done(s: AsyncSession, key: str) -> None:
    """It is booked."""
    await s.execute(delete(DayEarned).where(col(DayEarned.key) == key))
