"""One server, set up, and the people of every story: in memory, and over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.on_discord.app import point_at
from bot.on_discord.client import StudioClient
from db.broker import Broker
from db.media import Media
from db.session import Db
from tests.bot.on_discord.town import Town, running
from tests.bot.on_discord.world import World
from tests.doubles.on_discord import Discord
from tests.support.studio import ABLE, Studio


@pytest.fixture
async def world(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[World]:
    """The bot, ready in a server whose host has set it up."""
    db, broker = Db(sqlite_url), Broker(valkey)
    async with World.open(db, broker, tmp_path / "media") as opened:
        yield opened
    await broker.close()
    await db.close()


@pytest.fixture
async def town(
    sqlite_url: str, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    monkeypatch.setattr("bot.feed.AWAY_SECONDS", 0.2)
    db, broker = Db(sqlite_url), Broker(valkey)
    async with Discord() as double:
        point_at(double.url)
        town = Town(double, await Studio(db, broker).open([ABLE]), Media(tmp_path / "media"))
        await town.set_up()
        yield town
        assert double.violations == []
    await broker.close()
    await db.close()


@pytest.fixture
async def client(town: Town) -> AsyncIterator[StudioClient]:
    async with running(town, town.studio.desk.broker) as client:
        yield client
