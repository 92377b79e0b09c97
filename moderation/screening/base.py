"""What a screen is: it looks at a job and names, for all that it finds, the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from db.models import Clip, Job


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``version`` changes whenever what it finds does."""

    id: str
    version: int
    name: str
    sentence: str
    """What it asks, for people."""
    hard: bool = False
    """Whether it stops a job; others only have it looked at twice."""


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that a job meets, and by what: the artist's own words, or what was seen in a clip."""

    rule: Rule
    words: tuple[str, ...]
    clip: int = 0
    """0 for the prompt."""


class Screen(Protocol):
    """One way to look at a job. It must be quick, for it is asked within a transaction."""

    def look(self, job: Job, clips: Sequence[Clip] = ()) -> list[Found]:
        """All that it finds; ``clips`` are those that were made of the job, if any were."""
        ...
