"""The outbox: every event is told to every room, by one of many, and nothing blocks the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from db import events, jobs
from db.broker import Broker
from db.events import Claim
from db.models import Telling, utcnow
from db.session import Db
from db.states import Kind
from tests.support.studio import Studio, person


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()


async def join(db: Db, *rooms: str) -> None:
    for room in rooms:
        async with db.begin() as s:
            await events.join(s, room)


async def claim(db: Db, room: str, most: int = events.BATCH) -> list[Claim]:
    async with db.begin() as s:
        return await events.claim(s, room, most)


async def lapse(db: Db) -> None:
    """Let every pause and every claim run out."""
    async with db.begin() as s:
        await s.execute(update(Telling).values(not_before=utcnow() - timedelta(seconds=1)))


async def test_every_room_hears_of_every_event_and_not_of_the_time_before_it_joined(
    studio: Studio,
) -> None:
    ada = await person(studio.db, "ada")
    await join(studio.db, "web")
    first = await studio.submit(ada)
    await join(studio.db, "discord", "web")
    second = await studio.submit(ada)
    assert [c.job_id for c in await claim(studio.db, "web")] == [first.id, second.id]
    assert [c.job_id for c in await claim(studio.db, "discord")] == [second.id]


async def test_events_of_one_job_are_told_together(studio: Studio) -> None:
    await join(studio.db, "web")
    job = await studio.rendered(await person(studio.db, "ada"))
    (told,) = await claim(studio.db, "web")
    assert told.job_id == job.id
    assert len(told.events) == 4


async def test_a_room_that_has_fallen_behind_tells_new_wishes_and_whole_jobs(
    studio: Studio,
) -> None:
    """Half of what it takes is new wishes; what waits longest isn't kept waiting by them."""
    await join(studio.db, "web")
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    first, second = await studio.rendered(ada), await studio.rendered(bo)
    received: set[int] = set()
    async with studio.db.begin() as s:
        for job in (first, second):
            submitted, *later = await events.of(s, job.id)
            received.add(submitted.id)
        told = update(Telling).where(col(Telling.event_id).in_(received))
        await s.execute(told.values(told_at=utcnow()))
    wishes = [await studio.submit(await person(studio.db, name)) for name in "uvwxyz"]
    order = [await claim(studio.db, "web", most) for most in (1, 2, 4, 4)]
    assert [[c.job_id for c in claims] for claims in order] == [
        [wishes[0].id],
        [first.id, wishes[1].id],
        [second.id, wishes[2].id, wishes[3].id],
        [wishes[4].id, wishes[5].id],
    ]
    assert set(order[2][0].events) == {event.id for event in later}
    assert await claim(studio.db, "web") == []


async def test_many_bots_share_the_outbox_without_telling_twice(studio: Studio) -> None:
    await join(studio.db, "web")
    for name in "abcdefgh":
        await studio.submit(await person(studio.db, name))
    claims = await asyncio.gather(*(claim(studio.db, "web") for _ in range(6)))
    told = [event for of_one in claims for c in of_one for event in c.events]
    assert sorted(told) == sorted(set(told))
    assert len(told) == 8


async def test_what_a_dead_bot_had_claimed_is_claimed_again(studio: Studio) -> None:
    await join(studio.db, "web")
    await studio.submit(await person(studio.db, "ada"))
    assert len(await claim(studio.db, "web")) == 1
    assert await claim(studio.db, "web") == []
    await lapse(studio.db)
    (again,) = await claim(studio.db, "web")
    assert again.tries == 2
    async with studio.db.begin() as s:
        await events.mark_told(s, again)
    await lapse(studio.db)
    assert await claim(studio.db, "web") == []


async def test_a_card_that_keeps_failing_is_set_aside_and_can_be_tried_again(
    studio: Studio,
) -> None:
    await join(studio.db, "web")
    await studio.submit(await person(studio.db, "ada"))
    aside = []
    for _ in range(events.MAX_TRIES):
        (failing,) = await claim(studio.db, "web")
        async with studio.db.begin() as s:
            aside.append(await events.mark_failed(s, failing, "ValueError: no"))
        assert await claim(studio.db, "web") == []
        await lapse(studio.db)
    assert aside == [False] * (events.MAX_TRIES - 1) + [True]
    assert await claim(studio.db, "web") == []
    async with studio.db.read() as s:
        (shown,) = await events.set_aside(s)
        assert shown.error == "ValueError: no"
        assert await events.untold(s) == 0
    async with studio.db.begin() as s:
        assert await events.try_again(s) == 1
    assert len(await claim(studio.db, "web")) == 1


async def test_an_event_is_written_only_with_its_change(studio: Studio) -> None:
    await join(studio.db, "web")
    ada = await person(studio.db, "ada")
    job = await studio.submit(ada)

    async def cancelled_in_a_power_cut() -> None:
        async with studio.db.begin() as s:
            assert await jobs.move(s, job.id, Kind.CANCELLED)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await cancelled_in_a_power_cut()
    async with studio.db.read() as s:
        assert len(await events.of(s, job.id)) == 1
        assert len((await s.scalars(select(Telling))).all()) == 1


async def test_a_room_whose_places_have_changed_looks_again(studio: Studio) -> None:
    """Also at what happened before it came, and at what had been set aside."""
    ada = await person(studio.db, "ada")
    before = await studio.submit(ada)
    await join(studio.db, "discord", "web")
    after = await studio.submit(ada)
    for _ in range(events.MAX_TRIES):
        (told,) = await claim(studio.db, "discord")
        async with studio.db.begin() as s:
            await events.mark_failed(s, told, "no such channel")
        await lapse(studio.db)
    assert await claim(studio.db, "discord") == []
    async with studio.db.begin() as s:
        await events.tell_again(s, "discord", [before.id, after.id])
    again = await claim(studio.db, "discord")
    assert [(c.job_id, c.tries) for c in again] == [(before.id, 1), (after.id, 1)]
    assert [c.job_id for c in await claim(studio.db, "web")] == [after.id]
