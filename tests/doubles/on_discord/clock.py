"""The double's own time, which a test may move, and the ids that are made of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

EPOCH = 1420070400.0
"""Discord's: the first second of 2015."""


class Clock:
    """Runs as fast as the real one, from wherever the test has put it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._last = 0

    def time(self) -> float:
        return time.time() + self._ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def later(self, **by: float) -> None:
        """Move on, in the words of timedelta: `later(minutes=16)`."""
        self._ahead += timedelta(**by).total_seconds()

    def new_id(self) -> int:
        """A snowflake: unique, and later ones are greater."""
        self._last = max(self._last + 1, int((self.time() - EPOCH) * 1000) << 22)
        return self._last


def made_at(snowflake: int) -> float:
    return (snowflake >> 22) / 1000 + EPOCH


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
