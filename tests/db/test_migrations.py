"""A database with jobs in it comes to the newest revision with nothing lost and nothing loosened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import jobs, migrate
from db.models import Job
from db.session import Db
from db.states import Descent, Status, Task

OF_BEFORE: dict[str, Any] = {
    "id": 7,
    "request_key": "before",
    "person_id": 1,
    "room": "web",
    "place": "mine:1",
    "prompt": "a red circle",
    "negative": "",
    "model": "toy",
    "aspect": "1:1",
    "width": 64,
    "height": 64,
    "frames": 16,
    "fps": 8,
    "steps": 12,
    "guidance": 2.5,
    "seed": 2**32 - 1,
    "variations": 2,
    "private": False,
    "status": "published",
    "reason": "",
    "round": 1,
    "attempt": 1,
    "losses": 0,
    "worker": "w",
    "step": 12,
    "preview_key": "",
    "notes": '["a note"]',
}


async def at_the_first_revision(url: str) -> None:
    await asyncio.to_thread(command.upgrade, migrate.config(url), "0001")
    db = Db(url)
    async with db.begin() as s:
        await s.execute(
            text("INSERT INTO person (id, name, joined_at) VALUES (1, 'Ada', CURRENT_TIMESTAMP)")
        )
        times = "CURRENT_TIMESTAMP, CURRENT_TIMESTAMP"
        names, values = ", ".join(OF_BEFORE), ", ".join(f":{name}" for name in OF_BEFORE)
        await s.execute(
            text(f"INSERT INTO job ({names}, queued_at, created_at) VALUES ({values}, {times})"),
            OF_BEFORE,
        )
        await s.execute(
            text(
                "INSERT INTO clip (job_id, number, seed, video_key, poster_key, preview_key, bytes,"
                " shown) VALUES (7, 1, 3, 'v', 'p', 'w', 9, :shown)"
            ),
            {"shown": True},
        )
    await db.close()


async def test_jobs_of_before_stay_what_they_were(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.read() as s:
        job = await jobs.get(s, 7)
    assert job is not None
    assert (job.seed, job.status, job.notes) == (2**32 - 1, Status.PUBLISHED, ["a note"])
    assert (job.task, job.draft, job.final_steps) == (Task.TEXT, False, 12)
    assert (job.first_key, job.style, job.vary, job.approximations) == ("", "", 0, [])
    assert (job.parent_id, job.descent, job.energy_wh) == (None, None, None)
    async with db.begin() as s:
        child = job.model_dump(exclude={"id", "request_key"})
        child |= {"request_key": "after", "parent_id": 7, "parent_clip": 1}
        s.add(Job(**child | {"descent": Descent.VARY, "id": 8}))
    await db.close()


async def test_what_varied_a_seed_is_near_it_and_back_again(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    config, seed = migrate.config(empty_db_url), 2**32 - 1
    await asyncio.to_thread(command.upgrade, config, "0002")
    db = Db(empty_db_url)
    async with db.begin() as s:
        await s.execute(text(f"UPDATE job SET vary_from = {seed}, vary = 0.35 WHERE id = 7"))
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    async with db.read() as s:
        job = await jobs.get(s, 7)
    assert job is not None
    assert (job.near, job.vary) == ([[seed, 1.0]], 0.35)
    await db.close()
    await asyncio.to_thread(command.downgrade, config, "0002")
    db = Db(empty_db_url)
    async with db.read() as s:
        assert (await s.scalars(text("SELECT vary_from FROM job WHERE id = 7"))).one() == seed
    await db.close()


@pytest.mark.parametrize(
    "change",
    ["status = 'lost'", "task = 'dream'", "descent = 'cousin'", "parent_id = 99", "draft = NULL"],
)
async def test_what_may_stand_in_a_column_is_still_guarded(empty_db_url: str, change: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    with pytest.raises(IntegrityError):
        async with db.begin() as s:
            await s.execute(text(f"UPDATE job SET {change} WHERE id = 7"))
    await db.close()


async def test_the_way_back_keeps_the_jobs(empty_db_url: str) -> None:
    await at_the_first_revision(empty_db_url)
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0001")
    db = Db(empty_db_url)
    async with db.read() as s:
        kept = await s.execute(text("SELECT prompt, steps, status FROM job"))
        assert kept.all() == [("a red circle", 12, "published")]
    await db.close()
