"""What comes back from the render child: its steps, and the clips it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
    signed: bool = False
    """Whether the video has its credentials; if not, it is given them once it is stored."""

    @staticmethod
    def of(clip: dict[str, Any]) -> Made:
        """As the child tells of it."""
        video, poster, preview = (Path(clip[name]) for name in ("video", "poster", "preview"))
        return Made(clip["seed"], video, poster, preview, clip["signed"])


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render gave, in the order of the brief's seeds, and what its engine took for it."""

    clips: tuple[Made, ...]
    notes: tuple[str, ...]
    seconds: float
    energy_wh: float
    energy_measured: bool
    """Whether by the device itself; otherwise it is an estimate."""
