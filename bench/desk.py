"""The desk's verbs on SQLite, and what a long line costs.

``python -m bench.desk`` takes jobs one after the other through the desk, with a real database and a
real broker and nobody else there; then puts 1,000 jobs of 100 people into the line.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable
from statistics import median
from typing import TypeVar

from bench import studio
from bench.engines import NOTHING
from bench.figures import published
from bench.report import Figure, main, say
from db import renders, workers
from db.broker import Broker
from db.line import Hand
from db.models import Clip, Job
from db.session import Db
from db.states import Verdict
from moderation import forecast
from moderation.desk import Desk
from moderation.people import Person, Role
from moderation.plan import plan
from moderation.rules import Rules
from moderation.wish import Request, Wish

WALKS, QUICK_WALKS = 100, 20
WAITING, QUICK_WAITING = 1000, 200
ARTISTS = 100
LOOKS = 10
LIMIT_SECONDS = 300.0
WISH = Wish("a red circle drifting left over a blue background")

T = TypeVar("T")


class Stopwatch:
    """Seconds by what they were spent on."""

    def __init__(self) -> None:
        self._took: dict[str, list[float]] = defaultdict(list)

    async def time(self, what: str, act: Awaitable[T]) -> T:
        began = time.monotonic()
        result = await act
        self._took[what].append(time.monotonic() - began)
        return result

    def medians(self) -> dict[str, float]:
        return {what: median(took) for what, took in self._took.items()}


async def measure(quick: bool) -> list[Figure]:
    with studio.folder() as where:
        async with studio.store(where) as (db, broker):
            async with db.begin() as s:
                await workers.announce(s, "bench", [NOTHING.offer], "ready")
            say("desk: verbs")
            steps = await verbs(db, broker, QUICK_WALKS if quick else WALKS)
            waiting = QUICK_WAITING if quick else WAITING
            say(f"desk: {waiting} jobs in line")
            line = await _line(db, broker, waiting)
    return [
        *(Figure(f"desk: {verb}", 1 / took, "/s") for verb, took in steps.items()),
        *(
            Figure(f"desk: {what}, {waiting:,} in line", line[what] * 1000, "ms")
            for what in ("submit", "claim")
        ),
        published("desk: places and ETAs", line["places and ETAs"] * 1000, f"{waiting:,} in line"),
    ]


async def verbs(db: Db, broker: Broker, count: int) -> dict[str, float]:
    """Seconds of every verb on a public job's way, with nobody else there."""
    watch, desk = Stopwatch(), Desk(db, broker, Rules())
    ada = await studio.known(db, "Ada")
    mo = await studio.known(db, "Mo", Role.MODERATOR)
    bo = await studio.known(db, "Bo")
    for number in range(count):
        job = await watch.time("submit", desk.submit(ada, WISH, _request(number)))
        claimed = await watch.time("claim", _claim(db))
        assert claimed is not None
        assert claimed.id == job.id
        await watch.time("finish", _finish(db, claimed))
        await watch.time("review", desk.review(mo, job.id, Verdict.APPROVE))
        await watch.time("vote", desk.vote(bo, job.id, 1))
    return watch.medians()


async def _line(db: Db, broker: Broker, count: int) -> dict[str, float]:
    """Seconds that a long line costs."""
    watch, desk = Stopwatch(), Desk(db, broker, Rules(queued_cap=count))
    crowd = [await studio.known(db, f"artist {number}") for number in range(ARTISTS)]
    async with db.begin() as s:
        s.add_all(_job(crowd[number % ARTISTS], f"waiting-{number}") for number in range(count))
    for look in range(LOOKS):
        await watch.time("submit", desk.submit(crowd[look], WISH, _request(WALKS + look)))
        await watch.time("claim", _claim(db))
        await watch.time("places and ETAs", _forecast(db))
    return watch.medians()


def _request(number: int) -> Request:
    return Request(f"bench-{number}", "bench")


def _job(artist: Person, key: str) -> Job:
    return plan(WISH, Request(key, "bench"), artist.id, [NOTHING.offer])


async def _claim(db: Db) -> Job | None:
    async with db.begin() as s:
        return await renders.claim_next(s, "bench", Hand({NOTHING.name}), running_cap=LOOKS)


async def _finish(db: Db, job: Job) -> None:
    key = f"{job.id:064x}"
    clip = Clip(
        job_id=job.id,
        number=1,
        seed=job.seed,
        video_key=f"{key}.mp4",
        poster_key=f"{key}.jpg",
        preview_key=f"{key}.webp",
        bytes=1000,
    )
    async with db.begin() as s:
        assert await renders.finish(s, job.id, job.attempt, [clip], ())


async def _forecast(db: Db) -> None:
    async with db.read() as s:
        await forecast.of_line(s)


if __name__ == "__main__":
    main("desk", __doc__, measure, LIMIT_SECONDS)
