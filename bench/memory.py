"""What a studio in which nothing happens takes: memory of each process, and processor time.

``python -m bench.memory`` starts a studio, waits until its model is loaded, and asks the system for
the resident memory of each process. It also looks into the bot for libraries that don't belong there.
"""

from __future__ import annotations

import asyncio
import sys
import time

from bench import studio
from bench.report import Figure, main, say

PARTS = {
    "bot": ("-m", "bot", "bot"),
    "worker": ("-m", "gen.worker"),
    "render child, model loaded": ("-m", "gen.child"),
}
AT_MOST_MB = {"bot": 150.0}
CALM_SECONDS = 5.0
LIMIT_SECONDS = 240.0


async def measure(quick: bool) -> list[Figure]:
    say("memory: starting a studio")
    with studio.folder() as where:
        async with studio.up(where) as running:
            await running.answers()
            await running.worker_ready()
            await asyncio.sleep(CALM_SECONDS)
            busy, began = running.busy_seconds(), time.monotonic()
            await asyncio.sleep(CALM_SECONDS)
            busy = (running.busy_seconds() - busy) / (time.monotonic() - began)
            figures = [
                Figure(
                    f"memory: {name}",
                    running.part(*words).memory_info().rss / 1e6,
                    "MB",
                    at_most=AT_MOST_MB.get(name),
                )
                for name, words in PARTS.items()
            ]
            if sys.platform == "linux":
                maps = running.part(*PARTS["bot"]).memory_maps()
                torch = sum(mapped.rss for mapped in maps if "/torch/" in mapped.path) / 1e6
                figures.append(Figure("memory: torch in the bot", torch, "MB", at_most=0))
            supervisor = running.process.memory_info().rss / 1e6
            figures.append(Figure("memory: supervisor", supervisor, "MB"))
            figures.append(Figure("at rest: processor time of all", busy * 1000, "ms/s"))
    return figures


if __name__ == "__main__":
    main("memory", __doc__, measure, LIMIT_SECONDS)
