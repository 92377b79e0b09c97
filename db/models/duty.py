"""What moderators take on."""

from __future__ import annotations

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Duty(SQLModel, table=True):
    """How much one moderator wants to decide, and what they don't want to look at."""

    person_id: int = Field(foreign_key="person.id", primary_key=True)
    per_hour: int | None = None
    """Decisions; None for as many as the studio lets anybody."""
    spared: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The reasons, by value, for which what may show it isn't for them."""
