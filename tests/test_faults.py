"""The whole studio while its processes are killed: nothing lost, nothing double, nothing stuck."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from db import events, workers
from db.broker import Broker
from db.models import Clip, Event, Job, Post, Telling, utcnow
from db.session import Db
from db.settings import StoreSettings
from db.states import Kind, Purpose, Status
from moderation.desk import Desk
from moderation.rules import Rules
from moderation.wish import Wish
from tests.support import toy
from tests.support.processes import Processes
from tests.support.studio import person, request
from tests.support.whole import Whole, until

JOBS = 6
VICTIMS = ("valkey-server", "gen.worker", "bot bot", "gen.worker", "valkey-server")


async def lapse(db: Db) -> None:
    """Let what killed workers and bots held run out now, not in half a minute."""
    past = utcnow() - timedelta(seconds=1)
    async with db.begin() as s:
        await s.execute(
            update(Job).where(col(Job.status) == Status.RENDERING).values(lease_until=past)
        )
        await s.execute(
            update(Telling).where(col(Telling.told_at).is_(None)).values(not_before=past)
        )


async def is_rendering(db: Db) -> bool:
    async with db.read() as s:
        return bool(await s.scalar(select(col(Job.id)).where(col(Job.status) == Status.RENDERING)))


async def is_settled(db: Db) -> bool:
    async with db.read() as s:
        statuses = Counter((await s.scalars(select(col(Job.status)))).all())
        return statuses == {Status.IN_REVIEW: JOBS} and not await events.untold(s)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("migrated_data")
async def test_every_job_is_rendered_and_shown_once_whoever_is_killed(
    sora_process: Processes, tmp_path: Path
) -> None:
    whole = Whole(sora_process, tmp_path, SORA_MODELS=str(toy.models(tmp_path)))
    await whole.start()
    db = whole.db()
    broker = Broker(StoreSettings(data=whole.data).broker)
    desk = Desk(db, broker, Rules())

    async def offered() -> bool:
        async with db.read() as s:
            return bool(await workers.offers(s))

    await until(offered)
    for number in range(JOBS):
        who = await person(db, f"artist {number % 3}")
        await desk.submit(who, Wish(f"clip {number}", steps=30, final=True), request())

    for victim in VICTIMS:
        await until(lambda: is_rendering(db))

        async def runs(victim: str = victim) -> psutil.Process | None:
            return whole.process(victim)

        found = await until(runs)
        if found is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.kill()
        await lapse(db)

    await until(lambda: is_settled(db), within=120)
    async with db.read() as s:
        finished = Counter(
            (
                await s.scalars(select(col(Event.job_id)).where(col(Event.kind) == Kind.FINISHED))
            ).all()
        )
        clips = Counter((await s.scalars(select(col(Clip.job_id)))).all())
        posts = (await s.scalars(select(Post).where(col(Post.purpose) == Purpose.REVIEW))).all()
        keys = {
            key
            for clip in (await s.scalars(select(Clip))).all()
            for key in (clip.video_key, clip.poster_key, clip.preview_key)
        }
    ids = range(1, JOBS + 1)
    assert finished == dict.fromkeys(ids, 1)
    assert clips == dict.fromkeys(ids, 2)
    assert sorted(post.job_id for post in posts) == list(ids)
    assert all(post.message for post in posts)
    stored = {file.name for file in whole.media.rglob("*") if file.is_file()}
    assert keys <= stored
    assert not [name for name in stored if name.startswith(".partial")]
    await broker.close()
    await db.close()
