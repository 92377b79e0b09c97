"""How long 200 people wait for their receipts when all of them ask at once.

``python -m bench.receipts`` sends the form of `/sora` 200 times at once to a bot process in which
nothing is rendered, then the same number one after the other arriving evenly. The demo knows a few
people only, so they send it with a raised limit. Then 200 different people ask at the desk itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from statistics import quantiles

from bench import studio
from bench.engines import NOTHING
from bench.figures import published
from bench.report import Figure, main, say
from bench.studio import Window
from db import workers
from db.session import Db
from moderation.desk import Desk
from moderation.rules import Rules
from moderation.wish import Request, Wish

AT_ONCE, QUICK_AT_ONCE = 200, 50
PER_SECOND = 10
LIMIT_SECONDS = 300.0
PEOPLE = ("ada", "bo", "mo", "lin")
PROMPT = "a red circle drifting left over a blue background"

Ask = Callable[[int], Awaitable[object]]


async def measure(quick: bool) -> list[Figure]:
    count = QUICK_AT_ONCE if quick else AT_ONCE
    return [*await _over_http(count), *await _at_the_desk(count)]


async def _over_http(count: int) -> list[Figure]:
    figures = []
    for title, gap in (("all at once", 0.0), ("ten a second", 1 / PER_SECOND)):
        say(f"receipts: {count} forms, {title}")
        with studio.folder() as where:
            async with (
                studio.up(where, workers=0, SORA_QUEUED_CAP=str(2 * count)) as running,
                AsyncExitStack() as stack,
            ):
                await running.answers()
                await _offer(running.db)
                windows = [
                    await stack.enter_async_context(Window.open(running, who)) for who in PEOPLE
                ]

                async def ask(number: int, windows: Sequence[Window] = windows) -> object:
                    return await windows[number % len(windows)].sora(PROMPT)

                rate, p50, p99 = await _asked(ask, count, gap)
                figures += [
                    published(
                        f"receipts: {title}, p50", p50, f"{count} wishes, {rate:.0f} a second"
                    ),
                    published(f"receipts: {title}, p99", p99),
                ]
    return figures


async def _at_the_desk(count: int) -> list[Figure]:
    say(f"receipts: {count} people at the desk")
    with studio.folder() as where:
        async with studio.store(where) as (db, broker):
            await _offer(db)
            desk = Desk(db, broker, Rules())
            crowd = [await studio.known(db, f"artist {number}") for number in range(count)]

            async def ask(number: int) -> object:
                return await desk.submit(
                    crowd[number], Wish(PROMPT), Request(f"bench-{number}", "bench")
                )

            rate, p50, p99 = await _asked(ask, count, 0)
    return [
        Figure("receipts: desk alone, all at once", rate, "a second", f"{count} people"),
        Figure("receipts: desk alone, p50", p50, "ms"),
        Figure("receipts: desk alone, p99", p99, "ms"),
    ]


async def _offer(db: Db) -> None:
    """A model that can be wished for, from a worker that never comes to render."""
    async with db.begin() as s:
        await workers.announce(s, "bench", [NOTHING.offer], "ready")


async def _asked(ask: Ask, count: int, gap: float) -> tuple[float, float, float]:
    """Ask so often, every ``gap`` seconds: answers a second, and of their milliseconds p50 and p99."""

    async def one(number: int) -> float:
        await asyncio.sleep(number * gap)
        asked = time.monotonic()
        await ask(number)
        return time.monotonic() - asked

    began = time.monotonic()
    waits = await asyncio.gather(*(one(number) for number in range(count)))
    rate = count / (time.monotonic() - began)
    hundredths = quantiles(waits, n=100, method="inclusive")
    return rate, hundredths[49] * 1000, hundredths[98] * 1000


if __name__ == "__main__":
    main("receipts", __doc__, measure, LIMIT_SECONDS)
