"""What a worker has measured of itself: how fast each model is here, what it takes, and how busy it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from db.speed import Shape
from db.workers import Measured
from gen.engines.base import Brief

LATEST = 20
"""Renders of a model that count."""
BUSY_SECONDS = 600.0
"""Over how long the busy share is taken."""


class Measures:
    """One per worker."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._measured: dict[str, Measured] = {}
        self._speeds: dict[str, deque[float]] = {}
        self._memory: dict[str, deque[int]] = {}
        self._busy: deque[tuple[float, float]] = deque()
        self._busy_since: float | None = None

    def recall(self, before: Mapping[str, Measured]) -> None:
        """Go on from what one of its name had measured, where nothing new is known."""
        for model, measured in before.items():
            self._measured[model] = {**measured, **self._of(model)}

    def loaded(self, model: str, seconds: float) -> None:
        self._of(model)["load_seconds"] = seconds

    def rendered(self, model: str, brief: Brief, seconds: float, memory: int | None) -> None:
        """``memory``: bytes of the cards, None where there is none."""
        if seconds > 0:
            shape = brief.width, brief.height, brief.frames, brief.steps, len(brief.seeds)
            speeds = self._speeds.setdefault(model, deque(maxlen=LATEST))
            speeds.append(Shape(*shape).work / seconds)
            self._of(model)["speed"] = median(speeds)
        if memory is not None:
            peaks = self._memory.setdefault(model, deque(maxlen=LATEST))
            peaks.append(memory)
            self._of(model)["memory"] = max(peaks)

    @contextmanager
    def rendering(self) -> Iterator[None]:
        """The time within counts as busy."""
        self._busy_since = time.monotonic()
        try:
            yield
        finally:
            self._busy.append((self._busy_since, time.monotonic()))
            self._busy_since = None

    def busy(self) -> float:
        """In which part of the last minutes it rendered, 0 to 1."""
        now = time.monotonic()
        since = max(now - BUSY_SECONDS, self._began)
        while self._busy and self._busy[0][1] < since:
            self._busy.popleft()
        spans = [*self._busy, *([(self._busy_since, now)] if self._busy_since is not None else ())]
        rendered = sum(end - max(begin, since) for begin, end in spans)
        return rendered / (now - since) if now > since else 0.0

    def of_models(self) -> dict[str, Measured]:
        """Model -> what it takes here."""
        return {model: measured.copy() for model, measured in self._measured.items()}

    def load_seconds(self) -> dict[str, float]:
        """Model -> how long it takes to load, where that is known."""
        return {
            model: measured["load_seconds"]
            for model, measured in self._measured.items()
            if "load_seconds" in measured
        }

    def _of(self, model: str) -> Measured:
        return self._measured.setdefault(model, {})
