"""What `sora doctor` says of Discord. It asks and changes nothing, and never waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp
import discord

from bot.finding import Finding, State
from bot.on_discord import permissions
from bot.on_discord.app import point_at
from bot.on_discord.client import NOT_LET_IN
from bot.on_discord.panel import ABOUT, troubles
from bot.settings import BotSettings
from db.models import Workspace

LIMIT_SECONDS = 10.0
"""For coming in, and for looking at a server."""
MANY = 200
"""Servers that are counted; Discord names no more at once."""
AT_ONCE = 5
SETUP = "A host mends it there with the command: /studio setup"
AWAY = (aiohttp.ClientError, OSError, discord.HTTPException)


async def check(settings: BotSettings, houses: Sequence[Workspace]) -> AsyncIterator[Finding]:
    """``settings`` has a token; ``houses``: the servers that are set up, as far as is known."""
    point_at(settings.discord_api)
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                let_in = await _let_in(client, token)
        except discord.LoginFailure:
            yield Finding("Discord", State.BAD, "The token isn't accepted.", NOT_LET_IN)
            return
        except AWAY as error:
            found = f"It can't be reached ({_why(error)})."
            yield Finding("Discord", State.BAD, found, "Check the network, then ask again.")
            return
        yield let_in
        yield Finding("Discord invite", State.OK, permissions.invite(client.application_id or 0))
        yield await _commands(client, settings.discord_command)
        for finding in await _servers(client, houses):
            yield finding


async def _let_in(client: discord.Client, token: str) -> Finding:
    await client.login(token)
    servers = await client.http.get_guilds(MANY)
    name = client.application.name if client.application else ""
    count = "many servers" if len(servers) == MANY else f"{len(servers)} servers"
    found = f"The token is accepted: “{name}”, in {'1 server' if len(servers) == 1 else count}."
    found += " It needs none of the privileged intents."
    if not servers:
        return Finding("Discord", State.WARNING, found, "Open the invite below; see docs/rooms.md")
    return Finding("Discord", State.OK, found)


async def _commands(client: discord.Client, command: str) -> Finding:
    """Whether people find what the bot tells Discord when it starts."""
    name = "Discord commands"
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            known = await client.http.get_global_commands(client.application_id or 0)
    except AWAY as error:
        return Finding(name, State.WARNING, f"They can't be read ({_why(error)}).")
    names = [one["name"] for one in known if one.get("type", 1) == 1]
    lacking = [one for one in (command, "studio") if one not in names]
    if lacking:
        found = f"Discord doesn't know {' and '.join(f'/{one}' for one in lacking)}."
        return Finding(name, State.WARNING, found, "The bot tells it when it starts: sora up")
    return Finding(name, State.OK, f"Discord knows {', '.join(f'/{one}' for one in names)}.")


async def _servers(client: discord.Client, houses: Sequence[Workspace]) -> list[Finding]:
    few = asyncio.Semaphore(AT_ONCE)

    async def look(house: Workspace) -> Finding | None:
        async with few:
            return await _server(client, house)

    found = await asyncio.gather(*(look(house) for house in houses))
    return [finding for finding in found if finding is not None]


async def _server(client: discord.Client, house: Workspace) -> Finding | None:
    """None for one that put the bot out while it ran: nothing is brought there any more."""
    name = f"Discord server {house.id}"
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            server = await permissions.look(client, int(house.id))
    except AWAY as error:
        return Finding(name, State.WARNING, f"It can't be looked at ({_why(error)}).")
    if server is None and not (house.review or house.showcase):
        return None
    if server is None:
        return Finding(
            name,
            State.WARNING,
            "The bot isn't in it any more.",
            "Open the invite to bring it back.",
        )
    name = f"Discord server “{server.guild.name}”"
    found = troubles(server, house)
    found += [f"No {use} channel is picked." for use in ABOUT if not getattr(house, use)]
    if found:
        return Finding(name, State.WARNING, " ".join(found), SETUP)
    return Finding(name, State.OK, "All that is needed is allowed there.")


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it doesn't answer"
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
