"""The tables. Rows only, no behaviour; times are UTC, enums are stored by value."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Enum, Index, MetaData, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.states import Descent, Kind, Purpose, Reason, Status, Task, Verdict

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


def utcnow() -> datetime:
    return datetime.now(UTC)


def _enum(kind: type[StrEnum], *, nullable: bool = False) -> Column[Any]:
    return Column(
        Enum(
            kind,
            name=kind.__name__.lower(),
            native_enum=False,
            create_constraint=True,
            length=32,
            values_callable=lambda members: [m.value for m in members],
        ),
        nullable=nullable,
    )


class Person(SQLModel, table=True):
    """One human being, whatever rooms they come from."""

    id: int = Field(default=None, primary_key=True)
    name: str
    joined_at: datetime = Field(default_factory=utcnow)
    served_at: datetime | None = None
    """When a job of theirs was last claimed: the line serves the least recently served first."""


class Identity(SQLModel, table=True):
    """Who a person is on one platform, in one workspace or guild."""

    platform: str = Field(primary_key=True)
    workspace: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)


class Job(SQLModel, table=True):
    """One `/sora` request."""

    __table_args__ = (
        Index("ix_job_status_person_id", "status", "person_id"),
        Index("ix_job_status_lease_until", "status", "lease_until"),
        Index("ix_job_person_id_id", "person_id", "id"),
        Index("ix_job_model_finished_at", "model", "finished_at"),
        Index(
            "ix_job_open_ballot",
            "ballot_closes_at",
            sqlite_where=text("winner IS NULL"),
            postgresql_where=text("winner IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    request_key: str = Field(unique=True)
    """The platform's own id of the request, so that a redelivery is the same job."""
    person_id: int = Field(foreign_key="person.id")
    room: str
    place: str = ""
    """Where in the room the artist asked, for the receipt."""

    prompt: str
    negative: str = ""
    model: str
    aspect: str
    width: int
    height: int
    frames: int
    fps: int
    steps: int
    guidance: float
    seed: int = Field(sa_type=BigInteger)
    variations: int
    private: bool = False
    draft: bool = False
    final_steps: int
    """Of the full render; a draft takes fewer."""
    style: str = ""
    style_strength: float | None = None
    upscale: bool = False
    smooth: bool = False

    task: Task = Field(default=Task.TEXT, sa_column=_enum(Task))
    first_key: str = ""
    last_key: str = ""
    """The pictures that the clips begin and end with, as media keys."""
    source_id: int | None = Field(default=None, foreign_key="job.id")
    source_clip: int | None = None
    """The clip that is extended or redrawn."""
    strength: float | None = None
    """How far a redrawn clip may leave its source."""
    near: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The clip that these stay near to: its seed, or the one that it was near to itself and then how far
    it went (0 to 1) towards a seed of its own, and so on."""
    vary: float = 0.0
    """How far they go from it."""
    parent_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    parent_clip: int | None = None
    """The clip that it grew out of, for the lineage."""
    descent: Descent | None = Field(default=None, sa_column=_enum(Descent, nullable=True))

    status: Status = Field(default=Status.QUEUED, sa_column=_enum(Status))
    reason: str = ""
    """Why it failed, as one sentence for the artist."""
    round: int = 1
    """How often it was put before the moderators; an appeal and a second try are rounds of their own."""
    attempt: int = 0
    """The fencing ticket: a finish that carries an older attempt changes nothing."""
    losses: int = 0
    """How often a worker vanished while it rendered this job; too many fail it."""
    worker: str = ""
    lease_until: datetime | None = None
    step: int = 0
    preview_key: str = ""
    notes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What the engine wants the artist to know, e.g. unknown words."""
    approximations: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What the render gave up of exactness for speed."""
    compute_seconds: float | None = None
    energy_wh: float | None = None
    energy_measured: bool | None = None
    """Whether by the device itself; otherwise it is an estimate."""

    promised_seconds: float | None = None
    """The ETA given at submission; its error is shown by the doctor."""
    queued_at: datetime = Field(default_factory=utcnow)
    created_at: datetime = Field(default_factory=utcnow)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    published_at: datetime | None = Field(default=None, index=True)

    ballot_closes_at: datetime | None = None
    winner: int | None = None
    """The winning clip's number once the ballot is closed; 0 when nobody voted."""


class Clip(SQLModel, table=True):
    """One variation of a job; its files are named by the hash of their content."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    number: int = Field(primary_key=True)
    seed: int = Field(sa_type=BigInteger)
    video_key: str
    poster_key: str
    preview_key: str
    bytes: int = Field(sa_type=BigInteger)
    shown: bool = False
    """Whether the moderators' decision put it into the showcase."""


class Review(SQLModel, table=True):
    """One decision of one moderator, on all of a job's clips or on some of them."""

    id: int = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    round: int
    """Which time the job was looked at; only reviews of its present round count."""
    of_appeal: bool = False
    verdict: Verdict = Field(sa_column=_enum(Verdict))
    reason: Reason | None = Field(default=None, sa_column=_enum(Reason, nullable=True))
    sentence: str = ""
    clips: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The clip numbers the decision is limited to; empty means all."""
    at: datetime = Field(default_factory=utcnow)


class Vote(SQLModel, table=True):
    """One person's vote on a job's ballot."""

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)
    clip: int
    at: datetime = Field(default_factory=utcnow)


class Event(SQLModel, table=True):
    """What happened, once and for ever; written in the transaction that made it happen."""

    id: int = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    kind: Kind = Field(sa_column=_enum(Kind))
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(default_factory=utcnow)


class Room(SQLModel, table=True):
    """A chat surface that wants to be told of events."""

    name: str = Field(primary_key=True)
    joined_at: datetime = Field(default_factory=utcnow)


class Telling(SQLModel, table=True):
    """The outbox: one row for each event and room that has still to hear of it, or has."""

    __table_args__ = (
        Index(
            "ix_telling_untold",
            "room",
            "not_before",
            sqlite_where=text("told_at IS NULL AND set_aside_at IS NULL"),
            postgresql_where=text("told_at IS NULL AND set_aside_at IS NULL"),
        ),
    )

    event_id: int = Field(foreign_key="event.id", primary_key=True)
    room: str = Field(primary_key=True)
    job_id: int
    not_before: datetime = Field(default_factory=utcnow)
    """A claim's short lease, or the pause after a failure."""
    tries: int = 0
    error: str = ""
    told_at: datetime | None = None
    set_aside_at: datetime | None = None


class Post(SQLModel, table=True):
    """A card somewhere in a room. Written before it is sent, so that it's sent once."""

    __table_args__ = (
        UniqueConstraint("room", "place", "job_id", "purpose"),
        Index("ix_post_room_message", "room", "message"),
        Index("ix_post_room_painted_at", "room", "painted_at"),
        Index(
            "ix_post_standing",
            "room",
            "place",
            "id",
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    room: str
    place: str
    purpose: Purpose = Field(sa_column=_enum(Purpose))
    job_id: int = Field(foreign_key="job.id", index=True)
    message: str = ""
    """The platform's id of the message; empty until it has answered."""
    digest: str = ""
    """Of the card as it was last painted."""
    created_at: datetime = Field(default_factory=utcnow)
    painted_at: datetime = Field(default_factory=utcnow)
    removed_at: datetime | None = None


class Worker(SQLModel, table=True):
    """A process that renders: when it was last heard of, and which models it offers."""

    name: str = Field(primary_key=True)
    started_at: datetime = Field(default_factory=utcnow)
    seen_at: datetime = Field(default_factory=utcnow)
    state: str = "starting"
    """One plain phrase for the doctor: loading the model, ready, or why it can't render."""
    running_cap: int = 2
    """Of how many jobs of one person it lets render at once, on all workers together."""
    offers: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
