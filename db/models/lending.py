"""Workers that somebody lends: their keys, and what is in their hands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from db.models.base import utcnow


class LenderKey(SQLModel, table=True):
    """By what one lent worker is known, and what it may take."""

    name: str = Field(primary_key=True)
    secret: str
    """The hash of it."""
    owner: str
    """Who is credited for what it renders: platform:workspace:user; empty for nobody."""
    models: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    inputs: bool = False
    """Whether it may have the pictures and clips that artists make others from."""
    made_at: datetime = Field(default_factory=utcnow)
    made_by: str = ""
    seen_at: datetime | None = None
    revoked_at: datetime | None = None
    suspended: str = ""
    """Why it may do nothing until a host has looked; empty while it may."""
    session: str = ""
    """Of the process that announced itself last; others with this key are too many."""
    accepted: int = 0
    refused: int = 0
    """How many of its deliveries counted, and how many didn't."""
    compared: int = 0
    """How many of them one of our own workers has made again, and found the same."""
    strikes: int = 0
    """How many didn't since the last that did."""


class LentRender(SQLModel, table=True):
    """A render in a lent worker's hands, until its job goes on; then it and its files are tidied away."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    attempt: int = Field(primary_key=True)
    key: str = Field(foreign_key="lenderkey.name", index=True)
    files: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Number of the clip -> media key of its video, as it was sent; with a word before the number while that
    is being stored."""
    delivered_at: datetime | None = Field(default=None, index=True)
    seconds: float = 0.0
    energy_wh: float = 0.0
    """What it took, as the lender says."""
    checker: str = ""
    """Which of the studio's own workers looks at it; empty while it waits for one."""
