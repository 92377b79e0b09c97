"""The port between the studio and a video model.

An engine lives in the render child process and nowhere else, so it may block, use all the memory it
likes and be killed at any time. It knows nothing of jobs, people or the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from db.states import Task as Task  # engines import it from here

Picture = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

Film = NDArray[np.uint8]
"""RGB, shape (frames, height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Style:
    """A LoRA that is laid over the model: where its weights are, and how strongly it acts."""

    source: str
    strength: float
    weight_name: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """One request to an engine: every variation of one job, so that the engine may batch them."""

    prompt: str
    seeds: tuple[int, ...]
    width: int
    height: int
    frames: int
    fps: int
    steps: int
    guidance: float
    negative: str = ""
    task: Task = Task.TEXT
    first: Picture | None = None
    """What the clip begins with, in any size: for IMAGE and FRAMES."""
    last: Picture | None = None
    """What it ends with, in any size: for FRAMES."""
    film: Film | None = None
    """For EXTEND the last frames of a clip, the newest last; for VIDEO the clip that is redrawn."""
    strength: float = 0.7
    """How far a redrawn clip may leave ``film``, from 0 (not at all) to 1 (entirely)."""
    near: tuple[tuple[int, float], ...] = ()
    """The clip that every variation stays near to, as (seed, how far towards it), each from what the
    ones before make; empty lets each go its own way."""
    vary: float = 0.0
    """How far from that clip: 0 gives it itself, 1 knows nothing of it."""
    final_size: tuple[int, int] | None = None
    """Of a draft: width and height of its final, whose noise it takes so that it looks like it."""
    style: Style | None = None
    upscale: bool = False
    """Twice as wide and high in the end; no engine's affair, as ``smooth`` is."""
    smooth: bool = False
    """Twice as many frames a second in the end."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where a brief's pictures and film lie until the render child reads them."""

    first: Path | None = None
    last: Path | None = None
    film: Path | None = None

    def files(self) -> dict[str, str]:
        """The paths that there are, by name."""
        named = {"first": self.first, "last": self.last, "film": self.film}
        return {name: str(path) for name, path in named.items() if path is not None}


NOTHING = Inputs()


@dataclass(frozen=True, slots=True)
class Sound:
    """What a model lets one hear with its frames: float32 samples (channels, n) in [-1, 1]."""

    samples: NDArray[np.float32]
    rate: int
    """Samples per second."""


@dataclass(frozen=True, slots=True)
class Take:
    """One finished variation: its seed, its frames and, where the model makes any, its sound."""

    seed: int
    film: Film
    sound: Sound | None = None


class Stopped(Exception):
    """Raised by ``Progress`` when the render is no longer wanted; the engine lets it through."""


class CannotMake(Exception):
    """The engine can't do this brief; the message is one sentence a person can act on."""


class Progress(Protocol):
    """Called by the engine after every denoising step, at least."""

    def __call__(self, done: int, total: int, preview: Picture | None = None) -> None:
        """Report ``done`` of ``total`` steps. Raises ``Stopped`` when the render must end now."""


class Ready(Protocol):
    """Called by the engine with each take as soon as it is finished, in the order of the seeds."""

    def __call__(self, take: Take, /) -> None:
        """Take it; this doesn't wait for what is done with it while the next is still made."""


class Engine(Protocol):
    """What every engine family offers. Built as ``Family(**options)`` with the entry's options."""

    def load(self) -> None:
        """Bring the weights into memory. Raises ``CannotMake`` when they are missing or unusable."""

    def make(self, brief: Brief, progress: Progress, ready: Ready) -> tuple[str, ...]:
        """Render the brief; every take is given to ``ready``.

        Returns what the artist should be told about them, each one plain sentence, e.g. that a word of
        the prompt is unknown to the model. Raises ``Stopped`` or ``CannotMake``; the engine stays usable
        after both.
        """

    def close(self) -> None:
        """Free what ``load`` took."""
