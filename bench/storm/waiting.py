"""Waiting for what nobody tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

POLL_SECONDS = 0.05


async def until(so: Callable[[], object], within: float = float("inf")) -> bool:
    """Return once it is so, or after so many seconds; whether it is."""
    end = time.monotonic() + within
    while True:
        if so():
            return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(POLL_SECONDS)
