"""A server on the double, over real sockets: the bot as its own process would run it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.feed import Feed
from bot.on_discord.client import StudioClient
from bot.on_discord.ids import ROOM, Channel
from db import events, posts, workspaces
from db.broker import Broker
from db.media import Media
from db.models import Job
from tests.doubles.on_discord import Discord, Message, User
from tests.support.studio import Studio
from tests.support.whole import until


class Town:
    """A server on the double, set up, and the studio's rows."""

    def __init__(self, double: Discord, studio: Studio, media: Media) -> None:
        self.discord, self.studio, self.media = double, studio, media
        self.db = studio.db
        self.guild = double.guild("Atelier")
        self.general = self.guild.channel("general")
        self.review = self.guild.channel("review")
        self.showcase = self.guild.channel("showcase")
        self.role = self.guild.role("Moderators")
        self.ada: User = self.guild.member("Ada")
        self.bo: User = self.guild.member("Bo")
        self.mo: User = self.guild.member("Mo", roles=[self.role])

    async def set_up(self) -> None:
        async with self.db.begin() as s:
            await workspaces.change(
                s,
                ROOM,
                str(self.guild.id),
                review=str(Channel(self.guild.id, self.review.id)),
                showcase=str(Channel(self.guild.id, self.showcase.id)),
                moderators=str(self.role.id),
            )

    async def wish(self) -> None:
        await (await self.ada.slash(self.general, "sora", prompt="a red circle")).answered()

    async def render(self) -> Job:
        """The worker's part, once there is something to do."""

        async def claimed() -> Job | None:
            return await self.studio.claim(running_cap=100)

        job = await until(claimed)
        assert job is not None
        for clip in ("mp4", "jpg", "webp"):
            for number in (1, 2):
                path = self.media.path(f"{number:064x}.{clip}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"bytes")
        await self.studio.finish(job)
        await self.studio.desk.broker.spread(job.id)
        return job

    async def published(self) -> Message:
        await self.wish()
        await self.render()
        card = await self.until_shown(self.review)
        await self.mo.react(card, "✅")
        return await self.until_shown(self.showcase)

    async def until_shown(self, channel: object, count: int = 1) -> Message:
        """The newest message there, once it is a card that we know of."""

        async def known() -> Message | None:
            messages = list(channel.messages)  # type: ignore[attr-defined]
            if len(messages) < count:
                return None
            async with self.db.read() as s:
                name = f"{messages[-1].channel.id}/{messages[-1].id}"
                return messages[-1] if await posts.by_message(s, ROOM, name) else None

        found = await until(known, 30)
        assert found is not None
        return found

    async def settled(self) -> None:
        """Until everything is told."""

        async def told() -> bool:
            async with self.db.read() as s:
                return not await events.untold(s)

        await until(told, 30)

    async def job(self) -> Job:
        return await self.studio.job(1)


@asynccontextmanager
async def running(
    town: Town, broker: Broker, shards: tuple[list[int], int] | None = None
) -> AsyncIterator[StudioClient]:
    """A bot process's Discord room and its feed."""
    client = StudioClient(
        town.db, town.studio.desk, town.media, town.discord.token, shards=shards,
        cdn=town.discord.cdn, guild_ready_timeout=0.05,
    )  # fmt: skip
    tasks = [
        asyncio.create_task(client.room.run()),
        asyncio.create_task(Feed(town.db, broker, client.room).run()),
    ]
    try:
        await town.discord.until(client.is_ready, 60)
        yield client
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
