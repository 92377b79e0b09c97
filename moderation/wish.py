"""What somebody asks for, before anybody has looked whether it can be made."""

from __future__ import annotations

from dataclasses import dataclass

from db.states import Descent, Task

PROMPT_LIMIT = 1000
SEED_LIMIT = 2**32 - 1

Which = tuple[int, int]
"""One clip: its job's id and its number."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that somebody gave, as it is stored; its sides in pixels, 0 when they are unknown."""

    key: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None means the model's own default."""

    prompt: str
    negative: str = ""
    model: str | None = None
    aspect: str | None = None
    duration: float | None = None
    variations: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    private: bool = False
    image: Picture | None = None
    """What the clip begins with."""
    last: Picture | None = None
    """What it ends with."""
    loop: bool = False
    style: str | None = None
    """A style's name, and its strength after a colon where it isn't the usual one."""
    strength: float | None = None
    final: bool = False
    upscale: bool = False
    smooth: bool = False
    storyboard: bool = False
    """Whether the prompt is several, one for each shot of a film."""


@dataclass(frozen=True, slots=True)
class Roots:
    """What a job grows out of beside its wish; all empty for a wish that stands alone."""

    task: Task | None = None
    """EXTEND or VIDEO, which need a source; None where the wish itself says what it takes."""
    source: Which | None = None
    """The clip that is extended or redrawn."""
    near: tuple[tuple[int, float], ...] = ()
    """The seeds of the clip that these stay near to, and how far from it they may go."""
    vary: float = 0.0
    parent: Which | None = None
    """The clip that it grew out of, and how."""
    descent: Descent | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Where a wish came from; the key makes a redelivery the same job."""

    key: str
    room: str
    place: str = ""
    workspace: str = ""
    """The server or workspace whose rules it goes by; empty where there is none."""
