"""What Discord says of somebody who signs in on the web: of which servers a member, and with what role."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.on_discord.ids import ROOM
from bot.on_discord.people import roles
from bot.vouching import Silent
from db import workspaces
from db.models import Workspace
from db.session import Db
from moderation.people import Role

if TYPE_CHECKING:
    from bot.on_discord.client import StudioClient

BELIEVED_SECONDS = 60.0
"""So long what was said is believed where nothing is decided by it, or where there is nothing to lose."""
STRANGER_SECONDS = 900.0
"""So long it is believed that a member of one server is none of another."""
MOST_BELIEVED = 200_000
AWAY = (discord.HTTPException, aiohttp.ClientError, OSError)

Roles = frozenset[Role] | None


class Vouching:
    """One per client. Servers are asked over Discord's API, in whichever process they are listened to."""

    name = ROOM

    def __init__(self, client: StudioClient, db: Db) -> None:
        self._client, self._db = client, db
        self._said: dict[tuple[int, int], tuple[float, Roles]] = {}
        """By server and user, the last ones at the end."""

    async def vouch(self, workspace: str, user_id: str, *, fresh: bool) -> Roles:
        """All roles that they have in any of our servers; None for a member of none. Raises ``Silent``."""
        async with self._db.read() as s:
            houses = {int(house.id): house for house in await workspaces.every(s, ROOM)}
        for guild in self._client.guilds:
            houses.setdefault(guild.id, Workspace(platform=ROOM, id=str(guild.id)))
        user = int(user_id)
        asked = (self._in(guild, house, user, fresh) for guild, house in houses.items())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        failed = [one for one in answers if isinstance(one, BaseException)]
        if bugs := [one for one in failed if not isinstance(one, AWAY)]:
            raise bugs[0]
        found = [one for one in answers if isinstance(one, frozenset)]
        if failed and not found:
            raise Silent from failed[0]
        if not found:  # they may be about to join one
            long_ago = time.monotonic() - STRANGER_SECONDS + BELIEVED_SECONDS
            for key in {(guild, user) for guild in houses} & self._said.keys():
                self._said[key] = (min(self._said[key][0], long_ago), None)
        return frozenset[Role]().union(*found) if found else None

    async def _in(self, guild: int, house: Workspace, user: int, fresh: bool) -> Roles:
        key, now = (guild, user), time.monotonic()
        at, said = self._said.get(key, (-STRANGER_SECONDS, None))
        believed = STRANGER_SECONDS if said is None else BELIEVED_SECONDS
        if now - at < believed and not (fresh and said):
            return said
        self._said.pop(key, None)
        while len(self._said) >= MOST_BELIEVED:
            del self._said[next(iter(self._said))]
        said = await self._ask(guild, house, user)
        self._said[key] = (now, said)
        return said

    async def _ask(self, guild: int, house: Workspace, user: int) -> Roles:
        if self._client.user is None:
            raise aiohttp.ClientConnectionError("not logged in yet")
        server = await self._client.server(guild)
        if server is None:
            return None
        try:
            member = await server.fetch_member(user)
        except (discord.NotFound, discord.Forbidden):
            return None
        # Whom a server has silenced for a while mustn't speak here in its place.
        return None if member.is_timed_out() else roles(member, house)
