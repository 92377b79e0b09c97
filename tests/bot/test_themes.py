"""Themes in a chat: what hosts say, what everybody is told, and that it is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import themes
from bot.signs import Sign
from bot.themes import show_themes
from db import workspaces
from db.broker import Broker
from db.session import Db
from db.states import Verdict
from moderation.people import Person, Role
from moderation.rules import Refused
from tests.support.rooms import MemoryRoom
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    broker = Broker(valkey)
    async with db.begin() as s:
        await workspaces.change(s, "memory", "one", review="one/review", showcase="one/showcase")
        await workspaces.change(s, "memory", "two", review="two/review")
    yield await Studio(db, broker).open()
    await broker.close()


@pytest.fixture
async def host(studio: Studio) -> Person:
    return await person(studio.db, "host", Role.HOST)


async def begun(studio: Studio, host: Person) -> str:
    return await themes.carry_out(studio.desk, host, "begin", 7, "moon", "What the moon sees", 0)


async def listed(studio: Studio) -> list[tuple[str, str]]:
    async with studio.db.read() as s:
        return [(line.text, line.said) for line in (await themes.listing(s)).lines]


@pytest.mark.databases("sqlite", "postgres")
async def test_a_theme_from_its_beginning_to_its_winner(studio: Studio, host: Person) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    assert await listed(studio) == [("No theme is open. Hosts begin one.", "")]
    assert await begun(studio, host) == (
        "Theme 1 is open: whatever has “moon” in its prompt takes part."
    )
    job = await studio.rendered(ada, "a moon")
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert await listed(studio) == [
        ("1: Use “moon” in your prompt. 1 job takes part; it ends", "What the moon sees")
    ]
    room = MemoryRoom()
    for _ in range(3):
        await show_themes(studio.db, [room])
    [card] = room.messages.values()
    assert (card.title, card.quote) == ("A theme for everybody", "What the moon sees")

    await studio.desk.vote(mo, job.id, 2)
    assert await themes.carry_out(studio.desk, host, "end", 1, "", "", 0) == (
        "Theme 1 is over: job 1 wins."
    )
    for _ in range(3):
        await show_themes(studio.db, [room])
    assert len(room.messages) == 2
    card = list(room.messages.values())[-1]
    assert card.title == "The theme is over"
    assert card.lines[0].text == "Job 1 has won, with clip 2."
    assert [button.sign for button in card.buttons] == [Sign.SHOW]
    assert await listed(studio) == [("1: Job 1 has won, with clip 2.", "What the moon sees")]


async def test_where_nobody_voted_it_says_so(studio: Studio, host: Person) -> None:
    await begun(studio, host)
    said = await themes.carry_out(studio.desk, host, "end", 1, "", "", 0)
    assert said == "Theme 1 is over; nobody has voted."


async def test_only_hosts_begin_one(studio: Studio) -> None:
    with pytest.raises(Refused, match="Only hosts"):
        await begun(studio, await person(studio.db, "ada"))
