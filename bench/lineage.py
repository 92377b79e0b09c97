"""A lineage with 1,000 descendants, in a database with many jobs.

``python -m bench.lineage`` plants jobs of many people, of which 1,000 grew out of one another from a
single clip, then looks at the first of them again and again: what the page draws of it, and what is
told of it in chat. A real SQLite, and nobody else there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert

from bench import studio
from bench.engines import NOTHING
from bench.figures import published
from bench.report import Figure, main, say
from bot.lineage import listing
from bot.on_web.lineage import drawing
from bot.on_web.paint import Painter
from bot.on_web.people import Visitor
from db.models import Clip, Job
from db.session import Db
from db.states import Descent, Status
from moderation import lineage
from moderation.people import Person
from moderation.plan import plan
from moderation.wish import Request, Wish

JOBS, QUICK_JOBS = 200_000, 20_000
DESCENDANTS = 1000
ARTISTS = 100
LOOKS = 100
AT_ONCE = 2000
LIMIT_SECONDS = 600.0
PAINTER = Painter()
WISH = Wish("a red circle drifting left over a blue background", variations=1)


async def measure(quick: bool) -> list[Figure]:
    jobs = QUICK_JOBS if quick else JOBS
    with studio.folder() as where:
        async with studio.store(where) as (db, _):
            say(f"lineage: {jobs:,} jobs")
            await _plant(db, jobs)
            vera = await studio.known(db, "Vera")
            figures = []
            for name, look in {"drawn": _draw, "in chat": _tell}.items():
                took = sorted([await _time(look, db, vera) for _ in range(LOOKS)])
                what, p95 = f"{DESCENDANTS:,} among {jobs:,} jobs", took[LOOKS * 95 // 100]
                figures.append(Figure(f"lineage: {name}, p50", took[LOOKS // 2], "ms"))
                figures.append(published(f"lineage: {name}, p95", p95, what))
    return figures


async def _time(look: Any, db: Db, who: Person) -> float:
    began = time.monotonic()
    await look(db, who)
    return (time.monotonic() - began) * 1000


async def _draw(db: Db, who: Person) -> None:
    """As the page does."""
    async with db.read() as s:
        found = drawing(await lineage.of_job(s, who, 1), who)
    assert found is not None
    nothing = dict.fromkeys(("cards", "signed", "words", "allows", "history"), ())
    more: dict[str, Any] = {"here": "/jobs/1", "flash": "", "since": "", "about": None}
    more |= {"login": None, **nothing}
    visitor = Visitor(who, "vera", "session")
    html = PAINTER.page("job.html", visitor=visitor, job_id=1, lineage=found, **more)
    assert "and " in html


async def _tell(db: Db, who: Person) -> None:
    async with db.read() as s:
        assert len((await listing(s, who, 1)).lines) > 1


async def _plant(db: Db, count: int) -> None:
    """The first job and its descendants, and as many others as there have to be; most are public."""
    artists = [(await studio.known(db, f"artist {number}")).id for number in range(ARTISTS)]
    rows = list(_rows(artists, count))
    async with db.begin() as s:
        for start in range(0, count, AT_ONCE):
            part = rows[start : start + AT_ONCE]
            await s.execute(insert(Job), part)
            await s.execute(insert(Clip), [_clip(row["id"]) for row in part])


def _rows(artists: list[int], count: int) -> Iterator[dict[str, Any]]:
    luck = random.Random(7)  # noqa: S311  # the same lineage every time
    like = plan(WISH, Request("bench", "bench"), artists[0], [NOTHING.offer]).model_dump()
    statuses = [*[Status.PUBLISHED] * 9, Status.WITHDRAWN]
    for number in range(1, count + 1):
        of_one = 1 < number <= DESCENDANTS + 1
        grown = of_one or (number > DESCENDANTS + 2 and luck.random() < 0.3)
        first = 1 if of_one else DESCENDANTS + 2
        yield like | {
            "id": number,
            "request_key": f"bench-{number}",
            "person_id": luck.choice(artists),
            "status": luck.choice(statuses) if number > 1 else Status.PUBLISHED,
            "parent_id": luck.randint(first, number - 1) if grown else None,
            "parent_clip": 1 if grown else None,
            "descent": Descent.REMIX if grown else None,
        }


def _clip(job_id: int) -> dict[str, Any]:
    keys: dict[str, Any] = {
        f"{kind}_key": f"{job_id:064x}.{kind}" for kind in ("video", "poster", "preview")
    }
    return Clip(job_id=job_id, number=1, seed=7, bytes=1000, shown=True, **keys).model_dump()


if __name__ == "__main__":
    main("lineage", __doc__, measure, LIMIT_SECONDS)
