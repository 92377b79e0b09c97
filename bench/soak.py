"""Whether a studio stays as it is: memory, open files, threads and tasks over 10,000 jobs.

``python -m bench.soak`` takes jobs through their whole life with a model that does nothing: a form sent,
a render, a moderator's yes, a vote and the showcase, until the ballot closes; before an open window. Now
and then it lets the studio come to rest and notes what each process has. What a job leaves behind shows
as a slope.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

import aiohttp
import psutil
from sqlalchemy import select
from sqlmodel import col

from bench import studio
from bench.engines import NOTHING, catalogue_file
from bench.figures import published
from bench.memory import BOT, CHILD, WORKER
from bench.report import Figure, main, say
from bench.studio import POLL_SECONDS, Studio, Window
from bot.signs import Sign
from db import events
from db.models import Job
from db.states import Status

JOBS, QUICK_JOBS = 10_000, 500
LOOKS = 50
"""How often it is noted what each process has; a fifth of them while it warms up."""
AT_ONCE = 20
PARTS = {"bot": BOT, "worker": WORKER, "render child": CHILD}
ARTISTS, MODERATORS = ("ada", "bo"), ("mo", "lin")
BALLOT_HOURS = 0.05
PATIENCE = 120.0
CALM_SECONDS = 1.0
LIMIT_SECONDS = 7200.0
TASKS = re.compile(r"^sora_event_loop_tasks ([\d.e+]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Held:
    """What one process has; ``tasks`` on its event loop, 0 where it has none."""

    memory_mb: float
    handles: int
    threads: int
    tasks: int

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.handles, self.threads, self.tasks


@dataclass(frozen=True, slots=True)
class Look:
    """What there is after so many jobs; ``files``: of renders, left where they were made."""

    jobs: int
    parts: Mapping[str, Held]
    files: int
    database_mb: float

    @property
    def counts(self) -> dict[str, tuple[int, int, int]]:
        return {part: held.counts for part, held in self.parts.items()}


async def measure(quick: bool) -> list[Figure]:
    total = QUICK_JOBS if quick else JOBS
    with studio.folder() as where:
        async with Soak.of(where) as soak:
            looks, began = [], time.monotonic()
            for _ in range(LOOKS):
                await soak.live(total // LOOKS)
                looks.append(await soak.at_rest())
                say(f"soak: {_said(looks[-1])}")
            rate = total / (time.monotonic() - began)
    steady = looks[LOOKS // 5 :]
    of = f"in {total:,} jobs, {rate:.1f} a second"
    return [
        *(
            published(f"soak: memory of the {part}", _memory(steady, part), of)
            for part in steady[0].parts
        ),
        *(
            published(f"soak: {what}", _grown(steady, number))
            for number, what in enumerate(("open files", "threads", "tasks"))
        ),
        published("soak: files of renders left", looks[-1].files),
        Figure(
            "soak: database", slope([(k.jobs, k.database_mb) for k in steady]), "MB", "per 1,000"
        ),
    ]


class Soak:
    """A studio with four people in it."""

    def __init__(
        self, where: Path, running: Studio, windows: Mapping[str, Window], worker_page: str
    ) -> None:
        self._data = where / "data"
        self._running = running
        self._pages = (running.page, worker_page)
        self._windows = windows
        self._done = 0

    @classmethod
    @asynccontextmanager
    async def of(cls, where: Path) -> AsyncIterator[Soak]:
        """In this folder, until left."""
        models = catalogue_file(where / "models.toml", NOTHING)
        port = studio.free_port()
        settings = {
            "SORA_MODELS": str(models), "SORA_METRICS": "1", "SORA_WORKER_METRICS_PORT": str(port),
            "SORA_QUEUED_CAP": str(AT_ONCE), "SORA_NEWCOMER_PUBLICATIONS": "0",
            "SORA_REVIEWS_PER_HOUR": "0", "SORA_BALLOT_HOURS": str(BALLOT_HOURS),
        }  # fmt: skip
        async with studio.up(where, workers=1, **settings) as running, AsyncExitStack() as stack:
            await running.answers()
            await running.worker_ready()
            windows = {
                who: await stack.enter_async_context(Window.open(running, who, keep=False))
                for who in (*ARTISTS, *MODERATORS)
            }
            reading = asyncio.create_task(_read(windows["mo"], "review"))
            try:
                yield cls(where, running, windows, f"http://127.0.0.1:{port}")
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def live(self, count: int, at_once: int = AT_ONCE) -> None:
        """Take so many jobs through their whole life."""
        for begun in range(0, count, at_once):
            numbers = range(self._done, self._done + min(at_once, count - begun))
            made = await asyncio.gather(
                *(self._windows[ARTISTS[n % 2]].sora("nothing at all") for n in numbers)
            )
            await self._until_in_review(made)
            for who, sign in ((MODERATORS, Sign.APPROVE), (ARTISTS[::-1], Sign.VOTE_1)):
                pressed = zip(numbers, made, strict=True)
                await asyncio.gather(
                    *(self._windows[who[n % 2]].press(sign, j) for n, j in pressed)
                )
            self._done += len(numbers)

    async def at_rest(self) -> Look:
        """What there is once every room has heard of everything."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self._running.db.read() as s:
                    if not await events.untold(s):
                        break
                await asyncio.sleep(POLL_SECONDS)
        await asyncio.sleep(CALM_SECONDS)
        return await self.look()

    async def look(self) -> Look:
        running, tasks = self._running, [0, 0, 0, 0]
        tasks[:2] = [await _tasks(page) for page in self._pages]
        found = [*(running.part(*words) for words in PARTS.values()), running.broker()]
        held = [_held(process, number) for process, number in zip(found, tasks, strict=True)]
        left = [*self._data.glob("renders/**/*"), *self._data.glob("media/**/.partial*")]
        size = sum(file.stat().st_size for file in self._data.glob("sora.db*"))
        parts = dict(zip((*PARTS, "broker"), held, strict=True))
        return Look(self._done, parts, sum(path.is_file() for path in left), size / 1e6)

    async def _until_in_review(self, made: Sequence[int]) -> None:
        waits = select(col(Job.id)).where(
            col(Job.id).in_(made), col(Job.status) != Status.IN_REVIEW
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self._running.db.read() as s:
                    if not (await s.scalars(waits)).all():
                        return
                await asyncio.sleep(POLL_SECONDS)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """What 1,000 jobs add: the median over all pairs of points (Theil and Sen), which a few odd ones
    don't move."""
    return 1000 * median((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))


def _memory(looks: Sequence[Look], part: str) -> float:
    return max(slope([(look.jobs, look.parts[part].memory_mb) for look in looks]), 0.0)


def _grown(looks: Sequence[Look], number: int) -> int:
    """How many of these 1,000 jobs add in all processes together."""
    slopes = [
        slope([(look.jobs, look.parts[part].counts[number]) for look in looks])
        for part in looks[0].parts
    ]
    return round(sum(max(each, 0.0) for each in slopes))


def _held(process: psutil.Process, tasks: int) -> Held:
    with process.oneshot():
        memory = process.memory_info().rss / 1e6
        return Held(memory, process.num_fds(), process.num_threads(), tasks)


async def _tasks(page: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{page}/metrics") as answer:
        found = TASKS.search(await answer.text())
    assert found is not None
    return int(float(found[1]))


async def _read(window: Window, place: str) -> None:
    async with window.live(place) as slots:
        async for _ in slots:
            pass


def _said(look: Look) -> str:
    parts = [
        f"{part} {held.memory_mb:.1f} MB {held.handles}/{held.threads}/{held.tasks}"
        for part, held in look.parts.items()
    ]
    return f"{look.jobs:,} jobs: {'; '.join(parts)}; database {look.database_mb:.1f} MB"


if __name__ == "__main__":
    main("soak", __doc__, measure, LIMIT_SECONDS)
