"""Cards as messages: with their files, within the place's limit, and each sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import discord

from bot.card import Card
from bot.leading import leading, shown
from bot.on_discord.courier import Courier, Message
from bot.on_discord.files import Shelf
from bot.on_discord.ids import ROOM, Sent
from bot.on_discord.paint import paint
from db.models import utcnow

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

NONCE_LASTS = timedelta(minutes=2)
"""For longer than this Discord may not know any more under which key it was sent."""
TOO_LARGE = 40005
SMALLEST_LIMIT = 8 * 2**20
"""What every place takes, should Discord's own word be out of date."""
LIMIT_SECONDS = 600.0
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Call:
    """Who is pinged by a message."""

    text: str
    mentions: discord.AllowedMentions


class Posting:
    """One per client."""

    def __init__(self, client: StudioClient, courier: Courier, shelf: Shelf) -> None:
        self._client = client
        self._courier = courier
        self._shelf = shelf
        self._limits: dict[int, tuple[float, int]] = {}

    async def send(
        self,
        channel: int,
        guild: int,
        card: Card,
        key: str,
        since: datetime,
        call: Call | None = None,
    ) -> Sent:
        """Send a card, or find that it was sent; ``since``: when that was first tried; ``call``: who
        is pinged."""
        if utcnow() - since > NONCE_LASTS:
            # Whoever tried it first may have been killed between Discord's yes and our row.
            there = await self._courier.find(channel, await self.message(card, guild))
            if there is not None:
                return there

        async def send(message: Message) -> Sent:
            if call is None:
                return await self._courier.send(channel, message, key)
            message.view.add_item(discord.ui.TextDisplay(call.text))
            return await self._courier.send(channel, message, key, call.mentions)

        return await self.fitting(card, guild, send)

    async def fitting(
        self,
        card: Card,
        guild: int,
        send: Callable[[Message], Awaitable[R]],
        limit: int | None = None,
    ) -> R:
        """Send the card as a message that its place takes, smaller where it turns out too large."""
        try:
            return await send(await self.message(card, guild, limit))
        except discord.HTTPException as error:
            if error.code != TOO_LARGE and error.status != 413:
                raise
        self._limits[guild] = (asyncio.get_running_loop().time(), SMALLEST_LIMIT)
        return await send(await self.message(card, guild, SMALLEST_LIMIT))

    async def message(self, card: Card, guild: int, limit: int | None = None) -> Message:
        """The card as a message of this server (0: a direct message).

        ``limit``: bytes that one file may have, where Discord has just told it.
        """
        card = await leading(card, partial(self._way, guild))
        files = await self._shelf.files_of(card, limit or await self._limit(guild))
        return Message(paint(card, files.attached, files.notes), files.attached)

    async def _way(self, guild: int, job_id: int) -> str:
        """The address of a job's card in this server's showcase."""
        async with self._client.db.read() as s:
            post = await shown(s, ROOM, f"{guild}/", job_id)
        if post is None:
            return ""
        sent = Sent.read(post.message)
        return f"https://discord.com/channels/{guild}/{sent.channel}/{sent.id}"

    async def _limit(self, guild: int) -> int:
        """Bytes that one file may have in this server, asked for every ten minutes."""
        now = asyncio.get_running_loop().time()
        since, limit = self._limits.get(guild, (-LIMIT_SECONDS, 0))
        if now - since < LIMIT_SECONDS:
            return limit
        server = await self._client.server(guild)
        limit = server.filesize_limit if server else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        self._limits[guild] = (now, limit)
        return limit
