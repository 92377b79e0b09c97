"""How long the render child may be silent, or go on with what is unwanted: by how long its steps take."""

from __future__ import annotations

import time

LOAD_SECONDS = 1800.0
"""Loading weights from a slow disk, compiling for the first step."""
SILENT_SECONDS = 120.0
"""A child that says nothing for this long, and for ``PATIENCE`` of its steps, hangs."""
PATIENCE = 20
GRACE_SECONDS = 2.0
FIRST_GRACE_SECONDS = 60.0
"""Before the first step of a render nobody knows how long one takes, nor whether it is compiling."""


class Patience:
    """Of one child after the other; what it knows of a model's steps it keeps."""

    def __init__(self) -> None:
        self._heard_at = 0.0
        self._model = ""
        self._slowest = 0.0  # of this render, so far
        self._longest: dict[str, float] = {}  # the same of all renders, by model

    def begin(self, model: str) -> None:
        """A render of this model begins."""
        self._model, self._slowest = model, 0.0

    def hear(self, *, step: bool) -> None:
        """The child said something; ``step``: a step ended with it."""
        now = time.monotonic()
        if step:
            self._slowest = max(self._slowest, now - self._heard_at)
            self._longest[self._model] = max(self._longest.get(self._model, 0.0), self._slowest)
        self._heard_at = now

    def silence(self, ready: bool) -> float:
        """Seconds until a silent child counts as hung. Before its first step it may be compiling."""
        if not ready or not self._slowest:
            return LOAD_SECONDS
        return max(SILENT_SECONDS, PATIENCE * self._slowest)

    def grace(self, ready: bool) -> float:
        """Seconds that an unwanted render may still take: killing a warm model costs its loading."""
        if not ready:
            return LOAD_SECONDS
        grace = GRACE_SECONDS + 2 * self._longest.get(self._model, 0.0)
        return grace if self._slowest else max(grace, FIRST_GRACE_SECONDS)
