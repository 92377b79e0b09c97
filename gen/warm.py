"""Which model the render child has in memory, since when, and how long it took to load."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from gen.measures import Measures


class Warm:
    """Of one child after the other."""

    def __init__(self, measures: Measures) -> None:
        self.loaded = ""
        """The model in its memory; empty while there is none."""
        self.since: datetime | None = None
        """Since when it has kept to that one, whatever children came and went."""
        self.loads = 0
        """How often one was loaded."""
        self.kept = ""
        """The model that it was last asked for; empty while it never was."""
        self._measures = measures
        self._switches = False
        self._loading_since: float | None = None

    def ask(self, model: str) -> None:
        """The child is asked for this one, which it may have already."""
        self._switches = model != self.kept
        if self._switches:
            self.kept, self.since = model, datetime.now(UTC)

    def begin(self) -> None:
        """It has begun to load that."""
        self.loaded, self._loading_since = "", time.monotonic()

    def end(self) -> None:
        """It has it."""
        self.loaded = self.kept
        if self._loading_since is not None:
            self.loads += 1
            self._measures.loaded(self.kept, time.monotonic() - self._loading_since)
        if self._switches:
            self.since = datetime.now(UTC)
        self._loading_since = None

    def lose(self) -> None:
        """The child has ended."""
        self.loaded, self._loading_since = "", None
