"""What the bot must be allowed in a server: which permission, what for, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import discord
from discord.abc import GuildChannel

SCOPES = ("bot", "applications.commands")


class Use(StrEnum):
    """What the bot uses a channel for."""

    REVIEW = "review"
    SHOWCASE = "showcase"
    ASKING = "asking"
    """Where people type the command. What only they see needs no permission; a thread does."""


CARDS = frozenset({Use.REVIEW, Use.SHOWCASE})
EVERYWHERE = frozenset(Use)


@dataclass(frozen=True, slots=True)
class Need:
    """One permission: Discord's name for it in code and on screen, what for, and where."""

    flag: str
    name: str
    why: str
    uses: frozenset[Use]


NEEDS = (
    Need(
        "view_channel",
        "View Channel",
        "without it Discord lets the bot do nothing there",
        EVERYWHERE,
    ),
    Need("send_messages", "Send Messages", "posts the cards", CARDS),
    Need("attach_files", "Attach Files", "puts the clips on them", EVERYWHERE),
    Need(
        "read_message_history",
        "Read Message History",
        "reacts to its own cards, finds reactions that came while it was away, and looks whether a "
        "card is there already",
        EVERYWHERE,
    ),
    Need(
        "add_reactions",
        "Add Reactions",
        "puts the signs under a card, so that deciding and voting are one tap",
        CARDS,
    ),
    Need(
        "manage_messages",
        "Manage Messages",
        "takes off a reaction that doesn't count, such as an artist's vote for themselves; it deletes "
        "nobody's messages",
        CARDS,
    ),
    Need(
        "create_private_threads",
        "Create Private Threads",
        "brings clips to an artist who takes no direct messages",
        frozenset({Use.ASKING}),
    ),
    Need(
        "send_messages_in_threads",
        "Send Messages in Threads",
        "writes in that thread",
        frozenset({Use.ASKING}),
    ),
)
"""All that the bot does in Discord needs, and no more."""


def missing(held: discord.Permissions, use: Use) -> list[str]:
    """The names of the permissions that a channel of this use lacks."""
    return [need.name for need in NEEDS if use in need.uses and not getattr(held, need.flag)]


def held(channel: GuildChannel, member: discord.Member) -> discord.Permissions:
    """What a member is allowed in a channel, each permission by itself.

    The channel's own method also denies what another denied permission makes useless: a single
    missing one would look like many.
    """
    return GuildChannel.permissions_for(channel, member)


def seen_by_all(channel: GuildChannel) -> bool:
    """Whether whoever comes into the server can look into the channel."""
    return GuildChannel.permissions_for(channel, channel.guild.default_role).view_channel


def invite(application: int) -> str:
    """The address at which somebody takes the bot into their server, with what it needs there."""
    needed = discord.Permissions(**{need.flag: True for need in NEEDS})
    return discord.utils.oauth_url(application, permissions=needed, scopes=SCOPES)


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it is now: its channels and roles, and the bot as its member."""

    guild: discord.Guild
    channels: Mapping[int, GuildChannel]
    me: discord.Member


async def look(client: discord.Client, guild_id: int) -> Server | None:
    """Look at a server, whichever process listens to it; None where the bot isn't in it.

    Raises ``discord.HTTPException``.
    """
    guild = client.get_guild(guild_id)
    try:
        if guild is None or guild.unavailable:
            guild = await client.fetch_guild(guild_id, with_counts=False)
            channels = list(await guild.fetch_channels())
        else:
            channels = list(guild.channels)
        if client.user is None:
            raise ValueError("not logged in")
        # Nobody else is kept in memory, and what is kept of us may be older than our roles.
        me = await guild.fetch_member(client.user.id)
    except (discord.Forbidden, discord.NotFound):
        return None
    return Server(guild, {channel.id: channel for channel in channels}, me)
