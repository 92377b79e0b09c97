"""Pools: an amount of a real unit that is split by the credit that people earned in some days."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Pool(SQLModel, table=True):
    """One pool: proposed, and split when everybody could look at it for some days, or withdrawn."""

    id: int = Field(default=None, primary_key=True)
    unit: str
    """The smallest, such as EUR cent."""
    amount: int = Field(sa_type=BigInteger)
    since: date
    until: date
    """The credit of these days in UTC counts, the last one excluded."""
    opened_at: datetime = Field(default_factory=utcnow)
    ends_at: datetime
    """Until then it is a proposal."""
    closed_at: datetime | None = Field(default=None, index=True)
    withdrawn: bool = False


class PoolShare(SQLModel, table=True):
    """What somebody gets of a pool that was split."""

    __tablename__ = "pool_share"

    pool_id: int = Field(foreign_key="pool.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    """Where it was booked: it stays there, whoever turns out to be one person with whom."""
    person_id: int = Field(foreign_key="person.id", index=True)
    points: int = Field(sa_type=BigInteger)
    """The credit that it goes by."""
    amount: int = Field(sa_type=BigInteger)
    claimed_at: datetime | None = None
    paid_at: datetime | None = None
    returned_at: datetime | None = None


class PoolConsent(SQLModel, table=True):
    """That somebody wants to take part in pools, or doesn't any more; their newest one counts."""

    __tablename__ = "pool_consent"

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    given: bool
    at: datetime = Field(default_factory=utcnow)
