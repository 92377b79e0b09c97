"""The connection to Discord: what it listens to, and who is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.exporting import Exporter
from bot.on_discord import commands, menus, permissions, setup, studio
from bot.on_discord.acting import Acting
from bot.on_discord.courier import SILENT, Courier
from bot.on_discord.files import Shelf
from bot.on_discord.ids import ROOM
from bot.on_discord.press import PressButton, say_if_outdated
from bot.on_discord.room import DiscordRoom
from bot.on_discord.tree import Tree
from bot.on_discord.watching import Watching
from bot.trouble import Trouble
from db import events, notes, posts
from db.media import Media
from db.session import Db
from moderation.desk import Desk

RECONNECT_SECONDS, LONGEST_SECONDS = 2.0, 60.0
GOODBYE_SECONDS = 3.0
"""A gateway that doesn't answer a goodbye is left without it."""
NOT_LET_IN = (
    "Discord doesn't accept SORA_DISCORD_TOKEN; copy it again from the page “Bot” of your "
    "application in Discord's developer portal."
)
ENDED = {
    4004: NOT_LET_IN,
    4010: "Discord knows no such shards; --shards says which of how many this process runs, such as "
    "0-7/16.",
    4011: "The bot is in so many servers that Discord wants it in more shards; name a larger total, "
    "such as --shards 0-3/4, or leave --shards out.",
}
"""What Discord's gateway closes with for good, and what it means."""

OF_PEOPLE = ("INTERACTION_CREATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE")

log = structlog.get_logger()


def intents() -> discord.Intents:
    """What the bot hears of: servers and reactions. It reads nobody's messages."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_reactions = True
    return wanted


class StudioClient(discord.AutoShardedClient):
    """One per process; ``shards``: which of how many it runs, or all that Discord advises."""

    def __init__(
        self,
        db: Db,
        desk: Desk,
        media: Media,
        token: str,
        *,
        command: str = "sora",
        shards: tuple[Sequence[int], int] | None = None,
        cdn: str = "",
        **more: Any,
    ) -> None:
        ids, count = shards or (None, None)
        super().__init__(
            intents=intents(),
            shard_ids=list(ids) if ids is not None else None,  # type: ignore[arg-type]
            shard_count=count,
            allowed_mentions=SILENT,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            **more,
        )
        self.db, self.desk, self.media, self.cdn = db, desk, media, cdn
        self._token = token
        self.command = command
        self.exporter = Exporter(db, media)
        self.courier = Courier(self)
        self.room = DiscordRoom(db, self, self.courier, Shelf(db, media, self.look_again))
        self.acting = Acting(self, db, desk)
        self.watching = Watching(self, db, desk)
        self.tree = Tree(self)
        self.tree.add_command(commands.sora(self, command))
        self.tree.add_command(studio.group(self))
        menus.add_to(self)
        for event in OF_PEOPLE:
            self._connection.parsers[event] = _carefully(event, self._connection.parsers[event])

    async def serve(self) -> None:
        """Stay connected until cancelled. Raises ``Trouble`` for what waiting won't mend."""
        connecting: asyncio.Future[None] | None = None
        try:
            await self._log_in()
            # Shielded, because a cancel that meets a shard while it reconnects is lost in discord.py.
            connecting = asyncio.ensure_future(self.connect())
            await asyncio.shield(connecting)
        except discord.ConnectionClosed as error:
            if error.code not in ENDED:
                raise
            raise Trouble(ENDED[error.code]) from None
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self.close()
            if connecting is not None:  # once closed it ends, also where it loses this cancel
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)

    async def _log_in(self) -> None:
        pause = RECONNECT_SECONDS
        while True:
            try:
                return await self.login(self._token)
            except discord.LoginFailure:
                raise Trouble(NOT_LET_IN) from None
            except (aiohttp.ClientError, OSError, discord.HTTPException) as error:
                log.warning("discord.away", why=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_SECONDS)

    def is_connected(self) -> bool:
        """Whether Discord tells us of what happens, in all servers that this process is for."""
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    @property
    def own_id(self) -> int:
        """Of the bot's user, which for old applications isn't that of the application; 0 before it
        has logged in."""
        return self.user.id if self.user else 0

    async def server(self, guild: int) -> discord.Guild | None:
        """A server, whichever process listens to it; None where the bot isn't in it (or for 0)."""
        known = self.get_guild(guild) if guild else None
        if known is not None or not guild:
            return known
        try:
            return await self.fetch_guild(guild, with_counts=False)
        except (discord.Forbidden, discord.NotFound):
            return None

    async def close(self) -> None:
        self.watching.missed.stop()
        await super().close()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(PressButton, setup.SetupSelect, setup.SetupButton)
        self.acting.forms["setup"] = setup.submitted
        log.info("discord.invite", link=permissions.invite(self.application_id or 0))
        await self._sync()

    async def on_shard_ready(self, shard: int) -> None:
        """A new session: events may have been missed since the last one."""
        log.info("discord.ready", shard=shard, guilds=len(self.guilds))
        self.watching.missed.look_at(shard)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await setup.hello(self, guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await setup.goodbye(self, guild)

    async def on_interaction(self, interaction: discord.Interaction[StudioClient]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            await self.acting.submitted(interaction)
        elif interaction.type is discord.InteractionType.component:
            await say_if_outdated(interaction)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self.watching.came(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self.watching.went(event)

    async def on_raw_reaction_clear(self, event: discord.RawReactionClearEvent) -> None:
        await self.watching.cleared(event)

    async def on_raw_reaction_clear_emoji(self, event: discord.RawReactionClearEmojiEvent) -> None:
        await self.watching.cleared(event)

    async def look_again(self, job_id: int) -> None:
        """Paint whatever shows a job here anew: its files are others now."""
        async with self.db.begin() as s:
            await posts.forget_looks(s, ROOM, job_id)
            await events.tell_again(s, ROOM, [job_id])
        await self.desk.broker.spread(job_id)

    async def on_error(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("discord.event_failed", of=event)

    async def _sync(self) -> None:
        """Tell Discord the commands, unless it has exactly what it was told last, and that is these."""
        told = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        ours = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        name = f"{ROOM}:commands:{self.application_id}"
        async with self.db.read() as s:
            known = await notes.get(s, name)
        if known == f"{ours}:{_versions(await self._commands('GET'))}":
            return
        made = await self._commands("PUT", told)
        async with self.db.begin() as s:
            await notes.put(s, name, f"{ours}:{_versions(made)}")
        log.info("discord.commands_synced", commands=len(told))

    async def _commands(self, method: str, told: Any = None) -> Any:
        path = "/applications/{application_id}/commands"
        route = Route(method, path, application_id=self.application_id)
        return await self.http.request(route, **({"json": told} if told is not None else {}))


def _carefully(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """discord.py would give up the connection over one that it can't read."""

    def read(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:
            log.warning("discord.not_readable", of=event, why=repr(error)[:200])

    return read


def _versions(commands: Any) -> str:
    """Equal for commands that nobody has changed, deleted or made in between."""
    versions = sorted(f"{one['id']}/{one.get('version', '')}" for one in commands)
    return hashlib.sha256(" ".join(versions).encode()).hexdigest()
