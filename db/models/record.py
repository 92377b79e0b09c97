"""The public record, who acted in it under which name, and what is counted from it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel


class Actor(SQLModel, table=True):
    """What somebody is called in the record: a name drawn at random, which says nothing of them."""

    name: str = Field(primary_key=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", unique=True)
    """Emptied when they are forgotten; their entries stay as they are, and are nobody's."""


class Entry(SQLModel, table=True):
    """One entry of the record. The database itself refuses to change or delete it.

    ``kind`` and ``job_id`` repeat what the body says, to be searched by.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_kind_seq", "kind", "seq"),
        Index("ix_record_job_id_seq", "job_id", "seq"),
    )

    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    """1, 2, 3 and so on without a gap."""
    kind: str
    job_id: int | None = None
    """No foreign key: the record outlives what it is about."""
    body: str
    """All that the entry says, as canonical JSON."""
    previous: str
    """The hash of the entry before."""
    hash: str
    """SHA-256 over the previous hash, a line break and the body, in hexadecimal."""


class Statistic(SQLModel, table=True):
    """How often the record says something of a month, or the sum of what it says."""

    month: str = Field(primary_key=True)
    """Such as 2026-11, in UTC."""
    name: str = Field(primary_key=True)
    of: str = Field(primary_key=True)
    """Such as the reason of a no, or the model of a render; empty where there is but one."""
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
