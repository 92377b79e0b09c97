"""What is said between the studio and a worker that is lent to it: JSON over HTTP, both ways.

Each request carries the key, as ``Authorization: Bearer …``, and all but the announcement the session that
was announced, as ``Sora-Session``. Whatever is refused is answered by ``Said`` and a status of 4xx.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from db import offered
from db.models import Job
from db.offers import Offer
from db.states import Task

BASE = "/lend"
SESSION = "Sora-Session"
LONGEST_POLL = 20
"""Seconds that a claim may wait for a job."""
LARGEST_CLIP = 256 * 1024**2
"""Bytes of one video."""
LARGEST_INPUT = 2**30
"""Bytes of what a clip is made from."""
MOST_OFFERS = 64
MOST_CARDS = 16
LONGEST_RENDER = 6 * 3600
"""Seconds; one that takes longer counts as lost."""

SESSIONS = r"^[A-Za-z0-9_-]{16,64}$"
SHA256 = r"^[0-9a-f]{64}$"
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Text of one line: what a terminal would obey is in none."""
ESCAPED = re.compile(r"\\u00[01789]|\\[bfnrt]")
"""The same characters, as JSON writes them."""
State = Annotated[str, Field(max_length=200, pattern=PLAIN)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Spoken(BaseModel):
    """Nothing is in it that the other side doesn't know, and nothing is changed any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(Spoken):
    """Why something is refused, in one sentence."""

    said: str


class Card(Spoken):
    """One graphics card, as in ``db.workers.Card``."""

    number: int = Field(ge=0, le=1000)
    name: str = Field(max_length=100, pattern=PLAIN)
    used: int = Field(ge=0, le=2**50)
    total: int = Field(ge=0, le=2**50)
    busy: float = Field(ge=0, le=1)


class Announcement(Spoken):
    """A worker has started: which process it is, and what it can render."""

    session: str = Field(pattern=SESSIONS)
    state: State
    offers: tuple[Offer, ...] = Field(max_length=MOST_OFFERS)

    @field_validator("offers")
    @classmethod
    def _that_can_be_shown(cls, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
        for offer in offers:
            if why := offered.fault(offer):
                raise ValueError(why)
        if any(ESCAPED.search(json.dumps(offer.model_dump(mode="json"))) for offer in offers):
            raise ValueError("a text in it has characters that can't be shown")
        return offers


class Welcome(Spoken):
    """What it is called here, and what of its offers it is given to render."""

    name: str
    models: tuple[str, ...]


class Beat(Spoken):
    """It is there still, and does this."""

    state: State
    cards: tuple[Card, ...] = Field(default=(), max_length=MOST_CARDS)
    loaded: str = Field(default="", max_length=40, pattern=PLAIN)
    """The model in its memory; empty for none."""


class Orders(Spoken):
    """``drain``: it is to take no more, and to end."""

    drain: bool


class Asking(Spoken):
    """It has nothing to do, and waits so many seconds for something."""

    wait: int = Field(default=0, ge=0, le=LONGEST_POLL)


class Wanted(Spoken):
    """A render that is given to it: what an engine must know, and nothing of anybody."""

    job: int
    attempt: int
    model: str
    prompt: str
    negative: str
    aspect: str
    width: int
    height: int
    frames: int
    fps: int
    steps: int
    guidance: float
    seed: int
    variations: int
    draft: bool
    style: str
    style_strength: float | None
    upscale: bool
    smooth: bool
    task: Task
    strength: float | None
    near: list[list[float]]
    vary: float
    inputs: tuple[str, ...]
    """Of first, last and film: which files it has to fetch."""

    @classmethod
    def of(cls, job: Job, inputs: tuple[str, ...]) -> Wanted:
        own = set(cls.model_fields) - {"job", "inputs"}
        return cls(job=job.id, inputs=inputs, **job.model_dump(include=own))


class Given(Spoken):
    """What a claim is answered by; without a job there was none."""

    job: Wanted | None = None
    drain: bool = False


class Progress(Spoken):
    """How far a render is."""

    done: int = Field(ge=0, le=10**6)
    total: int = Field(ge=1, le=10**6)


class Held(Spoken):
    """Whether the render is wanted still."""

    wanted: bool


class Made(Spoken):
    """All clips were sent; what the render took."""

    seconds: Amount
    energy_wh: Amount = 0.0


class Why(StrEnum):
    """How a render came to nothing."""

    REFUSED = "refused"
    """The model can't make this."""
    BROKE = "broke"


class Failure(Spoken):
    why: Why
