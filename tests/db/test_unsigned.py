"""Which clips are to be signed again, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from db import clips
from db.broker import Broker
from db.models import Clip, Job
from db.session import Db
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request


@pytest.fixture
async def studio(db: Db) -> Studio:
    return await Studio(db, Broker(NO_BROKER)).open([ABLE])


async def all_signed(db: Db) -> None:
    async with db.begin() as s:
        await s.execute(update(Clip).values(signed=True))


async def unsigned(db: Db, after: tuple[int, int] = (0, 0)) -> list[tuple[int, int]]:
    async with db.read() as s:
        return await clips.unsigned(s, after)


async def grown(studio: Studio, parent: Job, clip: int) -> Job:
    """A job of two clips that varies this one."""
    ada = await person(studio.db, "Ada")
    job = await studio.desk.vary(ada, parent.id, clip, request())
    assert await studio.claim() is not None
    assert await studio.finish(await studio.job(job.id))
    return job


async def test_they_are_found_in_order_and_from_where_one_stopped(db: Db, studio: Studio) -> None:
    ada = await person(db, "Ada")
    first, second = [await studio.rendered(ada, variations=2, final=True) for _ in range(2)]
    every = [(first.id, 1), (first.id, 2), (second.id, 1), (second.id, 2)]
    assert await unsigned(db) == every
    assert await unsigned(db, (first.id, 1)) == every[1:]
    assert await unsigned(db, (second.id, 2)) == []
    await studio.desk.withdraw(ada, first.id)
    assert await unsigned(db) == every[2:], "nobody reads what was withdrawn"
    await all_signed(db)
    assert await unsigned(db) == []


async def test_a_change_concerns_one_clip_or_a_whole_job(db: Db, studio: Studio) -> None:
    ada = await person(db, "Ada")
    job = await studio.rendered(ada, variations=2, final=True)
    await all_signed(db)
    async with db.begin() as s:
        await clips.unsign(s, job.id, 2)
    assert await unsigned(db) == [(job.id, 2)]
    async with db.begin() as s:
        await clips.unsign(s, job.id)
    assert await unsigned(db) == [(job.id, 1), (job.id, 2)]


async def test_only_what_was_made_from_that_clip_follows_it(db: Db, studio: Studio) -> None:
    ada = await person(db, "Ada")
    job = await studio.rendered(ada, variations=2, final=True)
    of_first, of_second = await grown(studio, job, 1), await grown(studio, job, 2)
    await all_signed(db)
    async with db.begin() as s:
        await clips.unsign_children(s, job.id, 1)
    assert await unsigned(db) == [(of_first.id, 1), (of_first.id, 2)]
    async with db.begin() as s:
        await clips.unsign_children(s, job.id)
    assert {job_id for job_id, _ in await unsigned(db)} == {of_first.id, of_second.id}
