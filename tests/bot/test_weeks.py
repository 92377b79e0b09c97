"""The reel of a week in chats: in the showcase while its clips may be shown, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.announce import announce
from bot.signs import Sign
from db.broker import Broker
from db.session import Db
from db.states import Purpose
from moderation.people import Role
from tests.support.rooms import MemoryRoom
from tests.support.studio import NO_BROKER, Studio, person
from tests.support.weeks import put_together, reel, swept, three


@pytest.fixture
async def studio(sqlite_url: str) -> AsyncIterator[Studio]:
    db = Db(sqlite_url)
    yield await Studio(db, Broker(NO_BROKER)).open()
    await db.close()


async def test_the_showcase_has_it_until_a_clip_leaves_it(studio: Studio) -> None:
    cast = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    cast += [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    _, second, _ = await three(studio, cast)
    await swept(studio)
    room = MemoryRoom()
    waiting = await reel(studio)
    assert waiting is not None
    await announce(studio.db, room, waiting.id)
    assert room.messages == {}, "nobody has asked for it, so nobody has a receipt"
    film = await put_together(studio)
    await announce(studio.db, room, film.id)
    cards = list(room.messages.values())
    assert {card.purpose for card in cards} == {Purpose.SHOWCASE}
    assert cards[0].title == f"Job {film.id} · by the community"
    assert cards[0].quote.startswith("The best of week ")
    assert [button.sign for button in cards[0].buttons] == [Sign.INFO, Sign.REPORT]
    assert [clip.votes for clip in cards[0].clips] == [None]
    assert ["ada" in fact.value for fact in cards[0].facts if fact.name == "made of"] == [True]
    await studio.desk.withdraw(cast[1], second.id)
    await announce(studio.db, room, film.id)
    assert room.messages == {}
