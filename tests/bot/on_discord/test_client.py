"""The connection: what ends it for good, what Discord was told, and servers that put the bot out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import discord
import pytest

from bot.on_discord.client import ENDED, NOT_LET_IN, StudioClient
from bot.on_discord.ids import ROOM
from bot.trouble import Trouble
from db import workspaces
from db.models import Workspace
from tests.bot.on_discord.town import Town, running
from tests.support.logged import logged
from tests.support.whole import until


def a_client(town: Town, shards: tuple[list[int], int] | None = None) -> StudioClient:
    return StudioClient(
        town.db, town.studio.desk, town.media, town.discord.token, shards=shards,
        cdn=town.discord.cdn, guild_ready_timeout=0.05,
    )  # fmt: skip


# ── what ends it ─────────────────────────────────────────────────────────────────────────


async def test_a_token_that_is_reset_while_it_runs_ends_it_with_one_sentence(
    town: Town,
) -> None:
    running_one = a_client(town)
    serving = asyncio.create_task(running_one.serve())
    await town.discord.until(running_one.is_ready, 60)
    town.discord.token = "another"
    await town.discord.faults.drop_gateway(resumable=False)
    with pytest.raises(Trouble) as ended:
        await asyncio.wait_for(serving, 30)
    assert str(ended.value) == NOT_LET_IN


async def test_shards_that_discord_does_not_take_end_it_with_one_sentence(
    town: Town,
) -> None:
    with pytest.raises(Trouble, match="Discord knows no such shards; --shards"):
        await asyncio.wait_for(a_client(town, ([3], 2)).serve(), 30)


@pytest.mark.parametrize("code", ENDED)
async def test_whatever_the_gateway_closes_with_for_good_is_a_sentence(
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
) -> None:
    ending = a_client(town)
    monkeypatch.setattr(ending, "connect", closed(code))
    with pytest.raises(Trouble) as ended:
        await ending.serve()
    assert str(ended.value) == ENDED[code]
    other = a_client(town)
    monkeypatch.setattr(other, "connect", closed(4013))
    with pytest.raises(discord.ConnectionClosed):
        await other.serve()


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_stop_that_comes_while_it_reconnects_ends_it(town: Town, resumable: bool) -> None:
    stopping = a_client(town)
    serving = asyncio.create_task(stopping.serve())
    await town.discord.until(stopping.is_ready, 60)
    async with town.discord.faults.gateway_away(resumable):
        asked = len(town.discord.sockets._connections)
        await town.discord.until(lambda: len(town.discord.sockets._connections) > asked, 60)
        serving.cancel()
        done, _ = await asyncio.wait([serving], timeout=20)
    assert done
    assert serving.cancelled()


async def test_an_event_that_fails_is_logged_and_ends_nothing(town: Town) -> None:
    with logged() as lines:
        await a_client(town).on_error("interaction")
    assert [line["of"] for line in lines] == ["interaction"]


def closed(code: int) -> Callable[[], Awaitable[None]]:
    class Socket:
        close_code = code

    async def connect() -> None:
        raise discord.ConnectionClosed(Socket(), shard_id=0)  # type: ignore[arg-type]

    return connect


# ── commands ─────────────────────────────────────────────────────────────────────────────

COMMANDS = "/applications/*/commands"


async def test_commands_are_told_once_and_again_wherever_they_were_changed(
    town: Town,
) -> None:
    broker = town.studio.desk.broker
    told = []
    for change in (None, None, "deleted", None, "all deleted", "another's", None):
        known = town.discord.commands
        if change == "deleted":
            del known[next(iter(known))]
        elif change == "all deleted":
            known.clear()
        elif change == "another's":
            known[7] = {"id": "7", "name": "intruder", "type": 1, "version": "1"}
        before = len(town.discord.requested("PUT", COMMANDS))
        async with running(town, broker):
            assert {"sora", "studio", "Report"} <= {one["name"] for one in known.values()}
            assert "intruder" not in {one["name"] for one in known.values()}
        told.append(len(town.discord.requested("PUT", COMMANDS)) - before)
    assert told == [1, 0, 1, 0, 1, 1, 0]


# ── servers ──────────────────────────────────────────────────────────────────────────────


async def test_a_server_that_puts_the_bot_out_is_brought_nothing_any_more(
    town: Town,
    client: StudioClient,
) -> None:
    async with town.db.begin() as s:
        await workspaces.change(s, ROOM, str(town.guild.id), quorum=2, trouble="told")
    other = town.discord.guild("Never set up")
    await town.discord.until(lambda: client.get_guild(other.id), 10)
    other.loses(town.discord.bot)
    town.guild.loses(town.discord.bot)

    async def forgotten() -> Workspace | None:
        async with town.db.read() as s:
            house = await workspaces.get(s, ROOM, str(town.guild.id))
        return house if house and not house.review else None

    house = await until(forgotten, 10)
    assert house is not None
    assert (house.showcase, house.trouble) == ("", "")
    assert (house.moderators, house.quorum) == (str(town.role.id), 2)
    async with town.db.read() as s:
        assert [one.id for one in await workspaces.every(s, ROOM)] == [str(town.guild.id)]
