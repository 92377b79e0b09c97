"""How the studio stands, read from its rows on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from db import events, figures
from db.broker import Broker
from db.models import Telling, utcnow
from db.session import Db
from db.states import Status
from tests.support.studio import NO_BROKER, Studio, person


async def test_the_line_by_model_and_what_has_waited_longest(db: Db) -> None:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    ada = await person(db, "ada")
    jobs = [await studio.submit(ada) for _ in range(3)]
    await studio.claim()
    long_ago = utcnow() - timedelta(hours=1)
    await studio.change(jobs[2].id, queued_at=long_ago)
    async with db.read() as s:
        queued, rendering = await figures.line(s)
        (rendered,) = await figures.rendering(s)
    assert (queued.model, queued.status, queued.jobs) == ("toy", Status.QUEUED, 2)
    assert queued.since == long_ago
    assert (rendering.status, rendering.jobs, rendered.id) == (Status.RENDERING, 1, jobs[0].id)


async def test_a_job_that_waits_for_idle_workers_is_not_late(db: Db) -> None:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    job = await studio.submit(await person(db, "ada"))
    await studio.change(job.id, idle=True)
    async with db.read() as s:
        (queued,) = await figures.line(s)
    assert (queued.jobs, queued.since) == (1, None)


async def test_the_outbox_of_each_room(db: Db) -> None:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    async with db.begin() as s:
        await events.join(s, "web")
        await events.join(s, "slack")
    job = await studio.submit(await person(db, "ada"))
    async with db.begin() as s:
        (claim,) = await events.claim(s, "web")
        await events.mark_told(s, claim)
        await s.execute(
            update(Telling).where(Telling.room == "slack").values(set_aside_at=utcnow())  # type: ignore[arg-type]
        )
    await studio.desk.cancel(await person(db, "ada"), job.id)
    async with db.read() as s:
        slack, web = await figures.outbox(s)
        cancelled = (await events.of(s, job.id))[-1]
    assert (slack.room, slack.untold, slack.since, slack.set_aside) == ("slack", 1, cancelled.at, 1)
    assert (web.room, web.untold, web.since, web.set_aside) == ("web", 1, cancelled.at, 0)
