"""One Discord server in memory, the real client in it, and a studio whose worker is played by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle, RoleHandle
from simcord.env import Env

from bot.announce import announce
from bot.on_discord.client import StudioClient
from bot.on_discord.ids import ROOM, Channel
from db import clips, posts, workspaces
from db.broker import Broker
from db.media import Media
from db.models import Clip, Job, Post
from db.session import Db
from db.states import Purpose
from tests.support.studio import ABLE, Studio


@dataclass
class World:
    env: Env
    client: StudioClient
    studio: Studio
    media: Media
    guild: GuildHandle
    moderators: RoleHandle
    general: ChannelHandle
    review: ChannelHandle
    showcase: ChannelHandle
    ada: MemberActor
    bo: MemberActor
    mo: MemberActor
    lin: MemberActor
    host: MemberActor

    @property
    def db(self) -> Db:
        return self.studio.db

    @staticmethod
    @asynccontextmanager
    async def open(db: Db, broker: Broker, folder: Path) -> AsyncIterator[World]:
        studio = await Studio(db, broker).open([ABLE])
        media = Media(folder)
        client = StudioClient(db, studio.desk, media, "no token")
        env = Env(client, shard_count=1)
        await env.start()
        try:
            guild = env.create_guild("Atelier")
            role = guild.create_role("Moderators")
            hosts = guild.create_role("Hosts", permissions=discord.Permissions(manage_guild=True))
            names = ("general", "review", "showcase")
            general, review, showcase = (guild.create_text_channel(name) for name in names)

            def member(name: str, *roles: RoleHandle) -> MemberActor:
                return guild.add_member(env.create_user(name), roles=list(roles))

            async with db.begin() as s:
                await workspaces.change(
                    s,
                    ROOM,
                    str(guild.id),
                    review=str(Channel(guild.id, review.id)),
                    showcase=str(Channel(guild.id, showcase.id)),
                    moderators=str(role.id),
                )
            yield World(
                env, client, studio, media, guild, role, general, review, showcase,
                ada=member("ada"), bo=member("bo"), mo=member("mo", role), lin=member("lin", role),
                host=member("host", hosts),
            )  # fmt: skip
        finally:
            await env.shutdown()
        env.raise_errors()

    async def tell(self, job_id: int = 1) -> float:
        """What the feed does whenever there is news of a job."""
        pause = await announce(self.db, self.client.room, job_id)
        await self.env.settle()
        return pause

    async def later(self, seconds: float = 10, job_id: int = 1) -> float:
        """The same, as if all cards had last been painted so long ago."""
        async with self.db.begin() as s:
            for post in await posts.of(s, ROOM, job_id):
                post.painted_at -= timedelta(seconds=seconds)
        return await self.tell(job_id)

    async def wish(
        self, who: MemberActor | None = None, **options: Any
    ) -> simcord.InteractionResult:
        """`/sora` by Ada, and the receipt."""
        result = await (who or self.ada).slash(
            self.general, "sora", **({"prompt": "a red circle"} | options)
        )
        return result

    async def render(self, job_id: int = 1) -> Job:
        """The worker's part: clips, of which every file is there."""
        claimed = await self.studio.claim()
        assert claimed is not None
        assert claimed.id == job_id
        assert await self.studio.finish(claimed)
        async with self.db.read() as s:
            for clip in await clips.of(s, job_id):
                self._files_of(clip)
        await self.tell(job_id)
        return await self.studio.job(job_id)

    async def rendered(self, **options: Any) -> Job:
        """A job of Ada's whose clips are there and shown, in review unless it is private."""
        await self.wish(**options)
        await self.tell()
        return await self.render()

    async def published(self, **options: Any) -> Job:
        """A job of Ada's that Mo has approved."""
        await self.rendered(**options)
        await self.mo.react(self.card(self.review), "✅")
        await self.tell()
        return await self.studio.job(1)

    def card(self, channel: ChannelHandle) -> discord.Message:
        """The newest message of a channel."""
        message = channel.last_message
        assert message is not None
        return message

    async def post(self, purpose: Purpose, job_id: int = 1) -> Post:
        async with self.db.read() as s:
            found = [p for p in await posts.of(s, ROOM, job_id) if p.purpose is purpose]
        return found[-1]

    def direct(self, who: MemberActor) -> list[discord.Message]:
        """What somebody was sent in private."""
        return who.user.dm_channel.history()

    def requests(self, method: str, ending: str) -> list[Any]:
        """What the bot has asked of Discord."""
        return [r for r in self.env.http_requests if r.method == method and r.path.endswith(ending)]

    def _files_of(self, clip: Clip) -> None:
        for key in (clip.video_key, clip.poster_key, clip.preview_key):
            path = self.media.path(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"the bytes of {key}".encode())


def markdown(message: Any) -> str:
    """All that a message says, as it was sent."""
    texts = [one["content"] for one in _all(message.components) if one.get("content")]
    return "\n".join(texts) or str(message.content)


def text(message: Any) -> str:
    """All that a message says, as people read it."""
    return markdown(message).replace("\\", "")


def gallery(message: Any) -> list[dict[str, Any]]:
    """The items of its media gallery."""
    found: list[dict[str, Any]] = []
    for component in _all(message.components):
        found += component.get("items", ())
    return found


def _all(components: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for component in components:
        raw = component if isinstance(component, dict) else component.to_dict()
        found += [raw, *_all(raw.get("components", ()))]
    return found


def buttons(message: Any) -> dict[str, str]:
    """Label -> id of every button."""
    return {one["label"]: one["custom_id"] for one in _all(message.components) if one["type"] == 2}
