"""The Discord room: where a job's cards go there, and how they get there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog

from bot.by_sign import seeds
from bot.card import Card
from bot.on_discord.courier import Courier, Message
from bot.on_discord.files import Shelf
from bot.on_discord.hosts import Hosts
from bot.on_discord.ids import NOWHERE, ORIGINAL, ROOM, Channel, Sent
from bot.on_discord.posting import Posting
from bot.on_discord.private import Private
from bot.on_discord.vouching import Vouching
from bot.room import Away, Unreachable
from bot.signs import EMOJI
from db import workspaces
from db.models import Job, Post, utcnow
from db.session import Db
from db.states import Purpose

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

PUBLIC = frozenset({Purpose.REVIEW, Purpose.NOTICE, Purpose.SHOWCASE})
"""In channels of servers; all other cards are an artist's own."""
PACE = {Purpose.RECEIPT: 2.0, Purpose.SHOWCASE: 5.0}
"""Seconds between two paintings of one card."""
OLD = timedelta(hours=1)
OLD_PACE, OLD_PACE_OF_CHANNEL = 60.0, 10.0
"""Discord lets messages older than an hour be edited seldom: each of them, and all of a channel."""
IN_FLIGHT = timedelta(seconds=30)
"""For so long a request whose answer was lost may still arrive."""

log = structlog.get_logger()


class DiscordRoom:
    """Shows, repaints and removes cards in Discord."""

    name = ROOM

    def __init__(self, db: Db, client: StudioClient, courier: Courier, shelf: Shelf) -> None:
        self._db = db
        self.client = client
        self._courier = courier
        self.posting = Posting(client, courier, shelf)
        self.private = Private(db, courier, self.posting)
        self.hosts = Hosts(db, client, courier)
        self.vouching = Vouching(client, db)
        self._old_edits: dict[int, datetime] = {}
        self._seeding: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self.client.serve()

    def is_connected(self) -> bool:
        return self.client.is_connected()

    async def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        """In every server that its hosts have set up; an artist's own cards where they asked."""
        if purpose in PUBLIC:
            async with self._db.read() as s:
                return await workspaces.places(s, ROOM, purpose)
        if job.room != ROOM:
            return ()
        return (f"{job.place}/{job.round}",) if purpose is Purpose.DECISION else (job.place,)

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        async with self._reaching():
            if card.purpose in PUBLIC:
                return str(await self._post(Channel.read(place), card, key, since))
            return await self.private.show(place, card, key, since)

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        async with self._reaching():
            if message in {ORIGINAL, NOWHERE}:
                return await self.private.update(place, message, card, key, since)
            return await self._edit(place, Sent.read(message), card, since)

    async def find(self, post: Post, key: str) -> str:
        if post.purpose not in PUBLIC:
            return ""  # an artist's own may stay with them
        if utcnow() - post.painted_at < IN_FLIGHT:
            raise Away("the card may still arrive")
        async with self._reaching():
            sent = await self._courier.find_of(
                Channel.read(post.place).id, post.job_id, notice=post.purpose is Purpose.NOTICE
            )
        return str(sent) if sent is not None else ""

    async def remove(self, place: str, message: str) -> None:
        async with self._reaching():
            if message == ORIGINAL:
                await self.private.remove(place)
            elif message != NOWHERE:
                await self._delete(place, Sent.read(message))

    def pause(self, post: Post) -> float:
        now = utcnow()
        waits = [PACE.get(post.purpose, 0.0) - (now - post.painted_at).total_seconds()]
        if now - post.created_at > OLD and post.message not in {ORIGINAL, NOWHERE}:
            waits.append(OLD_PACE - (now - post.painted_at).total_seconds())
            last = self._old_edits.get(Sent.read(post.message).channel)
            if last is not None:
                waits.append(OLD_PACE_OF_CHANNEL - (now - last).total_seconds())
        return max(*waits, 0)

    async def must_move(self, post: Post) -> bool:
        return await self.private.must_move(post)

    async def seed(self, sent: Sent, card: Card) -> None:
        """Put the signs of a card under it, if it has any and Discord lets us."""
        try:
            await self._courier.seed(sent, [EMOJI[sign] for sign in seeds(card)])
        except (discord.HTTPException, aiohttp.ClientError) as error:
            log.warning("card.not_seeded", job=card.job_id, error=str(error))

    async def _post(self, channel: Channel, card: Card, key: str, since: datetime) -> Sent:
        try:
            call = await self.hosts.called(channel.guild, card.calls)
            sent = await self.posting.send(channel.id, channel.guild, card, key, since, call)
        except (discord.Forbidden, discord.NotFound) as error:
            raise await self._unreachable(channel, card.purpose, error) from error
        if card.purpose is not None:
            await self.hosts.mended(channel.guild, card.purpose)
        task = asyncio.create_task(self.seed(sent, card))
        self._seeding.add(task)
        task.add_done_callback(self._seeding.discard)
        return sent

    async def _edit(self, place: str, sent: Sent, card: Card, since: datetime) -> str:
        guild = int(place.split("/")[0])
        self._note_old(sent)

        async def edit(message: Message) -> None:
            files = card.purpose is Purpose.RECEIPT or bool(card.left_out)
            await self._courier.edit(sent, message, files=files)

        try:
            await self.posting.fitting(card, guild, edit)
        except discord.NotFound:
            if card.purpose is not Purpose.REVIEW:
                return str(sent)  # taken away by hand, which is theirs to do
            return str(await self._post(Channel.read(place), card, f"again-{sent.id}", since))
        except discord.Forbidden as error:
            if card.purpose not in PUBLIC:
                raise Unreachable(error.text) from error
            raise await self._unreachable(Channel.read(place), card.purpose, error) from error
        return str(sent)

    async def _delete(self, place: str, sent: Sent) -> None:
        try:
            await self._courier.delete(sent)
        except discord.Forbidden as error:
            # What is to be gone is still seen by others, even where the bot sees nothing any more.
            where = Channel.read("/".join(place.split("/")[:2]))
            raise await self._unreachable(where, Purpose.SHOWCASE, error) from error

    def _note_old(self, sent: Sent) -> None:
        now = utcnow()
        if now - discord.utils.snowflake_time(sent.id) > OLD:
            self._old_edits[sent.channel] = now

    async def _unreachable(
        self, channel: Channel, purpose: Purpose | None, error: discord.HTTPException
    ) -> Unreachable:
        """Tell the hosts; what to raise."""
        if purpose in PUBLIC:
            await self.hosts.tell(channel, purpose, error)
        return Unreachable(f"{channel}: {error.text}")

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        """Raises ``Away`` where it's Discord or the way there that failed, and not what was sent."""
        if not self.client.own_id:
            raise Away("not logged in yet")
        try:
            yield
        except (discord.RateLimited, aiohttp.ClientError, ConnectionError) as error:
            raise Away(f"{type(error).__name__}: {error}") from error
        except discord.HTTPException as error:
            if error.status >= 500 or error.status in {401, 429}:
                raise Away(f"{error.status}: {error.text}") from error
            raise
