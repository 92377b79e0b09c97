"""What has happened, which rooms have still to hear of it, and what stands there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Kind, Purpose


class Event(SQLModel, table=True):
    """What happened, once and for ever; written in the transaction that made it happen."""

    __table_args__ = (
        Index(
            "ix_event_unbooked",
            "id",
            sqlite_where=text("booked = 0"),
            postgresql_where=text("NOT booked"),
        ),
        Index(
            "ix_event_unchronicled",
            "id",
            sqlite_where=text("chronicled_at IS NULL"),
            postgresql_where=text("chronicled_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    kind: Kind = Field(sa_column=enum(Kind))
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(default_factory=utcnow)
    booked: bool = True
    """False while somebody has still to be credited for it."""
    chronicled_at: datetime | None = None
    """When it was put into the record, or left out of it for good."""


class Room(SQLModel, table=True):
    """A chat surface that wants to be told of events."""

    name: str = Field(primary_key=True)
    joined_at: datetime = Field(default_factory=utcnow)


class Telling(SQLModel, table=True):
    """The outbox: one row for each event and room that has still to hear of it, or has."""

    __table_args__ = (
        Index(
            "ix_telling_untold",
            "room",
            "not_before",
            sqlite_where=text("told_at IS NULL AND set_aside_at IS NULL"),
            postgresql_where=text("told_at IS NULL AND set_aside_at IS NULL"),
        ),
        Index(
            "ix_telling_set_aside",
            "room",
            sqlite_where=text("told_at IS NULL AND set_aside_at IS NOT NULL"),
            postgresql_where=text("told_at IS NULL AND set_aside_at IS NOT NULL"),
        ),
    )

    event_id: int = Field(foreign_key="event.id", primary_key=True)
    room: str = Field(primary_key=True)
    job_id: int
    not_before: datetime = Field(default_factory=utcnow)
    """A claim's short lease, or the pause after a failure."""
    tries: int = 0
    error: str = ""
    told_at: datetime | None = None
    set_aside_at: datetime | None = None


PAINTING = "painting"


class Post(SQLModel, table=True):
    """A card somewhere in a room. Written before it is sent, so that it's sent once."""

    __table_args__ = (
        UniqueConstraint("room", "place", "job_id", "purpose"),
        Index("ix_post_job_id_room", "job_id", "room"),
        Index("ix_post_room_message", "room", "message"),
        Index("ix_post_room_painted_at", "room", "painted_at"),
        Index(
            "ix_post_doubtful",
            "room",
            "doubtful_until",
            sqlite_where=text("doubtful_until IS NOT NULL"),
            postgresql_where=text("doubtful_until IS NOT NULL"),
        ),
        Index(
            "ix_post_standing",
            "room",
            "place",
            "id",
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    room: str
    place: str
    purpose: Purpose = Field(sa_column=enum(Purpose))
    job_id: int = Field(foreign_key="job.id")
    message: str = ""
    """The platform's id of the message; empty until it has answered."""
    digest: str = ""
    """Of the card as it was last painted; empty where that isn't known, ``PAINTING`` while it is painted."""
    created_at: datetime = Field(default_factory=utcnow)
    painted_at: datetime = Field(default_factory=utcnow)
    """When it was last begun to paint it, or ended."""
    doubtful_until: datetime | None = None
    """Until then a painting that was begun earlier may still arrive; afterwards it is painted once more. None
    where none can."""
    removed_at: datetime | None = None


class Reply(SQLModel, table=True):
    """A platform's leave to answer somebody in private where they asked, for a few minutes."""

    room: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    token: str
    expires_at: datetime = Field(index=True)


class Reaction(SQLModel, table=True):
    """A sign that somebody has put on a message, and that was acted on."""

    room: str = Field(primary_key=True)
    message: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    sign: str = Field(primary_key=True)
    asked: str = ""
    """The message that asks for its sentence, where it needs one."""
    at: datetime = Field(default_factory=utcnow)


class Note(SQLModel, table=True):
    """Something that the bot keeps in mind between its starts."""

    name: str = Field(primary_key=True)
    value: str
    at: datetime = Field(default_factory=utcnow)
