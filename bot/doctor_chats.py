"""What the doctor says of the chats: how to begin, or what each room's own check finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import Finding, State
from bot.settings import BotSettings
from db import installs, workspaces
from db.migrate import missing
from db.session import Db

NOT_CONFIGURED = "Not configured; the web room works without it."
GUIDE = "Ten minutes, step by step: docs/rooms.md"

T = TypeVar("T")


async def discord(settings: BotSettings) -> AsyncIterator[Finding]:
    if settings.discord_token is None:
        yield Finding("Discord", State.OK, NOT_CONFIGURED, GUIDE)
        return
    from bot.on_discord.check import check

    houses = await _known(settings, lambda s: workspaces.every(s, "discord"))
    async for finding in check(settings, houses or ()):
        yield finding


async def slack(settings: BotSettings) -> AsyncIterator[Finding]:
    if not settings.slack:
        yield Finding("Slack", State.OK, NOT_CONFIGURED, GUIDE)
        return
    from bot.on_slack.check import check

    houses = await _known(settings, lambda s: workspaces.every(s, "slack"))
    let_in = await _known(settings, installs.every)
    async for finding in check(settings, houses or (), let_in or ()):
        yield finding


async def _known(settings: BotSettings, read: Callable[[AsyncSession], Awaitable[T]]) -> T | None:
    """What the database knows. Whatever is wrong with it is said elsewhere in the report; the chat is
    looked at all the same."""
    if missing(settings.database):
        return None
    db = Db(settings.database)
    try:
        with suppress(Exception):
            async with db.read() as s:
                return await read(s)
        return None
    finally:
        await db.close()
