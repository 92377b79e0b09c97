"""Pools, who takes part in them, and what each person got."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.jobs import LARGEST_ID
from db.models import Account, Identity, Link, Person, Pool, PoolConsent, PoolShare, utcnow


async def get(s: AsyncSession, pool_id: int) -> Pool | None:
    if not 0 < pool_id <= LARGEST_ID:
        return None
    found = select(Pool).where(col(Pool.id) == pool_id)
    return await s.scalar(found.execution_options(populate_existing=True))


async def add(s: AsyncSession, pool: Pool) -> None:
    s.add(pool)
    await s.flush()


async def newest(s: AsyncSession, limit: int = 20) -> Sequence[Pool]:
    return (await s.scalars(select(Pool).order_by(col(Pool.id).desc()).limit(limit))).all()


async def due(s: AsyncSession) -> Sequence[int]:
    """The ids of the proposals whose time is over."""
    over = select(col(Pool.id)).where(col(Pool.closed_at).is_(None), col(Pool.ends_at) <= utcnow())
    return (await s.scalars(over.order_by(col(Pool.id)))).all()


async def units(s: AsyncSession) -> Sequence[str]:
    """In which there was a pool before."""
    return (await s.scalars(select(col(Pool.unit)).distinct())).all()


async def overlapping(s: AsyncSession, unit: str, since: date, until: date) -> Pool | None:
    """A pool of this unit for some of these days that wasn't withdrawn."""
    found = select(Pool).where(
        col(Pool.unit) == unit,
        ~col(Pool.withdrawn),
        col(Pool.since) < until,
        col(Pool.until) > since,
    )
    return await s.scalar(found.limit(1))


# ── who takes part ───────────────────────────────────────────────────────────────────────


async def takes_part(s: AsyncSession, person_id: int) -> bool:
    """Whether that is what somebody has said last."""
    said = select(col(PoolConsent.given)).where(col(PoolConsent.person_id) == person_id)
    return bool(await s.scalar(said.order_by(col(PoolConsent.id).desc()).limit(1)))


async def taking_part(s: AsyncSession) -> set[int]:
    """All who have said so last."""
    last = select(func.max(PoolConsent.id)).group_by(col(PoolConsent.person_id))
    found = select(col(PoolConsent.person_id)).where(col(PoolConsent.id).in_(last))
    return set((await s.scalars(found.where(col(PoolConsent.given)))).all())


async def say(s: AsyncSession, person_id: int, given: bool) -> None:
    """Whether somebody takes part from now on."""
    s.add(PoolConsent(person_id=person_id, given=given))
    await s.flush()


# ── shares ───────────────────────────────────────────────────────────────────────────────


async def shares(s: AsyncSession, pool_id: int) -> list[tuple[PoolShare, str]]:
    """What each got of a pool that was split, with the name of their account; the largest first."""
    found = await s.execute(
        select(PoolShare, col(Account.name))
        .join(Account, col(Account.id) == col(PoolShare.account_id))
        .where(col(PoolShare.pool_id) == pool_id)
        .order_by(col(PoolShare.amount).desc(), col(Account.name))
        .execution_options(populate_existing=True)
    )
    return [(share, name) for share, name in found.all()]


async def waiting(s: AsyncSession, person_id: int) -> list[tuple[PoolShare, str]]:
    """The shares of somebody that weren't claimed, with their units; of whoever they are one with, too."""
    theirs = select(col(Link.second_id)).where(col(Link.person_id) == person_id)
    found = await s.execute(
        select(PoolShare, col(Pool.unit))
        .join(Pool, col(Pool.id) == col(PoolShare.pool_id))
        .where(
            (col(PoolShare.person_id) == person_id) | col(PoolShare.person_id).in_(theirs),
            col(PoolShare.claimed_at).is_(None),
            col(PoolShare.returned_at).is_(None),
        )
        .order_by(col(PoolShare.pool_id), col(PoolShare.account_id))
        .execution_options(populate_existing=True)
    )
    return [(share, unit) for share, unit in found.all()]


async def unclaimed(s: AsyncSession, closed_before: datetime) -> list[tuple[PoolShare, str]]:
    """The shares that nobody asked for of pools that were split before then, and at once those of
    whoever left; with their units."""
    gone = select(col(Person.id)).where(col(Person.leaving_at).is_not(None))
    found = await s.execute(
        select(PoolShare, col(Pool.unit))
        .join(Pool, col(Pool.id) == col(PoolShare.pool_id))
        .where(
            (col(Pool.closed_at) <= closed_before) | col(PoolShare.person_id).in_(gone),
            col(PoolShare.claimed_at).is_(None),
            col(PoolShare.returned_at).is_(None),
        )
        .order_by(col(PoolShare.pool_id), col(PoolShare.account_id))
        .execution_options(populate_existing=True)
    )
    return [(share, unit) for share, unit in found.all()]


async def owed(s: AsyncSession, persons: Collection[int]) -> Mapping[str, int]:
    """Unit -> how much of it these are still to get."""
    found = await s.execute(
        select(col(Pool.unit), func.sum(PoolShare.amount))
        .join(Pool, col(Pool.id) == col(PoolShare.pool_id))
        .where(*_open(persons))
        .group_by(col(Pool.unit))
        .order_by(col(Pool.unit))
    )
    return {unit: int(amount) for unit, amount in found.all()}


async def unclaim(s: AsyncSession, persons: Collection[int]) -> None:
    """These ask for their shares no more."""
    await s.execute(update(PoolShare).where(*_open(persons)).values(claimed_at=None))


def _open(persons: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        col(PoolShare.person_id).in_(persons),
        col(PoolShare.paid_at).is_(None),
        col(PoolShare.returned_at).is_(None),
    )


async def identities(s: AsyncSession, person_id: int) -> list[str]:
    """Under which names the platforms know somebody, and whoever they are one with."""
    found = select(Identity).where(
        (col(Identity.person_id) == person_id) | (col(Identity.own_id) == person_id)
    )
    ordered = found.order_by(col(Identity.platform), col(Identity.workspace), col(Identity.user_id))
    rows = (await s.scalars(ordered)).all()
    return [f"{one.platform}:{one.workspace}:{one.user_id}" for one in rows]
