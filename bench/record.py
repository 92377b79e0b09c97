"""What the public record costs with a million entries in it.

``python -m bench.record`` fills the record of a studio on SQLite, starts the studio, and asks for pages
at random places: deep ones, those of one kind and of one job, a month's report, and the JSON that
verifiers read. Then it goes through the whole record as ``sora record verify`` does, and lets the
chronicle copy what has happened to a thousand jobs.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator

import aiohttp

from bench import studio
from bench.asking import p95
from bench.engines import NOTHING
from bench.figures import published
from bench.report import Figure, main, say
from bot import verifying
from db import events, jobs, record
from db.migrate import upgrade
from db.record import Draft
from db.session import Db
from db.states import Kind, Reason
from moderation import transparency
from moderation.chronicle import chronicle
from moderation.plan import plan
from moderation.wish import Request, Wish

ENTRIES, QUICK_ENTRIES = 1_000_000, 50_000
BATCH = 10_000
ASKED, QUICK_ASKED = 200, 40
HAPPENED = 1000
MONTHS = 24
JSON = "JSON of 1,000 entries"
LIMIT_SECONDS = 900.0


async def measure(quick: bool) -> list[Figure]:
    entries, asked = (QUICK_ENTRIES, QUICK_ASKED) if quick else (ENTRIES, ASKED)
    with studio.folder() as where:
        settings = studio.settings_of(where)
        settings.folder.mkdir()
        await asyncio.to_thread(upgrade, settings.database)
        db = Db(settings.database)
        say(f"record: {entries:,} entries")
        began = time.monotonic()
        await fill(db, entries)
        filled = time.monotonic() - began
        async with studio.up(where, workers=0) as started:
            await started.answers()
            pages = await _pages(started.page, entries, asked)
        say("record: verify, and copy")
        began = time.monotonic()
        await verifying.database(settings.database, "", lambda so_far, total: None)
        verified = time.monotonic() - began
        copied = await _copied(db)
        await db.close()
    in_json, size = pages.pop(JSON), f"{entries:,} entries"
    return [
        *(published(f"record: {what}", took * 1000, size) for what, took in pages.items()),
        Figure(f"record: {JSON}", in_json * 1000, "ms", size),
        Figure("record: entries added in batches", entries / filled, "a second"),
        published("record: entries verified", entries / verified),
        Figure("record: events copied by the chronicle", copied, "a second"),
    ]


def _life(job: int, chance: random.Random) -> Iterator[Draft]:
    """The entries of one job, as a studio of a few years has them."""
    month = job * 6 * MONTHS // ENTRIES % MONTHS
    at = f"{2024 + month // 12}-{1 + month % 12:02}-15T12:00:00Z"

    def draft(kind: Kind, by: str, **details: object) -> Draft:
        actor = f"{chance.randrange(50):08x}" if by == "moderator" else None
        return Draft(at, kind, by, job, actor, details)

    waited = int(chance.lognormvariate(6, 2))
    yield draft(Kind.FINISHED, "studio", model="toy", milliseconds=chance.randrange(60_000))
    yield draft(Kind.SENT_TO_REVIEW, "artist")
    yield draft(Kind.REVIEWED, "moderator", verdict="approve", quorum=1)
    if chance.random() < 0.8:
        yield draft(Kind.APPROVED, "moderator", waited=waited)
        yield draft(Kind.BALLOT_CLOSED, "studio", tally={"1": chance.randrange(9)})
        return
    why = [chance.choice(list(Reason)).value]
    yield draft(Kind.REJECTED, "moderator", reasons=why, waited=waited)
    yield draft(Kind.APPEALED, "artist")
    kind = chance.choice([Kind.OVERTURNED, Kind.UPHELD])
    yield draft(kind, "moderator", waited=waited)


async def fill(db: Db, entries: int) -> None:
    """Put so many entries into an empty record."""
    chance = random.Random(7)  # noqa: S311  # no secret
    job, left = 0, entries
    while left:
        drafts: list[Draft] = []
        while len(drafts) < min(BATCH, left):
            job += 1
            drafts += _life(job, chance)
        drafts = drafts[: min(BATCH, left)]
        async with db.begin() as s:
            await record.count(s, transparency.counted(await record.append(s, drafts)))
        left -= len(drafts)


async def _pages(page: str, entries: int, asked: int) -> dict[str, float]:
    """Seconds below which nineteen of twenty answers stayed, by what was asked for."""
    chance = random.Random(11)  # noqa: S311  # no secret

    def somewhere() -> int:
        return chance.randrange(1, entries)

    async with aiohttp.ClientSession() as session:
        async with session.get(f"{page}/record/report.json") as answer:
            months = (await answer.json())["months"]
        asks: dict[str, Callable[[], str]] = {
            "page": lambda: f"/record?before={somewhere()}",
            "page of a kind": lambda: f"/record?kind=overturned&before={somewhere()}",
            "page of a job": lambda: f"/record?job={chance.randrange(1, entries // 6)}",
            "report of a month": lambda: f"/record/report?month={chance.choice(months)}",
            JSON: lambda: f"/record.json?from={somewhere()}",
        }
        return {what: await p95(session, page, ask, asked) for what, ask in asks.items()}


async def _copied(db: Db) -> float:
    """Events a second."""
    ada = await studio.known(db, "Ada")
    async with db.begin() as s:
        for number in range(HAPPENED):
            request = Request(f"bench-{number}", "bench")
            job = plan(Wish("a red circle"), request, ada.id, [NOTHING.offer])
            await jobs.add(s, job)
            for kind in (Kind.FINISHED, Kind.SENT_TO_REVIEW, Kind.APPROVED):
                await events.record(s, job.id, kind, ada.id)
    began = time.monotonic()
    await chronicle(db)
    return 4 * HAPPENED / (time.monotonic() - began)


if __name__ == "__main__":
    main("record", __doc__, measure, LIMIT_SECONDS)
