"""What has happened is counted once, whoever counts and however often they look."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import insert, update
from sqlmodel import col

from db.broker import Broker
from db.models import Event, utcnow
from db.session import Db
from db.states import Kind
from db.tally import SETTLED, TOOK, WAITED, Counted, Tally
from tests.support.studio import NO_BROKER, Studio, person

OLD = SETTLED + timedelta(seconds=1)


async def read(db: Db, tally: Tally) -> Counted:
    async with db.read() as s:
        return await tally.read(s)


async def settle(db: Db) -> None:
    """Let all that has happened be older than any transaction."""
    async with db.begin() as s:
        await s.execute(update(Event).values(at=utcnow() - OLD))


async def rendered(studio: Studio, waited: float, took: float) -> None:
    """A job that was in line and in a worker for so many seconds."""
    ada = await person(studio.db, "ada")
    job = await studio.rendered(ada, private=True)
    started = job.queued_at + timedelta(seconds=waited)
    finished = started + timedelta(seconds=took)
    await studio.change(job.id, started_at=started, finished_at=finished)


async def test_waits_and_renders_are_counted_by_model(db: Db) -> None:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    await rendered(studio, waited=0.5, took=4.0)
    await rendered(studio, waited=100.0, took=4.0)
    found = await read(db, Tally())
    waited, took = found.waited["toy"], found.took["toy"]
    assert (waited.count, took.count) == (2, 2)
    assert (round(waited.seconds, 2), round(took.seconds, 2)) == (100.5, 8.0)
    assert dict(zip(WAITED, waited.within, strict=True))[60.0] == 1
    assert dict(zip(WAITED, waited.within, strict=True))[120.0] == 2
    assert dict(zip(TOOK, took.within, strict=True))[2.0] == 0
    assert dict(zip(TOOK, took.within, strict=True))[5.0] == 2


async def test_who_looks_often_finds_the_same_as_who_looks_once(db: Db) -> None:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    often = Tally()
    for _ in range(3):
        await rendered(studio, waited=1.5, took=2.5)
        await read(db, often)
        await settle(db)
        await read(db, often)
    await rendered(studio, waited=7.0, took=9.0)
    assert await read(db, often) == await read(db, Tally())
    assert (await read(db, often)).kinds[Kind.FINISHED] == 4


async def test_what_is_committed_late_under_a_lower_number_is_counted(db: Db) -> None:
    """In PostgreSQL numbers are given when a transaction writes, not when it commits."""
    studio = await Studio(db, Broker(NO_BROKER)).open()
    job = await studio.submit(await person(db, "ada"))
    tally = Tally()
    before = (await read(db, tally)).kinds
    async with db.begin() as s:
        await s.execute(update(Event).values(id=col(Event.id) + 10))
    await read(db, tally)
    async with db.begin() as s:
        late = {"id": 5, "job_id": job.id, "kind": Kind.VOTED, "detail": {}, "at": utcnow()}
        await s.execute(insert(Event).values(booked=True, **late))
    assert (await read(db, tally)).kinds == before + Counter({Kind.VOTED: 1})
