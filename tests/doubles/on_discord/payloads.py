"""What Discord's objects look like on the wire."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.doubles.on_discord import emoji, messages
from tests.doubles.on_discord.clock import iso

if TYPE_CHECKING:
    from tests.doubles.on_discord.messages import Attachment, Message
    from tests.doubles.on_discord.model import Channel, Guild, Role, User

Json = dict[str, Any]


def user(who: User) -> Json:
    return {
        "id": str(who.id),
        "username": who.name.lower().replace(" ", "_"),
        "global_name": None if who.bot else who.name,
        "discriminator": "0001" if who.bot else "0",
        "avatar": None,
        "bot": who.bot,
        "public_flags": 0,
        "flags": 0,
    }


def member(who: User, guild: Guild, *, with_user: bool = True) -> Json:
    return {
        **({"user": user(who)} if with_user else {}),
        "nick": None,
        "avatar": None,
        "roles": [str(role.id) for role in guild.roles_of(who)],
        "joined_at": iso(guild.joined),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }


def role(what: Role) -> Json:
    guild = what.guild
    return {
        "id": str(what.id),
        "name": what.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": 0 if what is guild.everyone else 1 + list(guild.roles).index(what.id),
        "permissions": str(what.permissions),
        "managed": what.managed,
        "mentionable": False,
        "flags": 0,
    }


def channel(what: Channel) -> Json:
    last = what.history[-1].id if what.history else None
    base: Json = {
        "id": str(what.id),
        "type": what.type,
        "last_message_id": str(last) if last else None,
        "flags": 0,
    }
    if what.recipient is not None:
        return base | {"recipients": [user(what.recipient)], "name": None}
    assert what.guild is not None
    base |= {"name": what.name, "guild_id": str(what.guild.id), "rate_limit_per_user": 0}
    if what.parent is None:
        return base | {
            "position": [*what.guild.channels, what.id].index(what.id),
            "parent_id": None,
            "topic": what.topic,
            "nsfw": what.nsfw,
            "permission_overwrites": [
                {
                    "id": str(target),
                    "type": 0 if target in what.guild.roles or target == what.guild.id else 1,
                    "allow": str(allow),
                    "deny": str(deny),
                }
                for target, (allow, deny) in what.overwrites.items()
            ],
        }
    return base | thread_part(what, what.parent)


def thread_part(what: Channel, parent: Channel) -> Json:
    made = iso(what.world.made(what.id))
    mine = what.joined.get(what.world.bot.id)
    part: Json = {
        "parent_id": str(parent.id),
        "owner_id": str(what.owner.id if what.owner else what.world.bot.id),
        "message_count": len(what.messages),
        "total_message_sent": len(what.history),
        "member_count": len(what.joined),
        "thread_metadata": {
            "archived": what.archived,
            "auto_archive_duration": what.auto_archive,
            "archive_timestamp": made,
            "locked": what.locked,
            "invitable": what.invitable,
            "create_timestamp": made,
        },
    }
    if mine:
        part["member"] = thread_member(what, what.world.bot)
    return part


def thread_member(thread: Channel, who: User) -> Json:
    return {
        "id": str(thread.id),
        "user_id": str(who.id),
        "join_timestamp": iso(thread.joined[who.id]),
        "flags": 1,
    }


def guild(what: Guild) -> Json:
    return {
        "id": str(what.id),
        "name": what.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "owner_id": str(what.owner.id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_tier": what.premium_tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role(r) for r in (what.everyone, *what.roles.values())],
        "max_members": 500000,
        "approximate_member_count": len(what.members),
        "approximate_presence_count": len(what.members),
    }


def guild_create(what: Guild) -> Json:
    """The whole guild; of its members only the bot, since no presences were asked for."""
    bot = what.world.bot
    return guild(what) | {
        "joined_at": iso(what.joined),
        "large": False,
        "unavailable": False,
        "member_count": len(what.members),
        "members": [member(bot, what)],
        "channels": [channel(c) for c in what.channels.values()],
        "threads": [
            channel(t)
            for t in what.threads.values()
            if not t.archived and (t.type != 12 or bot.id in t.joined)
        ],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(what: Attachment, world: Any) -> Json:
    url = world.cdn_url(what.path)
    data: Json = {
        "id": str(what.id),
        "filename": what.filename,
        "size": len(what.data),
        "url": url,
        "proxy_url": url,
        "content_type": what.content_type,
        "flags": 8 if what.spoiler else 0,
    }
    if what.description is not None:
        data["description"] = what.description
    if what.size:
        data |= {"width": what.size[0], "height": what.size[1]}
    return data


def message(what: Message, *, bare: bool = False) -> Json:
    """A message; `bare` as a session sees it that may not read content."""
    world = what.channel.world
    files = {f"attachment://{a.filename}": a for a in what.attachments}
    shown = [] if bare else copy.deepcopy(what.components)
    referenced: set[str] = set()
    for item in messages.media(shown):
        file = files.get(item["url"])
        if file:
            referenced.add(file.filename)
            url = world.cdn_url(file.path)
            item |= {"url": url, "content_type": file.content_type, "attachment_id": str(file.id)}
            item |= dict(zip(("width", "height"), file.size or (None, None), strict=True))
        item |= {"proxy_url": item["url"], "loading_state": 2, "flags": 0}
    for component in messages.walk(shown):
        if component["type"] == messages.FILE:
            path = component["file"]["url"].split("?")[0]
            size = next((len(a.data) for a in what.attachments if path.endswith(a.path)), 0)
            component |= {"name": path.rsplit("/", 1)[-1], "size": size}
    embeds = [] if bare else copy.deepcopy(what.embeds)
    for embed in embeds:
        embed.setdefault("type", "rich")
        for key in ("image", "thumbnail"):
            if embed.get(key) and (file := files.get(embed[key]["url"])):
                referenced.add(file.filename)
                url = world.cdn_url(file.path)
                embed[key] |= {"url": url, "proxy_url": url}
    # Files that components or embeds show are not listed a second time: Discord means it so.
    listed = [] if bare else [a for a in what.attachments if a.filename not in referenced]
    data: Json = {
        "id": str(what.id),
        "channel_id": str(what.channel.id),
        "type": what.type,
        "author": user(what.author),
        "content": "" if bare else what.content,
        "timestamp": iso(what.created),
        "edited_timestamp": iso(what.edits[-1].at) if what.edits else None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user(world.users[i]) for i in what.mentions if i in world.users],
        "mention_roles": [],
        "attachments": [attachment(a, world) for a in listed],
        "embeds": embeds,
        "components": shown,
        "pinned": what.pinned,
        "flags": what.flags,
        "reactions": [
            {
                "emoji": emoji.partial(name),
                "count": len(who),
                "count_details": {"burst": 0, "normal": len(who)},
                "burst_colors": [],
                "me_burst": False,
                "burst_count": 0,
                "me": world.bot.id in who,
            }
            for name, who in what.reactions.items()
        ],
    }
    if what.nonce is not None:
        data["nonce"] = what.nonce
    if what.reference is not None:
        data["message_reference"] = {
            "type": 0,
            "message_id": str(what.reference),
            "channel_id": str(what.channel.id),
        }
    if what.author.bot:
        data["application_id"] = str(world.app_id)
    if what.interaction is not None:
        data["webhook_id"] = str(world.app_id)
        data["interaction_metadata"] = what.interaction.metadata()
    return data


def message_event(what: Message) -> Json:
    """As the gateway tells it: with the guild, and the author as a member of it."""
    return message(what) | _place(what)


def bare_event(what: Message) -> Json:
    return message(what, bare=True) | _place(what)


def _place(what: Message) -> Json:
    guild_of = what.channel.guild
    if guild_of is None:
        return {}
    return {
        "guild_id": str(guild_of.id),
        "member": member(what.author, guild_of, with_user=False),
    }
