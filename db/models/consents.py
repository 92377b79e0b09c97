"""What artists allow with their clips, and how that came about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Flag


class Consent(SQLModel, table=True):
    """One thing that was allowed with a clip, or taken back; once and for ever.

    The clip's own column says how it stands now. What was never allowed has no row.
    """

    __table_args__ = (
        ForeignKeyConstraint(["job_id", "clip"], ["clip.job_id", "clip.number"]),
        Index("ix_consent_job_id_clip", "job_id", "clip"),
    )

    id: int = Field(default=None, primary_key=True)
    job_id: int
    clip: int
    flag: Flag = Field(sa_column=enum(Flag))
    given: bool
    person_id: int = Field(foreign_key="person.id")
    at: datetime = Field(default_factory=utcnow)
    by_default: bool = False
    """Whether the clip began with it, because its artist's defaults say so."""


class Preference(SQLModel, table=True):
    """With what an artist's clips begin, where they have said so."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    flag: Flag = Field(sa_column=enum(Flag, primary_key=True))
    given: bool
    at: datetime = Field(default_factory=utcnow)
