"""What the screen found, and the frames that it knows again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Hit(SQLModel, table=True):
    """What one rule of the screen found in a job: a reason to look twice or, where it is hard, to
    render nothing."""

    __table_args__ = (Index("ix_hit_at", "at"),)

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    rule: str = Field(primary_key=True)
    clip: int = Field(primary_key=True)
    """In which clip; 0 for the prompt."""
    version: int
    """Of the rule, as it was then."""
    hard: bool = False
    words: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What it found, as the artist wrote it; of frames, what was seen in them."""
    at: datetime = Field(default_factory=utcnow)
    overturned_at: datetime | None = None
    """When moderators decided that the rule was wrong here; from then on it counts no more."""


class KnownFrame(SQLModel, table=True):
    """One frame of a rejected clip that is to be known again."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    clip: int = Field(primary_key=True)
    hash: str = Field(primary_key=True)
    """A perceptual hash: 64 bits as 16 hexadecimal digits."""
    person_id: int = Field(foreign_key="person.id")
    """The moderator who wants it to be known."""
    at: datetime = Field(default_factory=utcnow)
