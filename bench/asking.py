"""How long a page of a running studio lets people wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import quantiles

import aiohttp


async def p95(
    session: aiohttp.ClientSession, page: str, ask: Callable[[], str], times: int
) -> float:
    """Seconds below which nineteen of twenty answers stayed.

    ``page``: where the studio is; ``ask``: draws a path of it. Raises ``AssertionError`` for an answer
    that is no page.
    """
    took = []
    for _ in range(times):
        path = ask()
        began = time.monotonic()
        async with session.get(page + path) as answer:
            await answer.read()
            assert answer.status == 200, path
        took.append(time.monotonic() - began)
    return quantiles(took, n=20)[-1]
