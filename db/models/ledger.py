"""The ledger of credit: accounts, what was booked, and its postings.

What is booked is hashed over what its rows say, each with the hash before it; the database refuses to
change or delete them (see the migration). An account's name says nothing about its person, so that
whoever leaves can be forgotten and the books still add up.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Account(SQLModel, table=True):
    """What a person has of one unit, or where the studio gives from and takes to."""

    __table_args__ = (
        UniqueConstraint("name", "unit"),
        UniqueConstraint("person_id", "unit"),
        # A person never owes anything; only the studio's own accounts go below zero.
        CheckConstraint("balance >= 0 OR own", name="no_debts"),
    )

    id: int = Field(default=None, primary_key=True)
    name: str
    unit: str
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Empty for the studio's own accounts, and for those of people who were forgotten."""
    own: bool = False
    """Whether it is the studio's."""
    balance: int = Field(default=0, sa_type=BigInteger)
    """The sum of its postings, kept so that nobody has to add them up; the audit does."""


class Transaction(SQLModel, table=True):
    """One thing that was booked. Its postings sum to zero."""

    __tablename__ = "ledger"

    id: int = Field(primary_key=True)
    """Counts from 1 without a gap."""
    key: str = Field(unique=True)
    """What it is for; the same key is booked once."""
    kind: str = Field(index=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    reference: str = ""
    """What it refers to beside the job, e.g. the number of the transaction that it reverses."""
    table_version: int = 0
    """The version of the earning table that it goes by; 0 where none does."""
    at: datetime = Field(default_factory=utcnow, index=True)
    previous: str
    hash: str


class Posting(SQLModel, table=True):
    """What one account gains (or loses, below zero) by a transaction."""

    __table_args__ = (
        CheckConstraint("amount <> 0", name="not_nothing"),
        Index("ix_posting_account_id_transaction_id", "account_id", "transaction_id"),
    )

    transaction_id: int = Field(foreign_key="ledger.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True)
    amount: int = Field(sa_type=BigInteger)


class DayEarned(SQLModel, table=True):
    """What somebody has earned on one day by what is booked once a day, until it is booked.

    The ledger is public; booked one by one, reviews would tell who decided on which job.
    """

    __tablename__ = "day_earned"
    __table_args__ = (UniqueConstraint("day", "person_id", "kind", "table_version"),)

    key: str = Field(primary_key=True)
    """Under which it will be booked; drawn at random, so that nothing follows from its order."""
    day: date
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: str
    table_version: int
    amount: int = Field(sa_type=BigInteger)


class MonthBooked(SQLModel, table=True):
    """What people's credit grew by in one month through one kind of transaction (or shrank, below
    zero), kept so that the public report needn't add it up; the audit does."""

    __tablename__ = "month_booked"

    month: str = Field(primary_key=True)
    """Such as 2026-11, in UTC."""
    kind: str = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)
