"""Many at once draw a week and make its reel, on both databases: each happens once, and nobody waits in a
circle."""

from __future__ import annotations

import asyncio

import pytest

from db import events, jobs, people, record, weeks
from db.models import utcnow
from db.states import Kind, Status
from moderation.chronicle import chronicle
from moderation.weeks import over
from tests.moderation.opinions import Five
from tests.support.studio import Studio
from tests.support.weeks import best_of, reel, swept, three, won


async def test_the_ballots_that_ended_in_a_week_are_drawn_once_by_many(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, lin = cast
    second = await won(studio, ada, mo, [bo])
    worse = await won(studio, bo, mo, [ada], hours=1)
    first = await won(studio, bo, mo, [ada, cy, lin], hours=7 * 24 - 0.001)
    tied = await won(studio, cy, mo, [bo])
    nobody = await won(studio, lin, mo, [])
    before = await won(studio, mo, lin, [ada, bo, cy], ago=2, hours=7 * 24 - 0.001)
    gone = await won(studio, lin, mo, [ada, bo, cy])
    await studio.desk.withdraw(lin, gone.id)
    await asyncio.gather(*(swept(studio) for _ in range(3)))
    await swept(studio)
    assert await best_of(studio) == [(first.id, 3), (second.id, 1), (tied.id, 1)]
    assert await best_of(studio, ago=2) == [(before.id, 3)]
    year, number = over(utcnow())[-1]
    async with studio.db.read() as s:
        told = await events.of_kinds(
            s, [worse.id, first.id, second.id, nobody.id], {Kind.BEST_OF_WEEK}
        )
        assert [(e.job_id, e.detail["place"]) for e in told] == [(first.id, 1), (second.id, 2)]
        assert told[0].detail == {"year": year, "week": number, "place": 1, "votes": 3}
        assert [w.number for w in await weeks.newest(s, 9)] == [number, over(utcnow())[-2][1]]
    await chronicle(studio.db)
    async with studio.db.read() as s:
        entries = await record.newest(s, limit=50)
    assert [e.job_id for e in entries if e.kind == Kind.BEST_OF_WEEK].count(first.id) == 1


async def test_many_sweeps_at_once_make_one(studio: Studio, cast: Five) -> None:
    await three(studio, cast)
    await asyncio.gather(*(swept(studio) for _ in range(4)))
    await asyncio.gather(*(swept(studio) for _ in range(4)))
    async with studio.db.read() as s:
        owner = await people.find(s, "studio", "", "community")
        assert await jobs.count_listed(s, owner or 0) == 1
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    await asyncio.gather(*(swept(studio) for _ in range(4)))
    async with studio.db.read() as s:
        kinds = [event.kind for event in await events.of(s, claimed.id)]
    assert kinds.count(Kind.REEL_SHOWN) == 1


@pytest.mark.parametrize("_round", range(3))
async def test_a_reel_that_is_shown_while_its_clips_leave_is_gone(
    studio: Studio, cast: Five, _round: int
) -> None:
    ada, bo, *_ = cast
    first, second, _ = await three(studio, cast)
    await swept(studio)
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    await asyncio.gather(
        swept(studio),
        studio.desk.withdraw(bo, second.id),
        swept(studio),
        studio.desk.withdraw(ada, first.id),
    )
    await swept(studio)
    assert (await studio.job(claimed.id)).status is Status.WITHDRAWN
    left = await reel(studio)
    assert left is not None
    assert left.status is Status.WITHDRAWN, "one clip is left, which is no reel"
