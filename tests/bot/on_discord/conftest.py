"""One server, set up, and the people of every story: in memory, and over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook import async_ as webhooks

from bot.on_discord import room
from bot.on_discord.app import point_at
from bot.on_discord.client import StudioClient
from db.broker import Broker
from db.media import Media
from db.session import Db
from db.states import Purpose
from tests.bot.on_discord.town import Town, running
from tests.bot.on_discord.world import World
from tests.doubles.on_discord import Discord
from tests.support.databases import connections_ended
from tests.support.studio import ABLE, Studio


@pytest.fixture
async def world(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[World]:
    """The bot, ready in a server whose host has set it up."""
    db, broker = Db(sqlite_url), Broker(valkey)
    async with World.open(db, broker, tmp_path / "media") as opened:
        yield opened
    await broker.close()
    await db.close()
    await connections_ended()


class Hurried:
    """asyncio for discord.py, whose own pauses before it tries again can't be set: they are short."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.1))


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.feed.AWAY_SECONDS", 0.05)
    monkeypatch.setattr("bot.feed.POLL_SECONDS", 0.1)
    monkeypatch.setattr("bot.announce.AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(room, "PACE", dict.fromkeys((Purpose.RECEIPT, Purpose.SHOWCASE), 0.3))
    for library in (discord.client, discord.http, discord.shard, webhooks):
        monkeypatch.setattr(library, "asyncio", Hurried())


@pytest.fixture
async def town(
    sqlite_url: str, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _quick: None
) -> AsyncIterator[Town]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    db, broker = Db(sqlite_url), Broker(valkey)
    async with Discord() as double:
        point_at(double.url)
        town = Town(double, await Studio(db, broker).open([ABLE]), Media(tmp_path / "media"))
        await town.set_up()
        yield town
        assert double.violations == []
    await broker.close()
    await db.close()
    await connections_ended()


@pytest.fixture
async def client(town: Town) -> AsyncIterator[StudioClient]:
    async with running(town, town.studio.desk.broker) as client:
        yield client
