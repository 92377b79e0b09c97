"""That two persons are one, and the codes by which they say so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Link(SQLModel, table=True):
    """A second person turned out to be a first one: all that is theirs is the first one's now.

    What they brought is listed, so that it can be given back.
    """

    second_id: int = Field(foreign_key="person.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    code: str
    """Which made it, so that a code that is delivered twice is answered twice."""
    at: datetime = Field(default_factory=utcnow)
    jobs: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    votes: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    reports: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Of votes and reports the jobs that they are about."""
    reviews: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Code(SQLModel, table=True):
    """A code that a person was shown in one room, to be typed in another."""

    code: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    expires_at: datetime = Field(index=True)


class Guess(SQLModel, table=True):
    """A code that somebody typed and that was none."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    code: str = Field(primary_key=True)
    at: datetime = Field(default_factory=utcnow, index=True)
