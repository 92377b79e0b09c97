"""What the parts of a studio cost for each wish, measured by calling them: on PostgreSQL, one after the
other, with nobody else there."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import aiohttp
from sqlalchemy import insert, text

from bench import studio
from bench.asking import p95
from bench.encode import FPS, LARGE, film_of
from bench.report import say
from bot.announce import announce
from bot.by_sign import seeds
from bot.card import Card
from bot.room import Room
from db import events
from db.broker import Broker
from db.models import Job
from db.models import Person as Row
from db.session import Db
from db.states import Purpose, Verdict
from gen import encode
from moderation import forecast
from moderation.people import Person, Role
from moderation.plan import plan
from moderation.wish import Request, Wish
from tests.support import servers
from tests.support.databases import Postgres
from tests.support.rooms import MemoryRoom
from tests.support.studio import OFFER, Studio

LIVES, QUICK_LIVES = 100, 15
WARM = 5
FOUR = OFFER.model_copy(update={"variations": 4})
IN_LINE = (100, 1000, 4000)
EACH = 4
"""Of one person's, in those lines."""
LOOKS, QUICK_LOOKS = 10, 3
PAGES, QUICK_PAGES = 100, 20
SETTLE_SECONDS = 1.5
"""PostgreSQL's own figures are a second late."""
STATISTICS = text(
    "SELECT xact_commit + xact_rollback, active_time, pg_database_size(datname) "
    "FROM pg_stat_database WHERE datname = current_database()"
)


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds, counts and bytes of one wish that goes all the way."""

    desk: float
    """Of the bot, for the wish, a review and a vote."""
    told: float
    """Of the bot, in each room, with nobody in line."""
    rounds: float
    """In which a room is told of it; each looks at the whole line."""
    transactions: float
    database: float
    database_bytes: float
    cards: Mapping[tuple[str, Purpose | None], float]
    """How many are "shown" and "edited" in one place, with how many "seeds" and "files"."""
    claim: Mapping[int, float]
    """By how many wait."""
    line: Mapping[int, float]
    """To see everybody's place and time."""
    receipt: float
    """To see that a receipt is right."""
    page: float
    """The showcase, nineteen times of twenty."""
    clip_bytes: int

    def of(self, what: str, *purposes: Purpose) -> float:
        return sum(self.cards.get((what, purpose), 0.0) for purpose in purposes)


async def measured(quick: bool) -> Costs:
    """All of them, in a minute or so."""
    lives, looks = (QUICK_LIVES, QUICK_LOOKS) if quick else (LIVES, LOOKS)
    say("scale: a page, a clip")
    page, clip = await _page(QUICK_PAGES if quick else PAGES), await asyncio.to_thread(_clip)
    with (
        servers.postgres_server() as socket,
        servers.valkey_server() as bell,
        tempfile.TemporaryDirectory() as folder,
    ):
        db, broker = (
            Db(await asyncio.to_thread(Postgres(socket).migrated, Path(folder))),
            Broker(f"unix://{bell}"),
        )
        try:
            work = await Studio(db, broker).open([FOUR])
            room, clock = Counting(), Clock()
            say(f"scale: {lives} lives")
            async with db.begin() as s:
                await events.join(s, room.name)
            people = await _people(db, 2 * (WARM + lives))
            for number in range(WARM):
                await _life(work, room, Clock(), people, number)
            room.counts.clear()
            before = await _statistics(db)
            for number in range(WARM, WARM + lives):
                await _life(work, room, clock, people, number)
            after = await _statistics(db)
            grown = [(b - a) / lives for a, b in zip(before, after, strict=True)]
            each = {key: value / lives for key, value in room.counts.items()}
            claim, line, receipt, there = {}, {}, 0.0, 0
            for waiting in IN_LINE:
                say(f"scale: {waiting:,} in line")
                await _queue(db, there, waiting)
                claim[waiting], line[waiting], receipt = await _looks(work, room, looks)
                there = waiting - looks
        finally:
            await broker.close()
            await db.close()
    return Costs(
        sum(clock.spent["desk"]) / lives, sum(clock.spent["told"]) / lives, len(clock.passed["told"]) / lives,
        grown[0], grown[1] / 1000, grown[2],
        each, claim, line, receipt, page, clip,
    )  # fmt: skip


class Clock:
    """Seconds by what they were spent on: of this process's own core, and as they passed."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, list[float]] = defaultdict(list)
        self.passed: defaultdict[str, list[float]] = defaultdict(list)

    async def time(self, what: str, act: Awaitable[object]) -> None:
        began, own = time.monotonic(), time.process_time()
        await act
        self.spent[what].append(time.process_time() - own)
        self.passed[what].append(time.monotonic() - began)


class Counting(MemoryRoom):
    """Counts what is shown and edited, by purpose; what it is seeded with, and its clips."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.counts: Counter[tuple[str, Purpose | None]] = Counter()

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        self.counts["shown", card.purpose] += 1
        self.counts["seeds", card.purpose] += len(seeds(card))
        self.counts["files", card.purpose] += len(card.clips)
        return await super().show(place, card, key, since)

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        self.counts["edited", card.purpose] += 1
        return await super().update(place, message, card, key, since)


async def _life(
    work: Studio, room: Counting, clock: Clock, people: list[Person], number: int
) -> None:
    """One wish from its beginning until it is voted for; the room hears of each step."""
    moderator, *others = people
    artist, voter = others[number], others[-number - 1]
    asked = Request(f"scale-{number}", room.name)
    await clock.time("desk", work.desk.submit(artist, Wish("a red circle", variations=4), asked))
    await clock.time("told", _hear(work.db, room))
    job = await work.claim()
    assert job is not None
    await clock.time("told", _hear(work.db, room))
    assert await work.finish(job)
    await clock.time("told", _hear(work.db, room))
    await clock.time("desk", work.desk.review(moderator, job.id, Verdict.APPROVE))
    await clock.time("told", _hear(work.db, room))
    await clock.time("desk", work.desk.vote(voter, job.id, 1))
    await clock.time("told", _hear(work.db, room))


async def _hear(db: Db, room: Room) -> None:
    """As the feed tells it."""
    while True:
        async with db.begin() as s:
            claims = await events.claim(s, room.name, 20)
        if not claims:
            return
        async with db.read() as s:
            line = await forecast.of_line(s)
        for claim in claims:
            await announce(db, room, claim.job_id, line)
            async with db.begin() as s:
                await events.mark_told(s, claim)


async def _people(db: Db, count: int) -> list[Person]:
    """A moderator, and so many others."""
    others = [await studio.known(db, f"artist {number}") for number in range(count)]
    return [await studio.known(db, "Mo", Role.MODERATOR), *others]


async def _statistics(db: Db) -> list[float]:
    """Transactions, milliseconds at work, bytes."""
    await asyncio.sleep(SETTLE_SECONDS)
    async with db.read() as s:
        return [float(value) for value in (await s.execute(STATISTICS)).one()]


async def _queue(db: Db, there: int, wanted: int) -> None:
    """Make the line so long."""
    async with db.begin() as s:
        people = [Row(name=f"{wanted}-{number}") for number in range((wanted - there) // EACH + 1)]
        s.add_all(people)
        await s.flush()
        rows = [
            _waiting(people[number // EACH].id, f"line-{wanted}-{number}")
            for number in range(wanted - there)
        ]
        await s.execute(insert(Job), rows)


async def _looks(work: Studio, room: Counting, looks: int) -> tuple[float, float, float]:
    """Seconds of a claim, of everybody's place and time, and of one receipt that is right already.

    Claims wait for one another, so their time is that which passes.
    """
    clock = Clock()
    for _ in range(looks):
        await clock.time("claim", work.claim())
        async with work.db.read() as s:
            await clock.time("line", forecast.of_line(s))
            line = await forecast.of_line(s)
        job_id = next(iter(line))
        await announce(work.db, room, job_id, line)
        await clock.time("receipt", announce(work.db, room, job_id, line))
    claim = median(clock.passed["claim"])
    return claim, median(clock.spent["line"]), median(clock.spent["receipt"])


def _waiting(person_id: int, key: str) -> dict[str, object]:
    job = plan(Wish("a red circle"), Request(key, "bench"), person_id, [FOUR])
    return job.model_dump(exclude={"id"})


async def _page(times: int) -> float:
    """The showcase of a studio of one process."""
    with studio.folder() as where:
        async with studio.up(where, workers=0) as running:
            await running.answers()
            async with aiohttp.ClientSession() as session:
                return await p95(session, running.page, lambda: "/as/bo/showcase", times)


def _clip() -> int:
    """Bytes of a clip's three files."""
    with tempfile.TemporaryDirectory() as name:
        files = encode.clip(film_of(*LARGE), FPS, Path(name), "clip")
        return sum(path.stat().st_size for path in (files.video, files.poster, files.preview))
