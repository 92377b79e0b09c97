"""Themes: for some days everybody may make something with a word in it, and one of them wins."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Theme(SQLModel, table=True):
    """One theme; whatever is published while it is open and has its word in the prompt takes part."""

    id: int = Field(default=None, primary_key=True)
    title: str
    word: str
    host_id: int = Field(foreign_key="person.id")
    pool: int = 0
    """The credit that its host gives for whoever wins."""
    starts_at: datetime = Field(default_factory=utcnow)
    ends_at: datetime
    closed_at: datetime | None = Field(default=None, index=True)
    winner_job: int | None = Field(default=None, foreign_key="job.id", index=True)
    winner_clip: int | None = None
