"""What comes back from the render child: its steps, and the clips it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """How far the render is; ``preview`` is a JPEG in the render's folder, to be taken or left."""

    done: int
    total: int
    preview: Path | None


@dataclass(frozen=True, slots=True)
class Made:
    """One encoded take; its files are in the render's folder."""

    seed: int
    video: Path
    poster: Path
    preview: Path


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render gave, in the order of the brief's seeds, and what its engine took for it."""

    clips: tuple[Made, ...]
    notes: tuple[str, ...]
    seconds: float
    energy_wh: float
    energy_measured: bool
    """Whether by the device itself; otherwise it is an estimate."""
    approximations: tuple[str, ...] = ()
    """What it gave up of exactness for speed."""
    shape: Mapping[str, int] = field(default_factory=dict)
    """Of a film, whose clips decide it: its width, height, frames and fps."""
