"""The port between the studio and a video model.

An engine lives in the render child process and nowhere else, so it may block, use all the memory it
likes and be killed at any time. It knows nothing of jobs, people or the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""

Film = NDArray[np.uint8]
"""RGB, shape (frames, height, width, 3)."""


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


@dataclass(frozen=True, slots=True)
class Take:
    """One finished variation: its seed and its frames."""

    seed: int
    film: Film


@dataclass(frozen=True, slots=True)
class Result:
    """The takes in the order of the brief's seeds, and what the artist should be told about them.

    A note is one plain sentence, e.g. that a word of the prompt is unknown to the model.
    """

    takes: tuple[Take, ...]
    notes: tuple[str, ...] = ()


class Stopped(Exception):
    """Raised by ``Progress`` when the render is no longer wanted; the engine lets it through."""


class CannotMake(Exception):
    """The engine can't do this brief; the message is one sentence a person can act on."""


class Progress(Protocol):
    """Called by the engine after every denoising step, at least."""

    def __call__(self, done: int, total: int, preview: Picture | None = None) -> None:
        """Report ``done`` of ``total`` steps. Raises ``Stopped`` when the render must end now."""


class Engine(Protocol):
    """What every engine family offers. Built as ``Family(**options)`` with the entry's options."""

    def load(self) -> None:
        """Bring the weights into memory. Raises ``CannotMake`` when they are missing or unusable."""

    def make(self, brief: Brief, progress: Progress) -> Result:
        """Render the brief. Raises ``Stopped`` or ``CannotMake``; the engine stays usable after both."""

    def close(self) -> None:
        """Free what ``load`` took."""
