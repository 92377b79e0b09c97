"""The feed: what happened reaches the room soon, and one broken card holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from bot.card import Card
from bot.feed import Feed
from bot.room import Away
from db import events, posts, renders
from db.broker import Broker
from db.media import StoreTrouble
from db.models import Telling, utcnow
from db.session import Db
from db.states import Purpose
from moderation.sweep import sweep
from tests.support.rooms import MemoryRoom
from tests.support.studio import NO_BROKER, Studio, person

PATIENCE = 60


@pytest.fixture
async def broker(valkey: str) -> AsyncIterator[Broker]:
    opened = Broker(valkey)
    yield opened
    await opened.close()


@pytest.fixture
async def studio(sqlite_url: str, broker: Broker) -> AsyncIterator[Studio]:
    db = Db(sqlite_url)
    yield await Studio(db, broker).open()
    await db.close()


@asynccontextmanager
async def feeding(db: Db, broker: Broker, room: MemoryRoom) -> AsyncIterator[None]:
    async with db.begin() as s:
        await events.join(s, room.name)
    task = asyncio.create_task(Feed(db, broker, room).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def all_told(db: Db) -> None:
    """What stands there is noted too, not only sent."""

    async def told() -> bool:
        async with db.read() as s:
            return not await events.untold(s)

    async with asyncio.timeout(PATIENCE):
        while not await told():
            await asyncio.sleep(0.01)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


async def test_what_happens_is_shown_and_progress_is_repainted(
    studio: Studio, broker: Broker
) -> None:
    room = MemoryRoom(name="web")
    async with feeding(studio.db, broker, room):
        await studio.submit(await person(studio.db, "ada"))
        await until(lambda: room.shown(Purpose.RECEIPT))
        job = await studio.claim()
        assert job is not None
        async with studio.db.begin() as s:
            await renders.hold(s, job.id, job.attempt, step=2)
        await broker.spread(job.id)
        await until(lambda: room.shown(Purpose.RECEIPT)[0].percent == 50)
        await studio.finish(job)
        await until(lambda: room.shown(Purpose.REVIEW))


async def test_what_somebody_was_killed_over_is_painted_again(
    studio: Studio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card looks as whoever was killed left it, and nothing more happens to its job."""
    monkeypatch.setattr(posts, "ARRIVES", timedelta(seconds=0.2))
    monkeypatch.setattr("bot.announce.A_PAINTING", timedelta(0))
    monkeypatch.setattr("bot.feed.DOUBTED_SECONDS", 0.5)
    room = MemoryRoom(name="web")
    async with feeding(studio.db, broker, room):
        await studio.rendered(await person(studio.db, "ada"), private=True)
        await all_told(studio.db)
    (right,) = room.shown(Purpose.RESULT)
    async with studio.db.begin() as s:
        (post,) = [p for p in await posts.of(s, "web", 1) if p.purpose is Purpose.RESULT]
        assert await posts.begin_painting(s, post)
    room.messages[post.message] = replace(right, title="As it was before")
    async with feeding(studio.db, broker, room):
        await until(lambda: room.shown(Purpose.RESULT) == [right])


async def test_what_is_half_painted_and_has_to_wait_is_painted_once_it_may(
    studio: Studio, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a platform may want a pause between two paintings that is longer than a round."""
    monkeypatch.setattr(posts, "ARRIVES", timedelta(seconds=0.2))
    monkeypatch.setattr("bot.announce.A_PAINTING", timedelta(0))
    monkeypatch.setattr("bot.feed.DOUBTED_SECONDS", 0.5)
    room = MemoryRoom(name="web")
    async with feeding(studio.db, broker, room):
        await studio.rendered(await person(studio.db, "ada"), private=True)
        await all_told(studio.db)
    (right,) = room.shown(Purpose.RESULT)
    async with studio.db.begin() as s:
        (post,) = [p for p in await posts.of(s, "web", 1) if p.purpose is Purpose.RESULT]
        assert await posts.begin_painting(s, post)
    room.messages[post.message] = replace(right, title="As it was before")
    room.pace = 2.5
    async with feeding(studio.db, broker, room):
        await until(lambda: room.shown(Purpose.RESULT) == [right])


async def test_without_a_broker_it_is_only_slower(studio: Studio) -> None:
    room, deaf = MemoryRoom(name="web"), Broker(NO_BROKER)
    quiet = Studio(studio.db, deaf)
    async with feeding(studio.db, deaf, room):
        await quiet.rendered(await person(studio.db, "ada"))
        await until(lambda: room.shown(Purpose.REVIEW))


async def test_what_happened_while_nobody_listened_is_told_at_the_start(
    studio: Studio, broker: Broker
) -> None:
    async with studio.db.begin() as s:
        await events.join(s, "web")
    await studio.rendered(await person(studio.db, "ada"))
    room = MemoryRoom(name="web")
    async with feeding(studio.db, broker, room):
        await until(lambda: len(room.messages) == 3)
    assert room.sent == ["receipt 1", "result 1", "review 1"]


async def test_a_card_that_fails_is_counted_and_the_others_go_on(
    studio: Studio, broker: Broker
) -> None:
    room = MemoryRoom(name="web")
    room.fail = ValueError("too long")
    async with feeding(studio.db, broker, room):
        await studio.submit(await person(studio.db, "ada"))

        async def tried() -> int:
            async with studio.db.read() as s:
                return max((t.tries for t in (await s.scalars(select(Telling))).all()), default=0)

        async with asyncio.timeout(PATIENCE):
            while await tried() < 1:
                await asyncio.sleep(0.01)
        room.fail = None
        await studio.submit(await person(studio.db, "bo"))
        await until(lambda: room.shown(Purpose.RECEIPT))
        async with studio.db.begin() as s:
            await s.execute(update(Telling).values(not_before=utcnow()))
        await until(lambda: len(room.shown(Purpose.RECEIPT)) == 2)


@pytest.mark.parametrize("turns", range(6))
async def test_news_that_comes_together_with_the_end_does_not_keep_it_running(
    studio: Studio, turns: int
) -> None:
    news: asyncio.Queue[int] = asyncio.Queue()

    class Rings(Broker):
        async def news(self) -> AsyncGenerator[int, None]:
            while True:
                yield await news.get()

    room = MemoryRoom(name="web")
    async with feeding(studio.db, Rings(NO_BROKER), room):
        job = await studio.submit(await person(studio.db, "ada"))
        await until(lambda: room.shown(Purpose.RECEIPT))
        await asyncio.sleep(0.1)  # it waits for news, at once or in a second
        news.put_nowait(job.id)
        for _ in range(turns):
            await asyncio.sleep(0)


async def test_the_sweep_rings_again_for_what_nobody_heard(studio: Studio, broker: Broker) -> None:
    deaf = Studio(studio.db, Broker(NO_BROKER))
    job = await deaf.submit(await person(studio.db, "ada"))
    await studio.change(job.id, queued_at=job.queued_at - renders.LEASE)
    assert await bells(broker) == 0
    await sweep(studio.db, broker)
    await sweep(studio.db, broker)
    assert await bells(broker) == 1


async def bells(broker: Broker) -> int:
    pool = await broker._open()
    return len(await pool.queued_jobs())


async def test_waiting_receipts_follow_the_line(studio: Studio, broker: Broker) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    room = MemoryRoom(name="web")
    async with feeding(studio.db, broker, room):
        await studio.submit(ada)
        second = await studio.submit(bo)

        def place() -> str:
            cards = {card.job_id: card for card in room.shown(Purpose.RECEIPT)}
            return cards[second.id].lines[0].text if second.id in cards else ""

        await until(lambda: place().startswith("Number 2 in line"))
        await studio.claim()
        await broker.spread(1)
        await until(lambda: place().startswith("Next in line"))


@pytest.mark.parametrize("away", [Away("no answer"), StoreTrouble("The store can't be reached.")])
async def test_a_platform_or_store_that_is_away_costs_no_card_its_tries(
    studio: Studio, broker: Broker, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    monkeypatch.setattr("bot.feed.AWAY_SECONDS", 0.01)
    monkeypatch.setattr("bot.feed.POLL_SECONDS", 0.01)
    room = MemoryRoom(name="web")
    room.fail = away
    async with feeding(studio.db, broker, room):
        await studio.submit(await person(studio.db, "ada"))
        await until(lambda: room.asked > 2 * events.MAX_TRIES)
        room.fail = None
        await until(lambda: room.shown(Purpose.RECEIPT))
        async with studio.db.read() as s:
            assert not await events.set_aside(s)


async def test_a_database_that_goes_away_costs_no_card_its_tries(
    postgres_url: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.feed.AWAY_SECONDS", 0.01)
    monkeypatch.setattr("bot.feed.POLL_SECONDS", 0.01)
    db, other = Db(postgres_url), Db(postgres_url)

    class Cuts(MemoryRoom):
        """A room that looks something up, and the database hangs up over it."""

        async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
            if self.asked < 3:
                self.asked += 1
                async with db.begin() as s:
                    await s.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return await super().show(place, card, key, since)

    room = Cuts(name="web")
    studio = await Studio(other, broker).open()
    async with feeding(db, broker, room):
        await studio.submit(await person(other, "ada"))
        await all_told(other)
    assert room.asked > 3
    async with other.read() as s:
        assert set(await s.scalars(select(col(Telling.tries)))) == {1}
    await db.close()
    await other.close()


async def test_what_it_is_too_early_to_repaint_is_repainted_later(
    studio: Studio, broker: Broker
) -> None:
    room = MemoryRoom(name="web")
    ada = await person(studio.db, "ada")
    async with feeding(studio.db, broker, room):
        job = await studio.submit(ada)
        await until(lambda: room.shown(Purpose.RECEIPT))
        room.pace = 1.5
        await studio.desk.cancel(ada, job.id)
        await until(lambda: "cancelled" in room.shown(Purpose.RECEIPT)[0].lines[0].text)
    assert room.edits == 1
