"""What a card is made of. A card says what, each room decides how it looks.

People's own words are only ever in ``quote`` and in ``Line.said``; a room shows them as plain text,
where nothing is a mention, a link or a format.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from bot.signs import Sign
from db.states import Purpose
from moderation.people import Role


class Tone(StrEnum):
    """How a card is coloured."""

    WAITING = "waiting"
    WORKING = "working"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Button:
    """One act offered on a card; ``asks`` is the question it puts before it acts."""

    sign: Sign
    label: str
    asks: str = ""
    strong: bool = False
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of ours, and somebody's own words after it where there are any."""

    text: str
    said: str = ""
    at: datetime | None = None
    """When it happened, where that matters; rooms show it in the reader's own time."""
    covered: bool = False
    """Whether somebody's words are hidden until the reader wants to see them."""


@dataclass(frozen=True, slots=True)
class CardClip:
    """One clip on a card; the room knows how to reach its files by job and number."""

    number: int
    seed: int
    votes: int | None = None
    winner: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing worth knowing, and where to read more of it."""

    name: str
    value: str
    link: str = ""
    job: int = 0
    """Another job that it names; rooms lead there as well as they can."""


@dataclass(frozen=True, slots=True)
class CardPicture:
    """A picture that the artist gave; the room knows how to reach it by job and ``which``."""

    which: str
    """first or last."""
    label: str
    key: str


@dataclass(frozen=True, slots=True)
class Card:
    purpose: Purpose | None
    """None for one that is shown to somebody once and is no post."""
    job_id: int
    tone: Tone
    title: str
    artist: str
    quote: str
    """The prompt."""
    lines: tuple[Line, ...] = ()
    facts: tuple[Fact, ...] = ()
    pictures: tuple[CardPicture, ...] = ()
    percent: int | None = None
    preview_key: str = ""
    clips: tuple[CardClip, ...] = ()
    left_out: tuple[int, ...] = ()
    """The clips of its job that aren't on it: what stands there of their files goes."""
    spoiler: bool = False
    closes_at: datetime | None = None
    """When the ballot closes; rooms show it in the reader's own time."""
    buttons: tuple[Button, ...] = ()
    calls: Role | None = None
    """Who is to be pinged when it is sent."""

    def digest(self) -> str:
        """Equal for cards that look the same, so that nothing is repainted in vain."""
        return hashlib.sha256(json.dumps(asdict(self), default=str).encode()).hexdigest()[:32]
