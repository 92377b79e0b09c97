"""What artists state of the people in their pictures and prompts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Depicts


class Statement(SQLModel, table=True):
    """What was stated of a job, or that it was taken back; once and for ever. The latest counts."""

    id: int = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    depicts: Depicts | None = Field(default=None, sa_column=enum(Depicts, nullable=True))
    """None: what was stated before is taken back."""
    sentence: str = ""
    """How somebody agreed, in the artist's words; for moderators."""
    at: datetime = Field(default_factory=utcnow)
