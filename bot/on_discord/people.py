"""Who acts in Discord, and what their server vouches for at this moment."""

from __future__ import annotations

from typing import Any

import discord

from bot.on_discord.ids import ROOM
from db import people, workspaces
from db.models import Workspace
from db.session import Db
from moderation.people import Person, Role
from moderation.words import SHOWS_NOTHING, clean


async def who(db: Db, user: discord.User | discord.Member | discord.Object, guild: int) -> Person:
    """The person behind a user, with the roles they have in this server (0: in a direct message).

    Whoever isn't there as a member has none: it fails closed.
    """
    async with db.begin() as s:
        row = await people.known(s, ROOM, "", str(user.id), named(user))
        house = await workspaces.get(s, ROOM, str(guild)) if guild else None
    return Person(row.id, row.name, roles(user, house))


def named(user: Any) -> str:
    """What somebody is called, as it can be shown; empty where only their id is known, or nothing of
    it can be seen."""
    names = (clean(getattr(user, name, None) or "") for name in ("global_name", "name"))
    return next((name for name in names if not SHOWS_NOTHING.fullmatch(name)), "")


def roles(user: Any, house: Workspace | None) -> frozenset[Role]:
    """Hosts manage the server; moderators have the role that hosts picked."""
    if not isinstance(user, discord.Member):
        return frozenset()
    found = set()
    if user.guild_permissions.manage_guild:
        found.add(Role.HOST)
    if house and house.moderators and user.get_role(int(house.moderators)) is not None:
        found.add(Role.MODERATOR)
    return frozenset(found)
