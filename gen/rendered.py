"""What goes to the render child beside a brief, and what comes back: its steps, the clips it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict


class Classifying(TypedDict):
    """What the child is to look at frames with: a classifier's folder, and how sure it has to be of which
    labels, 0 to 1."""

    folder: str
    thresholds: Mapping[str, float]


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
    hashes: tuple[str, ...] = ()
    """Perceptual hashes of frames of it."""
    marks: dict[str, float] = field(default_factory=dict)
    """What a classifier saw in them."""
    signed: bool = False
    """Whether the video has its credentials; if not, it is given them once it is stored."""

    @classmethod
    def of(cls, clip: dict[str, Any]) -> Made:
        """What a child answers of one."""
        video, poster, preview = (Path(clip[name]) for name in ("video", "poster", "preview"))
        shown = tuple(clip["hashes"]), clip["marks"]
        return cls(clip["seed"], video, poster, preview, *shown, clip["signed"])


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a render gave, in the order of the brief's seeds, and what its engine took for it."""

    clips: tuple[Made, ...]
    notes: tuple[str, ...]
    seconds: float
    energy_wh: float
    energy_measured: bool
    """Whether by the device itself; otherwise it is an estimate."""
    memory: int | None = None
    """Bytes of graphics cards that it held at most; None where there is none."""
    load_seconds: float = 0.0
    """How long it waited for its model to be ready, and, if it was lent, for whoever looks at it; none of
    ``seconds``."""
    approximations: tuple[str, ...] = ()
    """What it gave up of exactness for speed."""
    shape: Mapping[str, int] = field(default_factory=dict)
    """Of a film, whose clips decide it: its width, height, frames and fps."""

    @property
    def used(self) -> dict[str, Any]:
        """What its job's row says of it."""
        return {
            "approximations": list(self.approximations),
            "load_seconds": self.load_seconds,
            "compute_seconds": self.seconds,
            "energy_wh": self.energy_wh,
            "energy_measured": self.energy_measured,
            **self.shape,
        }

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Rendered:
        """What the child answers when it is done."""
        clips = tuple(Made.of(clip) for clip in answer["clips"])
        took = (answer[key] for key in ("seconds", "energy_wh", "energy_measured", "memory"))
        return cls(clips, tuple(answer["notes"]), *took)
