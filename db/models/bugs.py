"""What people find wrong with the studio itself: bugs, and ways to make it do what it mustn't."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import BugKind


class Bug(SQLModel, table=True):
    """One person's report of a bug or of a red-team find."""

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: BugKind = Field(sa_column=enum(BugKind))
    text: str
    room: str
    workspace: str = ""
    at: datetime = Field(default_factory=utcnow)
    accepted: bool | None = Field(default=None, index=True)
    """None while it is open."""
    closed_at: datetime | None = None


class BugOpinion(SQLModel, table=True):
    """What one moderator says of it: whether it deserves credit."""

    __tablename__ = "bug_opinion"

    bug_id: int = Field(foreign_key="bug.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    accept: bool
    at: datetime = Field(default_factory=utcnow)
