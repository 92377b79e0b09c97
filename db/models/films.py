"""What is put together from clips: films, and the chains that grow into one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Turn


class Part(SQLModel, table=True):
    """One clip of a film, or the clip that a glimpse is the end of."""

    film_id: int = Field(foreign_key="job.id", primary_key=True)
    position: int = Field(primary_key=True)
    """From 1."""
    job_id: int = Field(foreign_key="job.id", index=True)
    clip: int
    is_shot: bool = False
    """Whether it was asked for with the film, and for it alone."""
    named: bool = True
    """Whether the film's credits say whose it is."""


class Chain(SQLModel, table=True):
    """A film that several artists make, each going on from the last second of the clip before."""

    id: int = Field(default=None, primary_key=True)
    theme: str
    person_id: int = Field(foreign_key="person.id", index=True)
    """Who began it."""
    room: str
    workspace: str = ""
    place: str = ""
    """Where it was begun; its film is told there."""
    turn_seconds: int
    """How long a turn lasts before it passes on."""
    created_at: datetime = Field(default_factory=utcnow)
    closed_at: datetime | None = Field(default=None, index=True)
    film_id: int | None = Field(default=None, foreign_key="job.id")


class Seat(SQLModel, table=True):
    """Somebody's place in a chain, in the order of their ids; whoever passed may take another."""

    __table_args__ = (
        Index("ix_seat_turn_ends_at", "turn_ends_at"),
        Index(
            "uq_seat_turn",
            "chain_id",
            unique=True,
            sqlite_where=text("turn = 'now'"),
            postgresql_where=text("turn = 'now'"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    chain_id: int = Field(foreign_key="chain.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    room: str
    workspace: str = ""
    place: str = ""
    """Where they joined; there they are told that it is their turn."""
    turn: Turn = Field(default=Turn.WAITS, sa_column=enum(Turn))
    turn_ends_at: datetime | None = None
    """While it is their turn: when it passes on, unless their clip is being made."""
    glimpse_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    """The last second of the clip before, which is all that they see of it."""
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    """Their clip."""
    position: int | None = None
    """Of their clip in the film, from 1, once it is made."""
