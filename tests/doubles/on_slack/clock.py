"""The double's own time, which a test may move, and the ids and timestamps that it hands out."""

from __future__ import annotations

import time
from datetime import timedelta

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Clock:
    """Runs as fast as the real one, from wherever the test has put it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._last = 0
        self._ids = 36**8  # so that ids are as long as Slack's from the first

    def time(self) -> float:
        return time.time() + self._ahead

    def later(self, **by: float) -> None:
        """Move on, in the words of timedelta: `later(minutes=31)`."""
        self._ahead += timedelta(**by).total_seconds()

    def ts(self) -> str:
        """A message's timestamp, which is its id: unique, and later ones are greater."""
        self._last = max(self._last + 1, int(self.time() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def id(self, prefix: str) -> str:
        """Such as `U0100000004`: never two alike, whatever they name."""
        self._ids += 1
        number, text = self._ids, ""
        while number:
            number, digit = divmod(number, 36)
            text = DIGITS[digit] + text
        return f"{prefix}0{text}"
