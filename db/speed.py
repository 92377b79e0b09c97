"""How long a render will take, from how long its like took. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple, Self

from db.states import Task

FEW = 5
"""Renders of one worker that say whether it is slower than others; of fewer, chance says it."""


class Shape(NamedTuple):
    """What decides how long a render takes."""

    width: int
    height: int
    frames: int
    steps: int
    variations: int
    task: Task = Task.TEXT
    upscale: bool = False
    smooth: bool = False

    @classmethod
    def of(cls, job: Any) -> Self:
        """That of a ``Job``."""
        return cls(*(getattr(job, name) for name in cls._fields))

    @property
    def work(self) -> int:
        return self.width * self.height * self.frames * max(self.steps, 1) * self.variations


class Render(NamedTuple):
    """A finished render: seconds it took without the loading of its model, seconds from submission to
    result, what was promised, and by which worker."""

    shape: Shape
    took: float
    waited: float
    promised: float | None
    worker: str = ""


def estimate(shape: Shape, recent: Sequence[Render]) -> float | None:
    """Seconds a render of this shape will take, or None when nothing was rendered yet.

    Renders of the very same shape are the best witnesses; failing that, time is taken as proportional
    to pixels x frames x steps x variations.
    """
    alike = [render.took for render in recent if render.shape == shape]
    if alike:
        return median(alike)
    if recent:
        return median(render.took / render.shape.work for render in recent) * shape.work
    return None


def pace(worker: str, recent: Sequence[Render]) -> float:
    """How many times as long as the estimate of all this worker takes, like compared with like; 1 until
    there are ``FEW`` renders to tell it by."""
    own = [render for render in recent if render.worker == worker]
    if len(own) < FEW:
        return 1.0
    usual = {shape: estimate(shape, recent) for shape in {render.shape for render in own}}
    ratios = [render.took / seconds for render in own if (seconds := usual[render.shape])]
    return median(ratios) if ratios else 1.0


def eta_error(finished: Sequence[Render]) -> float | None:
    """The median of |waited - promised| / waited, or None when nothing was promised."""
    errors = [
        abs(render.waited - render.promised) / render.waited
        for render in finished
        if render.promised is not None and render.waited > 0
    ]
    return median(errors) if errors else None
