"""The whole storm, from an empty folder to what is left to count."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from bench.report import say
from bench.storm import afterwards, promises, standing
from bench.storm.crowd import Crowd
from bench.storm.house import BOTS, House, opened
from bench.storm.keeper import Keeper
from bench.storm.promises import Promise
from bench.storm.towns import Towns
from bench.storm.weather import Weather
from db.media import Media
from db.models import Job, Post, Telling, utcnow
from db.session import Db
from db.states import FINISHED, Kind, Status

WISHES_EACH, MOST_ARTISTS = 6, 20
WORKERS, VOTERS = 3, 6
"""Of the studio, and in each town."""
RENDERED = 0.8
"""The storm goes on until all wishes are made, and so many of the jobs are rendered or over."""
OVER = FINISHED | {Status.CANCELLED, Status.FAILED, Status.BLOCKED}
LOOK_SECONDS = 1.0
QUIET_SECONDS = 150.0
"""So long nothing may happen at all; it is longer than a lease, a claim, or the wait for a message of
which nobody knows whether it arrived."""
COUNT_SECONDS, SAY_SECONDS = 5.0, 15.0


@dataclass
class Report:
    """What the weather was, and what is left of it."""

    weather: Weather
    crowd: Crowd
    jobs: Counter[Status] = field(default_factory=Counter)
    promises: list[Promise] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)
    """What the logs say that has to be expected, and how often."""
    requeued: int = 0
    calm_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def broken(self) -> list[Promise]:
        return [promise for promise in self.promises if not promise.kept]


class Stuck(Exception):
    """Nothing happens any more, and not all is done."""


async def storm(
    where: Path, wishes: int, seed: int, *, workers: int = WORKERS, hurried: bool = False
) -> Report:
    """Run it in this empty folder, whose path must be short. Raises ``TimeoutError`` when the studio
    doesn't start.

    ``hurried``: once it is over, what killed workers and bots held runs out now, not in half a minute.
    """
    began, keeper = time.monotonic(), Keeper()
    artists = min(max(6, wishes // WISHES_EACH), MOST_ARTISTS)
    async with Towns(BOTS, artists, VOTERS) as towns:
        try:
            say("storm: the studio starts")
            house = await opened(where, towns, keeper, workers)
            report = await _through(house, towns, where, wishes, seed, hurried)
            await house.db.close()
        finally:
            killed = await keeper.stop()
    report.promises += afterwards.of_processes(where, keeper.kept, killed)
    found, report.expected = afterwards.of_logs(where / "logs")
    report.promises.append(found)
    report.seconds = time.monotonic() - began
    return report


async def _through(
    house: House, towns: Towns, where: Path, wishes: int, seed: int, hurried: bool
) -> Report:
    weather = Weather(house, towns, seed, where / "weather.jsonl")
    crowd = Crowd(towns, wishes, seed)
    report, watch = Report(weather, crowd), _Watch(house.db, towns, crowd)
    say("storm: it begins")
    async with _beside(crowd.moderate()):
        try:
            weathering = _beside(weather.run(), crowd.pass_by())
            async with _beside(crowd.wish()) as (wishing,), weathering as tasks:
                while not await watch.rendered() or not wishing.done():
                    await watch.look(wishing, *tasks)
            say(f"storm: it was {weather.seconds:.0f} s long")
            calm = time.monotonic()
            await house.keeper.ready()
            if hurried:
                await _lapse(house.db)
            while not await watch.settled():
                await watch.look()
            report.calm_seconds = time.monotonic() - calm
        except Stuck as stuck:
            say(f"storm: {stuck}")
    books = await promises.read(house.db)
    report.jobs = Counter(job.status for job in books.jobs)
    report.requeued = sum(kinds[Kind.REQUEUED] for kinds in books.happened.values())
    report.promises += promises.of_jobs(books, crowd)
    report.promises += promises.of_outbox(books)
    report.promises += standing.of_cards(books, towns)
    report.promises.append(await standing.of_looks(house.db, books, towns))
    report.promises += await promises.of_votes(house.db, books, crowd)
    report.promises += promises.of_files(books, Media(where / "data" / "media"))
    report.promises += await afterwards.of_books(house.env)
    report.promises.append(promises.none("requests that the chats don't know", towns.violations))
    return report


async def _lapse(db: Db) -> None:
    past = utcnow() - timedelta(seconds=1)
    unsure, idle = (
        col(Post.doubtful_until).is_not(None),
        col(Post.painted_at) < past - timedelta(seconds=5),
    )
    rendering, untold = col(Job.status) == Status.RENDERING, col(Telling.told_at).is_(None)
    async with db.begin() as s:
        await s.execute(update(Job).where(rendering).values(lease_until=past))
        await s.execute(update(Telling).where(untold).values(not_before=past))
        await s.execute(update(Post).where(unsure, idle).values(doubtful_until=past))


class _beside:
    """Let these go on meanwhile, and end with this."""

    def __init__(self, *work: Coroutine[Any, Any, None]) -> None:
        self._work = work

    async def __aenter__(self) -> list[asyncio.Task[None]]:
        self._tasks = [asyncio.create_task(one) for one in self._work]
        return self._tasks

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


class _Watch:
    """Looks at how far all is, and says so; the database may be away while it does."""

    def __init__(self, db: Db, towns: Towns, crowd: Crowd) -> None:
        self._db, self._towns, self._crowd = db, towns, crowd
        self._seen: object = ""
        self._changed = self._said = self._counted = time.monotonic()

    async def rendered(self) -> bool:
        """Whether most of what there is has been rendered, or is over."""
        seen = await self._glance()
        jobs = dict(seen.jobs) if seen is not None else {}
        over = sum(count for status, count in jobs.items() if status in OVER)
        return bool(jobs) and over >= RENDERED * sum(jobs.values())

    async def settled(self) -> bool:
        """Whether nothing is left to be done, told or counted."""
        seen = await self._glance()
        if seen is None or not seen.is_quiet or time.monotonic() < self._counted + COUNT_SECONDS:
            return False
        self._counted = time.monotonic()
        books = await promises.read(self._db)
        votes = await promises.of_votes(self._db, books, self._crowd)
        left = [*votes, *standing.of_cards(books, self._towns)]
        return not promises.stuck(books) and all(promise.kept for promise in left)

    async def look(self, *tasks: asyncio.Task[None]) -> None:
        """A little later. Raises ``Stuck``, and what has ended one of these."""
        await asyncio.sleep(LOOK_SECONDS)
        for task in tasks:
            if task.done():
                task.result()
        now = time.monotonic()
        if now > self._changed + QUIET_SECONDS:
            raise Stuck(f"nothing has happened for {QUIET_SECONDS:.0f} s")
        if now > self._said + SAY_SECONDS:
            self._said = now
            say(f"storm: {self._seen}")

    async def _glance(self) -> promises.Glance | None:
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                seen = await promises.glance(self._db)
        except (DBAPIError, OSError):
            return None
        # Slack's cards are compared one by one, slowly, after each start of a bot.
        compared = len(self._towns.slack.requested("reactions.get"))
        now = (seen, len(self._crowd.told), compared)
        if now != self._seen:
            self._seen, self._changed = now, time.monotonic()
        return seen
