"""Who renders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class Worker(SQLModel, table=True):
    """A process that renders: when it was last heard of, and which models it offers."""

    name: str = Field(primary_key=True)
    started_at: datetime = Field(default_factory=utcnow)
    seen_at: datetime = Field(default_factory=utcnow)
    state: str = "starting"
    """One plain phrase for the doctor: loading the model, ready, or why it can't render."""
    running_cap: int = 2
    """Of how many jobs of one person it lets render at once, on all workers together."""
    draining: bool = False
    """Whether it was asked to finish what it renders, take no more, and end."""
    owner: str = ""
    """Who is credited for what it renders for others: platform:workspace:user, or nobody."""
    lent: bool = False
    """Whether it isn't the studio's own, so that what it makes is looked at before it counts."""
    inputs: bool = True
    """Whether it may have the pictures and clips that artists make others from."""
    offers: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    cards: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    """Its graphics cards as they were when it was last heard of: each a ``db.workers.Card``."""
    loaded: str = ""
    """The model that it has in memory; empty for none."""
    loaded_at: datetime | None = None
    """Since when it has kept to that one."""
    loads: int = 0
    """How many models it has loaded since it started."""
    busy: float = 0.0
    """In which part of the last minutes it rendered, 0 to 1."""
    measured: dict[str, dict[str, Any]] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False)
    )
    """What each of its models has taken here: model -> a ``db.workers.Measured``."""
