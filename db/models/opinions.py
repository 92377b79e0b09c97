"""What people say of jobs: moderators, voters, and whoever reports one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Reason, Verdict


class Review(SQLModel, table=True):
    """One decision of one moderator, on all of a job's clips or on some of them."""

    id: int = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    round: int
    """Which time the job was looked at; only reviews of its present round count."""
    of_appeal: bool = False
    alone: bool = False
    """Whether it decides by itself: a host's, given once the job was with the hosts."""
    verdict: Verdict = Field(sa_column=enum(Verdict))
    reason: Reason | None = Field(default=None, sa_column=enum(Reason, nullable=True))
    sentence: str = ""
    clips: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The clip numbers the decision is limited to; empty means all."""
    at: datetime = Field(default_factory=utcnow)
    credited: bool = False
    """Whether its moderator was credited for it."""


class Look(SQLModel, table=True):
    """That a moderator is looking at a job, so that others may leave it to them for a while."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    until: datetime = Field(index=True)


class Vote(SQLModel, table=True):
    """One person's vote on a job's ballot."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    clip: int
    at: datetime = Field(default_factory=utcnow)


class Report(SQLModel, table=True):
    """What one person finds wrong with a job in the showcase."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    reason: Reason = Field(sa_column=enum(Reason))
    sentence: str = ""
    at: datetime = Field(default_factory=utcnow)
    settled_at: datetime | None = None
    """When it was dismissed, or the job left the showcase."""
