"""Tells the hosts of a server, once, that the bot can't do its work there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import discord
import structlog

from bot.on_discord.courier import Courier, Message
from bot.on_discord.ids import ROOM, Channel
from bot.on_discord.paint import sentence
from bot.on_discord.posting import Call
from db import workspaces
from db.session import Db
from db.states import Purpose
from moderation.people import Role

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

WHAT = {Purpose.REVIEW: "review", Purpose.NOTICE: "review", Purpose.SHOWCASE: "showcase"}
UNKNOWN_CHANNEL = 10003

log = structlog.get_logger()


class Hosts:
    """One per client."""

    def __init__(self, db: Db, client: StudioClient, courier: Courier) -> None:
        self._db = db
        self._client = client
        self._courier = courier

    async def tell(self, where: Channel, purpose: Purpose, error: discord.HTTPException) -> None:
        """Say what is wrong with a channel; nothing when they were told of it already."""
        which = WHAT[purpose]
        if error.code == UNKNOWN_CHANNEL:
            text = f"The {which} channel is gone; pick another with /studio setup."
        else:
            text = (
                f"I may not post in the {which} channel ({error.text}). /studio setup says which "
                "permission is missing. No job is lost: its card comes once I may."
            )
        async with self._db.begin() as s:
            house = await workspaces.change(s, ROOM, str(where.guild))
            told = house.trouble.splitlines()
            if text in told:
                return
            house.trouble = "\n".join([*told, text])
            other = house.review if purpose is Purpose.SHOWCASE else house.showcase
        log.warning("guild.trouble", guild=where.guild, channel=where.id, why=error.text)
        await self._say(where, other, text)

    async def mended(self, guild: int, purpose: Purpose) -> None:
        """A card could be posted there: the next trouble with that channel is news again."""
        about = f"the {WHAT[purpose]} channel"
        async with self._db.read() as s:
            house = await workspaces.get(s, ROOM, str(guild))
        if house is None or about not in house.trouble.lower():
            return
        left = [one for one in house.trouble.splitlines() if about not in one.lower()]
        async with self._db.begin() as s:
            await workspaces.change(s, ROOM, str(guild), trouble="\n".join(left))

    async def called(self, guild: int, role: Role | None) -> Call | None:
        """How these are pinged there: the moderators' role, and of the hosts the server's owner."""
        if role is None:
            return None
        async with self._db.read() as s:
            house = await workspaces.get(s, ROOM, str(guild))
        if role is Role.MODERATOR and house is not None and house.moderators:
            named = discord.Object(int(house.moderators))
            return Call(f"<@&{named.id}>", discord.AllowedMentions(roles=[named]))
        server = await self._client.server(guild)
        if server is None or server.owner_id is None:
            return None
        owner = discord.Object(server.owner_id)
        return Call(f"<@{owner.id}>", discord.AllowedMentions(users=[owner]))

    async def _say(self, where: Channel, other: str, text: str) -> None:
        """To the server's owner, else in the other channel; if neither is possible it's in the log."""
        message = Message(sentence(text))
        # Both of a server's channels may be the same one.
        nonce = hashlib.sha256(f"{where} {text}".encode()).hexdigest()[:25]
        try:
            server = await self._client.server(where.guild)
            if server is not None and server.owner_id is not None:
                await self._courier.send(
                    await self._courier.direct(server.owner_id), message, nonce
                )
                return
        except discord.HTTPException as error:
            log.info("host.not_reached", guild=where.guild, why=error.text)
        if other and Channel.read(other).id != where.id:
            try:
                await self._courier.send(Channel.read(other).id, message, nonce)
            except discord.HTTPException as error:
                log.warning("hosts.not_reached", guild=where.guild, why=error.text)
