"""The record's head stands in every review channel once a day, whoever posts it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot import heads
from bot.card import Card
from bot.heads import post_heads
from bot.room import Away
from db import record, workspaces
from db.broker import Broker
from db.models import utcnow
from db.record import Draft
from db.session import Db
from db.states import Kind
from tests.support.rooms import MemoryRoom
from tests.support.studio import NO_BROKER, Studio

pytestmark = pytest.mark.databases("sqlite")

DRAFT = Draft("2026-11-26T15:00:00Z", Kind.APPEALED, "artist", 7)


@pytest.fixture
async def db(db: Db) -> Db:
    """Two workspaces of a room that are set up, one that isn't, and an entry."""
    await Studio(db, Broker(NO_BROKER)).open()
    async with db.begin() as s:
        await workspaces.change(s, "memory", "one", review="one/review", showcase="one/showcase")
        await workspaces.change(s, "memory", "two", review="two/review")
        await workspaces.change(s, "memory", "three", showcase="three/showcase")
        await record.append(s, [DRAFT])
    return db


def tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "utcnow", lambda: utcnow() + timedelta(days=1))


class Workspaces(MemoryRoom):
    """A message for each place, and each only once under one key."""

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        return await super().show(place, card, f"{place} {key}", since)


async def test_once_a_day_in_every_review_channel(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Workspaces()
    for _ in range(3):
        await post_heads(db, [room])
    assert sorted(message.split()[0] for message in room.messages) == ["one/review", "two/review"]
    assert room.asked == 2
    async with db.read() as s:
        head = await record.head(s)
    for card in room.messages.values():
        assert card.quote == head.hash
        assert "The record has 1 entry" in card.lines[0].text
        assert head.hash[:16] in card.lines[0].text
        assert not card.buttons
    tomorrow(monkeypatch)
    await post_heads(db, [room])
    assert room.asked == 4


async def test_of_many_processes_one_posts_it(postgres_url: str) -> None:
    opened = [Db(postgres_url) for _ in range(5)]
    async with opened[0].begin() as s:
        await workspaces.change(s, "memory", "one", review="one/review")
        await record.append(s, [DRAFT])
    room = Workspaces()
    await asyncio.gather(*(post_heads(one, [room]) for one in opened))
    assert room.asked == 1
    for one in opened:
        await one.close()


async def test_an_empty_record_has_no_head_to_post(sqlite_url: str) -> None:
    db = Db(sqlite_url)
    async with db.begin() as s:
        await workspaces.change(s, "memory", "one", review="one/review")
    room = Workspaces()
    await post_heads(db, [room])
    assert room.asked == 0
    await db.close()


async def test_a_platform_that_is_away_gets_it_later(db: Db) -> None:
    room = Workspaces(fail=Away("for a while"))
    await post_heads(db, [room])
    assert room.messages == {}
    room.fail = None
    await post_heads(db, [room])
    assert len(room.messages) == 2


async def test_a_channel_that_is_shut_holds_up_no_other(db: Db) -> None:
    room = Workspaces(shut={"one/review"})
    for _ in range(2):
        await post_heads(db, [room])
    assert [message.split()[0] for message in room.messages] == ["two/review"]
    assert room.asked == 2  # and is not asked again that day


async def test_a_card_that_breaks_holds_up_no_other(db: Db) -> None:
    class Breaking(Workspaces):
        async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
            if place == "one/review":
                raise RuntimeError("planted")
            return await super().show(place, card, key, since)

    room = Breaking()
    await post_heads(db, [room])
    assert [message.split()[0] for message in room.messages] == ["two/review"]
