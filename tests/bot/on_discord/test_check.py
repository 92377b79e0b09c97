"""What the doctor says of Discord, from a double of it over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.finding import Finding
from bot.on_discord import check as module
from bot.on_discord import permissions
from bot.on_discord.check import check
from bot.on_discord.client import NOT_LET_IN
from bot.settings import BotSettings
from db.models import Workspace
from tests.doubles.on_discord import Channel, Discord, Guild

Findings = dict[str, tuple[str, str, str]]


@pytest.fixture
async def double(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with Discord() as double:
        yield double


@pytest.fixture
def guild(double: Discord) -> Guild:
    return double.guild("Atelier")


async def said(double: Discord, *houses: Workspace, token: str = "") -> Findings:
    api = double.api.removesuffix("/api/v10")
    settings = BotSettings(discord_token=token or double.token, discord_api=api)
    found: list[Finding] = [finding async for finding in check(settings, houses)]
    return {f.name: (f.state, f.found, f.mend) for f in found}


def house(guild: Guild, review: Channel | None, **more: Any) -> Workspace:
    place = f"{guild.id}/{review.id}" if review else f"{guild.id}/5"
    return Workspace(platform="discord", id=str(guild.id), review=place, **more)


async def test_a_wrong_token_is_said_and_nothing_else(double: Discord) -> None:
    assert await said(double, token="wrong") == {
        "Discord": ("bad", "The token isn't accepted.", NOT_LET_IN)
    }


async def test_a_new_application_is_led_to_the_invite(double: Discord) -> None:
    found = await said(double)
    assert found["Discord"][0] == "warning"
    assert f"“{double.bot.name}”, in 0 servers." in found["Discord"][1]
    link = found["Discord invite"][1]
    assert link == permissions.invite(double.app_id)
    assert parse_qs(urlsplit(link).query)["client_id"] == [str(double.app_id)]
    assert "Discord doesn't know /sora and /studio." in found["Discord commands"][1]
    assert not double.requested("PUT")
    assert not double.requested("POST")


async def test_a_server_with_all_it_needs(double: Discord, guild: Guild) -> None:
    review, showcase = guild.channel("review"), guild.channel("showcase")
    for name in ("sora", "studio"):
        double.commands[len(double.commands) + 1] = {"id": "1", "name": name, "type": 1}
    found = await said(double, house(guild, review, showcase=f"{guild.id}/{showcase.id}"))
    assert "in 1 server." in found["Discord"][1]
    assert "none of the privileged intents" in found["Discord"][1]
    assert found["Discord commands"][:2] == ("ok", "Discord knows /sora, /studio.")
    assert found["Discord server “Atelier”"][:2] == ("ok", "All that is needed is allowed there.")
    assert {state for state, _, _ in found.values()} == {"ok"}


async def test_what_a_server_lacks_is_named(double: Discord, guild: Guild) -> None:
    gone = house(guild, None, moderators="6")
    state, sentence, mend = (await said(double, gone))["Discord server “Atelier”"]
    assert state == "warning"
    assert "Review channel: it is gone." in sentence
    assert "The moderators' role is gone." in sentence
    assert "No showcase channel is picked." in sentence
    assert "/studio setup" in mend


async def test_each_missing_permission_is_named(double: Discord, guild: Guild) -> None:
    review = guild.channel("review")
    review.deny_bot("view_channel", "manage_messages")
    _, sentence, _ = (await said(double, house(guild, review)))["Discord server “Atelier”"]
    lacking = "Review channel: the bot lacks View Channel and Manage Messages there."
    assert sentence.startswith(lacking)


async def test_a_server_that_the_bot_has_left_is_said(double: Discord) -> None:
    left = Workspace(platform="discord", id="77", review="77/5")
    found = await said(double, left)
    assert "isn't in it any more" in found["Discord server 77"][1]
    forgotten = Workspace(platform="discord", id="77", moderators="6")
    assert "Discord server 77" not in await said(double, forgotten)


async def test_whoever_does_not_answer_is_waited_for_a_little(
    double: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.3)
    double.faults.slow("GET", "/users/@me", seconds=5)
    began = time.monotonic()
    found = await said(double)
    assert found == {
        "Discord": (
            "bad",
            "It can't be reached (it doesn't answer).",
            "Check the network, then ask again.",
        )
    }
    assert time.monotonic() - began < 3


async def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    monkeypatch.setattr(module, "LIMIT_SECONDS", 2)
    settings = BotSettings(discord_token="x", discord_api="http://127.0.0.1:1")
    (finding,) = [finding async for finding in check(settings, ())]
    assert finding.state == "bad"
    assert "can't be reached" in finding.found
    await asyncio.sleep(0)
