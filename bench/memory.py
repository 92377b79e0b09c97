"""What a studio in which nothing happens takes: memory of each process, and processor time.

``python -m bench.memory`` starts a studio, waits until its model is loaded, and asks the system for
the resident memory of each process. It also looks into the bot for libraries that don't belong there.
"""

from __future__ import annotations

import asyncio
import sys
import time

import psutil

from bench import studio
from bench.figures import published
from bench.report import Figure, main, say

BOT, WORKER, CHILD = ("-m", "bot", "bot"), ("-m", "gen.worker"), ("-m", "gen.child")
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
            bot, child = running.part(*BOT), running.part(*CHILD)
            figures = [
                published("memory: bot", _mb(bot)),
                published("memory: render child, model loaded", _mb(child)),
                Figure("memory: worker", _mb(running.part(*WORKER)), "MB"),
                Figure("memory: supervisor", _mb(running.process), "MB"),
            ]
            if sys.platform == "linux":
                torch = sum(part.rss for part in bot.memory_maps() if "/torch/" in part.path) / 1e6
                figures.append(published("memory: torch in the bot", torch))
            figures.append(Figure("at rest: processor time of all", busy * 1000, "ms/s"))
    return figures


def _mb(process: psutil.Process) -> float:
    used: float = process.memory_info().rss / 1e6
    return used


if __name__ == "__main__":
    main("memory", __doc__, measure, LIMIT_SECONDS)
