"""What pages and verbs cost in a studio that holds a million clips and ten million votes.

``python -m bench.million`` plants 250,000 published jobs on SQLite, starts the studio, and asks for
pages at random places; then takes jobs through the desk, each verb beside what it costs in a studio
that is empty, and sweeps.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import aiohttp

from bench import crowd, record, studio
from bench.asking import p95
from bench.desk import verbs
from bench.engines import NOTHING
from bench.figures import DECLARED, PAGE_MS, published
from bench.report import Figure, main, say
from db import workers
from db.broker import Broker
from db.session import Db
from moderation.sweep import sweep

JOBS, QUICK_JOBS = 250_000, 5_000
ASKED, QUICK_ASKED = 200, 40
WALKS = 40
LIMIT_SECONDS = 1800.0


async def measure(quick: bool) -> list[Figure]:
    jobs, asked = (QUICK_JOBS, QUICK_ASKED) if quick else (JOBS, ASKED)
    what = f"{jobs * crowd.CLIPS:,} clips, {jobs * crowd.VOTES:,} votes"
    with studio.folder() as where:
        async with studio.store(where) as (db, broker):
            alone = await _verbs(db, broker)
    with studio.folder() as where:
        async with studio.store(where) as (db, broker):
            await crowd.plant(db, jobs)
            say("million: the record")
            await record.fill(db, 4 * jobs)
            say("million: verbs")
            beside = await _verbs(db, broker)
            await sweep(db, broker)  # takes in what the verbs have left to it
            began = time.monotonic()
            await sweep(db, broker)
            swept = time.monotonic() - began
        say("million: pages")
        async with studio.up(where, workers=0) as started:
            await started.answers()
            pages = await _pages(started.page, jobs, asked)
    return [
        *(_page(f"million: {page}", took * 1000, what) for page, took in pages.items()),
        *(
            Figure(
                f"million: {verb}", took * 1000, "ms", f"{took / alone[verb]:.2f} × an empty studio"
            )
            for verb, took in beside.items()
        ),
        published(
            "million: verbs beside an empty studio", sum(beside.values()) / sum(alone.values())
        ),
        published("million: a sweep", swept * 1000),
    ]


def _page(name: str, ms: float, what: str) -> Figure:
    """Nineteen of twenty answers stayed below it."""
    if name in DECLARED:
        return published(name, ms, what)
    return Figure(name, ms, "ms", what, at_most=PAGE_MS)


async def _verbs(db: Db, broker: Broker) -> dict[str, float]:
    async with db.begin() as s:
        await workers.announce(s, "bench", [NOTHING.offer], "ready")
    return await verbs(db, broker, WALKS)


async def _pages(page: str, jobs: int, asked: int) -> dict[str, float]:
    """Seconds below which nineteen of twenty answers stayed, by what was asked for."""
    chance = random.Random(11)  # noqa: S311  # no secret

    def any_job() -> int:
        return chance.randrange(2, jobs)

    asks: dict[str, Callable[[], str]] = {
        "gallery": lambda: "/as/bo/showcase",
        "gallery, deep": lambda: f"/as/bo/showcase?before={3 * any_job()}",
        "clip": lambda: f"/as/bo/jobs/{any_job()}",
        "review, decided": lambda: f"/as/mo/review?before={3 * any_job()}",
        "own jobs": lambda: "/as/ada/",
        "feed": lambda: "/feed.atom",
        "record": lambda: f"/record?before={4 * any_job()}",
        "record of a job": lambda: f"/record?job={any_job()}",
        "report of a month": lambda: "/record/report",
        "ledger": lambda: f"/ledger?before={2 * any_job()}",
        "ledger of an account": lambda: f"/ledger?account=p-{chance.randrange(1, 10_000):012x}",
        "ledger of a moderator": lambda: f"/ledger?account=p-{chance.randrange(1, 20):012x}",
        "ledger of a job": lambda: f"/ledger?job={any_job()}",
    }
    async with aiohttp.ClientSession() as session:
        return {what: await p95(session, page, ask, asked) for what, ask in asks.items()}


if __name__ == "__main__":
    main("million", __doc__, measure, LIMIT_SECONDS)
