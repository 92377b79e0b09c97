"""What is asked for and what is made."""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from db.models.base import enum, utcnow
from db.states import Descent, Status, Task


class Job(SQLModel, table=True):
    """One `/sora` request."""

    __table_args__ = (
        Index("ix_job_status_person_id", "status", "person_id"),
        Index("ix_job_status_lease_until", "status", "lease_until"),
        Index("ix_job_person_id_id", "person_id", "id"),
        Index("ix_job_person_id_queued_at", "person_id", "queued_at"),
        Index("ix_job_channel_queued_at", "channel", "queued_at"),
        Index("ix_job_model_finished_at", "model", "finished_at"),
        Index(
            "ix_job_open_ballot",
            "status",
            "ballot_closes_at",
            sqlite_where=text("winner IS NULL"),
            postgresql_where=text("winner IS NULL"),
        ),
        Index(
            "ix_job_won_ballot",
            "ballot_closes_at",
            sqlite_where=text("winner > 0"),
            postgresql_where=text("winner > 0"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    request_key: str = Field(unique=True)
    """The platform's own id of the request, so that a redelivery is the same job."""
    person_id: int = Field(foreign_key="person.id")
    room: str
    workspace: str = ""
    """In which server or workspace of the room; its rules are the job's. Empty where there is none."""
    place: str = ""
    """Where in the room the artist asked, for the receipt."""
    channel: str = ""
    """In which channel that is, ``discord/12/34``; of a room without channels the room."""

    prompt: str
    prompt_salt: str = Field(default_factory=lambda: token_hex(16))
    """What makes the hash of the prompt in a clip's credentials one that nobody can try out."""
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
    idle: bool = False
    """Whether it waits until the workers have nothing else to do; it waits no longer than a day."""
    draft: bool = False
    final_steps: int
    """Of the full render; a draft takes fewer."""
    style: str = ""
    style_strength: float | None = None
    upscale: bool = False
    smooth: bool = False

    task: Task = Field(default=Task.TEXT, sa_column=enum(Task))
    first_key: str = ""
    last_key: str = ""
    """The pictures that the clips begin and end with, as media keys."""
    source_id: int | None = Field(default=None, foreign_key="job.id", index=True)
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
    descent: Descent | None = Field(default=None, sa_column=enum(Descent, nullable=True))

    status: Status = Field(default=Status.QUEUED, sa_column=enum(Status))
    reason: str = ""
    """Why it failed, as one sentence for the artist."""
    round: int = 1
    """How often it was put before the moderators; an appeal, a take-down, and another try after a
    decision are rounds of their own."""
    split: bool = False
    """Whether moderators didn't agree in this round, so that only hosts decide it."""
    raised: int = 0
    """How often moderators were called to it in this round, because it waits for them."""
    held: bool = False
    """Whether it is ready and goes to review once there is room for it."""
    status_since: datetime = Field(default_factory=utcnow)
    """When it came to stand as it does."""
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
    load_seconds: float = 0.0
    """How long it waited, once it was claimed, for its model to be loaded and, if it was lent, to be
    looked at."""
    compute_seconds: float | None = None
    energy_wh: float | None = None
    energy_measured: bool | None = None
    """Whether by the device itself; otherwise it is an estimate."""

    reserved_seconds: float = 0.0
    """What it was thought to take of a device as it entered the line; counted until it is rendered."""
    spent_seconds: float = 0.0
    """What renders of it took that its artist cancelled and asked for again."""
    at_once: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """How many may be rendered at once: of its artist's (``line.PERSON``), and of all that name this."""
    nearly: dict[str, list[int]] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False)
    )
    """The limits that its artist had nearly used up with it: what is left, and of how much."""
    promised_seconds: float | None = None
    """The ETA given at submission; its error is shown by the doctor."""
    queued_at: datetime = Field(default_factory=utcnow, index=True)
    created_at: datetime = Field(default_factory=utcnow)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    published_at: datetime | None = Field(default=None, index=True)
    """When it went up in the showcase; still so when it was taken down and put back. Empty once its artist
    keeps it."""

    kept_until: datetime | None = Field(default=None, index=True)
    """When its clips go, which its artist was told; empty where nothing was said of that."""
    let_go_at: datetime | None = None
    """When they went; their rows stay."""

    ballot_closes_at: datetime | None = None
    winner: int | None = None
    """The winning clip's number once the ballot is closed; 0 when nobody voted."""


class Clip(SQLModel, table=True):
    """One variation of a job; its files are named by the hash of their content."""

    __table_args__ = (
        CheckConstraint("showcase OR NOT shown", name="shown_with_leave"),
        Index(
            "ix_clip_unsigned",
            "job_id",
            "number",
            sqlite_where=text("signed = 0"),
            postgresql_where=text("NOT signed"),
        ),
        Index(
            "ix_clip_unscreened",
            "job_id",
            sqlite_where=text("screened = 0"),
            postgresql_where=text("NOT screened"),
        ),
        Index(
            "ix_clip_outside",
            "shown_since",
            "job_id",
            "number",
            sqlite_where=text("shown = 1 AND elsewhere = 1"),
            postgresql_where=text("shown AND elsewhere"),
        ),
    )

    job_id: int = Field(foreign_key="job.id", primary_key=True)
    number: int = Field(primary_key=True)
    seed: int = Field(sa_type=BigInteger)
    video_key: str
    poster_key: str
    preview_key: str
    bytes: int = Field(sa_type=BigInteger)
    shown: bool = False
    """Whether the moderators' decision put it into the showcase."""
    shown_since: datetime | None = None
    """When that was decided last; empty before."""
    showcase: bool = True
    remix: bool = False
    dataset: bool = False
    training: bool = False
    elsewhere: bool = False
    named: bool = False
    prompt_shown: bool = False
    """What its artist allows now: each ``Flag``. How that came about is in ``Consent``."""
    signed: bool = False
    """Whether the video's credentials say what they must by now; if not, a worker signs it."""
    hashes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Perceptual hashes of frames evenly over the clip: 64 bits each, as hexadecimal digits."""
    marks: dict[str, float] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What a classifier saw in those frames, where the worker has one: label -> how sure it is, 0 to 1."""
    screened: bool = False
    """Whether the screen has looked at its frames."""
