"""Pools in words: what everybody is told, what each person decides, what hosts pay by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from bot import pools
from bot.__main__ import app
from bot.lists import Listing
from bot.pools import show_pools
from db import ledger, notes, workspaces
from db.broker import Broker
from db.models import Pool, utcnow
from db.session import Db
from moderation.people import Person
from moderation.pools import close_due, withdraw
from tests.moderation.test_pools import earn, proposed, two_days_later
from tests.support.rooms import MemoryRoom
from tests.support.studio import Studio, person

__all__ = ["two_days_later"]


@pytest.fixture
async def studio(sqlite_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(sqlite_url), Broker(valkey)
    async with db.begin() as s:
        await workspaces.change(s, "memory", "one", showcase="one/showcase")
        await notes.put(s, notes.PAGE, "http://127.0.0.1:8040")
    yield await Studio(db, broker).open()
    await broker.close()
    await db.close()


async def told(studio: Studio, who: Person, what: str) -> str:
    said = await pools.asked(studio.desk, who, what)
    return "\n".join(line.text for line in said.lines) if isinstance(said, Listing) else said


async def over(studio: Studio) -> None:
    async with studio.db.begin() as s:
        await s.execute(update(Pool).values(ends_at=utcnow()))
    await close_due(studio.db)


async def test_a_pool_from_its_proposal_to_a_claim(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    assert "You have 0 credits." in await told(studio, ada, "")
    assert "There was no pool yet." in await told(studio, ada, "pools")
    await earn(studio.db, ada, 20)
    await proposed(studio.db)
    room = MemoryRoom()
    for _ in range(2):
        await show_pools(studio.db, [room])
    [card] = room.messages.values()
    assert card.title == "Pool 1 is proposed"
    assert "0 people take part so far" in card.lines[0].text
    assert "everybody sees your name and your share" in await told(studio, ada, "join")
    assert "You take part in pools" in await told(studio, ada, "pools")
    await over(studio)
    assert "100 EUR cent of pool 1 wait for you" in await told(studio, ada, "pools")
    assert (
        await told(studio, ada, "claim")
        == "You have claimed 100 EUR cent; the hosts pay it to you."
    )
    assert "You take no part" in await told(studio, ada, "leave")
    await show_pools(studio.db, [room])
    assert [card.title for card in room.messages.values()][1:] == ["Pool 1 is split"]
    assert [row[1:] for row in await pools.rows(studio.db, 1)][1:] == [
        ("ada", "test::ada", 20, 100, "EUR cent", "claimed")
    ]


async def test_that_nobody_takes_part_is_said(studio: Studio) -> None:
    await proposed(studio.db)
    await over(studio)
    room = MemoryRoom()
    await show_pools(studio.db, [room])
    [card] = room.messages.values()
    assert pools.NOBODY in card.lines[0].text


async def test_a_proposal_that_was_withdrawn_is_no_news(studio: Studio) -> None:
    await proposed(studio.db)
    await withdraw(studio.db, 1)
    room = MemoryRoom()
    await show_pools(studio.db, [room])
    assert not room.messages
    ada = await person(studio.db, "ada")
    assert "It was withdrawn." in await told(studio, ada, "pools")


async def test_a_proposal_that_was_shown_is_taken_back_once(studio: Studio) -> None:
    await proposed(studio.db)
    room = MemoryRoom()
    await show_pools(studio.db, [room])
    await withdraw(studio.db, 1)
    for _ in range(2):
        await show_pools(studio.db, [room])
    titles = [card.title for card in room.messages.values()]
    assert titles == ["Pool 1 is proposed", "Pool 1 is withdrawn"]


async def test_what_is_shown_is_not_computed_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await proposed(studio.db)
    room = MemoryRoom()
    await show_pools(studio.db, [room])
    monkeypatch.delattr(pools, "card")
    await show_pools(studio.db, [room])
    assert room.asked == 1


async def test_a_link_is_one_that_members_can_open(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    await proposed(studio.db)
    room = MemoryRoom()
    await show_pools(studio.db, [room])
    [card] = room.messages.values()
    assert "Who gets what" not in str(card.lines) + await told(studio, ada, "pools")
    async with studio.db.begin() as s:
        await notes.put(s, notes.PAGE, "https://sora.example.org")
    await over(studio)
    await show_pools(studio.db, [room])
    for text in (str(list(room.messages.values())[1].lines), await told(studio, ada, "pools")):
        assert "Who gets what: https://sora.example.org/pools" in text


async def test_my_credits_say_the_unit_of_what_a_pool_brought(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    await earn(studio.db, ada, 20)
    await studio.desk.take_part_in_pools(ada, True)
    await proposed(studio.db)
    await over(studio)
    lines = await told(studio, ada, "mine")
    assert "+100 EUR cent: Pool 1 was split." in lines
    assert "+20: " in lines


async def test_my_credits_lead_to_the_account_of_credit(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    async with studio.db.begin() as s:
        await notes.put(s, notes.PAGE, "https://sora.example.org")
        await ledger.account_of(s, ada.id, "EUR cent")  # before there was one of credit
        account = await ledger.account_of(s, ada.id)
    assert f"/ledger?account={account.name}" in await told(studio, ada, "mine")


def test_hosts_propose_list_export_and_withdraw_on_the_command_line(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORA_DATABASE_URL", sqlite_url)

    def says(*words: str) -> str:
        result = CliRunner().invoke(app, ["pool", *words])
        return result.output + str(result.exception or "")

    day = utcnow().date()
    asked = ["--amount", "10000", "--unit", "EUR cent", "--from", str(day)]
    until = str(day + timedelta(days=1))
    assert "10,000 EUR cent by what was earned on" in says("propose", *asked, "--to", until)
    assert "for some of these days already" in says("propose", *asked, "--to", until)
    assert "Pool 1: 10,000 EUR cent" in says("list")
    assert says("export", "1").startswith("account,name,identities,credit,amount,unit,stands")
    assert "no share in a pool 1" in says("paid", "1", "p-0")
    assert "Pool 1 is withdrawn." in says("withdraw", "1")
