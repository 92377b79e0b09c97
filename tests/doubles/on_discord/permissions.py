"""Permissions by name, and how roles and a channel's overwrites add up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.doubles.on_discord.model import Channel, Guild, User

BITS = {
    "create_instant_invite": 1 << 0,
    "kick_members": 1 << 1,
    "ban_members": 1 << 2,
    "administrator": 1 << 3,
    "manage_channels": 1 << 4,
    "manage_guild": 1 << 5,
    "add_reactions": 1 << 6,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18,
    "manage_roles": 1 << 28,
    "manage_webhooks": 1 << 29,
    "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "create_private_threads": 1 << 36,
    "send_messages_in_threads": 1 << 38,
    "moderate_members": 1 << 40,
    "use_external_apps": 1 << 50,
    "pin_messages": 1 << 51,
}
ALL = (1 << 53) - 1

EVERYONE = (
    "view_channel",
    "send_messages",
    "add_reactions",
    "embed_links",
    "attach_files",
    "read_message_history",
    "use_external_emojis",
    "use_application_commands",
    "send_messages_in_threads",
    "create_public_threads",
)
BOT = ("create_private_threads", "manage_messages", "manage_threads", "pin_messages")


def bits(names: Iterable[str]) -> int:
    total = 0
    for name in names:
        total |= BITS[name]
    return total


def of(user: User, guild: Guild, channel: Channel | None = None) -> int:
    """What this member may do in the guild, or in one of its channels."""
    roles = guild.roles_of(user)
    total = 0
    for role in (guild.everyone, *roles):
        total |= role.permissions
    if user is guild.owner or total & BITS["administrator"]:
        return ALL
    place = channel.parent if channel and channel.parent else channel
    if place is not None:
        overwrites = place.overwrites
        order = [{guild.id}, {role.id for role in roles}, {user.id}]
        for ids in order:
            denied = allowed = 0
            for target in ids & overwrites.keys():
                allow, deny = overwrites[target]
                allowed |= allow
                denied |= deny
            total = total & ~denied | allowed
        if not total & BITS["view_channel"]:
            return 0
    return total
