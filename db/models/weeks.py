"""The best of each week: the clips that won most votes, and the reel that shows them."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel


class Week(SQLModel, table=True):
    """A week that is over, by its number in ISO 8601; whoever adds it draws it, so that it is drawn once."""

    year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    reel_id: int | None = Field(default=None, foreign_key="job.id")
    """The newest film of its best; None while there is none."""


class Best(SQLModel, table=True):
    """A clip that is among the best of a week, as it was drawn."""

    __table_args__ = (ForeignKeyConstraint(["year", "number"], ["week.year", "week.number"]),)

    year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    """From 1, which had most votes."""
    job_id: int = Field(foreign_key="job.id", index=True)
    clip: int
    votes: int
