"""Guilds, channels, roles, members and the threads' people."""

from __future__ import annotations

from typing import Any

from tests.doubles.on_discord import errors, intents, payloads, permissions
from tests.doubles.on_discord.errors import ApiError
from tests.doubles.on_discord.model import Channel, Guild, User
from tests.doubles.on_discord.rest import Request, route
from tests.doubles.on_discord.world import World


def _guild(world: World, request: Request, *needs: str) -> Guild:
    guild = world.guilds.get(request.id("guild_id"))
    if guild is None:
        raise errors.unknown("guild")
    wanted = permissions.bits(needs)
    if permissions.of(world.bot, guild) & wanted != wanted:
        raise errors.missing_permissions()
    return guild


def _member(world: World, request: Request, guild: Guild) -> User:
    user = world.users.get(request.id("user_id"))
    if user is None:
        raise errors.unknown("user")
    if user.id not in guild.members:
        raise errors.unknown("member")
    return user


@route("GET", "/users/@me/guilds")
def guilds(world: World, request: Request) -> Any:
    after = int(request.query.get("after", 0))
    limit = int(request.query.get("limit", 200))
    found = sorted((g for g in world.guilds.values() if g.id > after), key=lambda g: g.id)
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(permissions.of(world.bot, guild)),
            "features": [],
        }
        for guild in found[:limit]
    ]


@route("DELETE", "/users/@me/guilds/{guild_id}")
def leave(world: World, request: Request) -> None:
    _guild(world, request).loses(world.bot)


@route("GET", "/guilds/{guild_id}")
def guild(world: World, request: Request) -> Any:
    return payloads.guild(_guild(world, request))


@route("GET", "/guilds/{guild_id}/channels")
def channels(world: World, request: Request) -> Any:
    return [payloads.channel(c) for c in _guild(world, request).channels.values()]


@route("POST", "/guilds/{guild_id}/channels")
def create_channel(world: World, request: Request) -> Any:
    found = _guild(world, request, "manage_channels")
    body = request.body
    made = found.channel(str(body["name"]).lower().replace(" ", "-"), topic=body.get("topic"))
    for one in body.get("permission_overwrites") or []:
        made.overwrite(int(one["id"]), int(one.get("allow") or 0), int(one.get("deny") or 0))
    return payloads.channel(made)


@route("GET", "/guilds/{guild_id}/threads/active")
def active_threads(world: World, request: Request) -> Any:
    found = [t for t in _guild(world, request).threads.values() if not t.archived]
    members = [payloads.thread_member(t, world.bot) for t in found if world.bot.id in t.joined]
    return {"threads": [payloads.channel(t) for t in found], "members": members}


@route("GET", "/guilds/{guild_id}/roles")
def roles(world: World, request: Request) -> Any:
    found = _guild(world, request)
    return [payloads.role(r) for r in (found.everyone, *found.roles.values())]


@route("POST", "/guilds/{guild_id}/roles")
def create_role(world: World, request: Request) -> Any:
    found = _guild(world, request, "manage_roles")
    mask = int(request.body.get("permissions") or 0)
    return payloads.role(found.add_role(str(request.body.get("name") or "new role"), mask))


@route("GET", "/guilds/{guild_id}/roles/{role_id}")
def role(world: World, request: Request) -> Any:
    found = _guild(world, request)
    wanted = request.id("role_id")
    if wanted == found.id:
        return payloads.role(found.everyone)
    if wanted not in found.roles:
        raise errors.unknown("role")
    return payloads.role(found.roles[wanted])


@route("GET", "/guilds/{guild_id}/members")
def members(world: World, request: Request) -> Any:
    found = _guild(world, request)
    after = int(request.query.get("after", 0))
    ids = sorted(user_id for user_id in found.members if user_id > after)
    limit = int(request.query.get("limit", 1))
    return [payloads.member(world.users[user_id], found) for user_id in ids[:limit]]


@route("GET", "/guilds/{guild_id}/members/search")
def search(world: World, request: Request) -> Any:
    found = _guild(world, request)
    query = request.query.get("query", "").lower()
    people = [world.users[user_id] for user_id in found.members]
    matching = [who for who in people if who.name.lower().startswith(query)]
    return [payloads.member(who, found) for who in matching[: int(request.query.get("limit", 1))]]


@route("GET", "/guilds/{guild_id}/members/{user_id}")
def member(world: World, request: Request) -> Any:
    found = _guild(world, request)
    return payloads.member(_member(world, request, found), found)


@route("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def give_role(world: World, request: Request) -> None:
    found = _guild(world, request, "manage_roles")
    if request.id("role_id") not in found.roles:
        raise errors.unknown("role")
    found.give(_member(world, request, found), found.roles[request.id("role_id")])


@route("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def take_role(world: World, request: Request) -> None:
    found = _guild(world, request, "manage_roles")
    if request.id("role_id") not in found.roles:
        raise errors.unknown("role")
    found.take(_member(world, request, found), found.roles[request.id("role_id")])


# ── channels and threads ─────────────────────────────────────────────────────────────────


def _channel(world: World, request: Request, *needs: str) -> Channel:
    found = world.find_channel(request.id("channel_id"))
    world.need(found, *needs)
    return found


@route("GET", "/channels/{channel_id}")
def channel(world: World, request: Request) -> Any:
    return payloads.channel(_channel(world, request))


@route("PATCH", "/channels/{channel_id}")
def edit_channel(world: World, request: Request) -> Any:
    found = _channel(world, request)
    body = request.body
    own = found.owner is world.bot and not body.keys() & {"locked"}
    if not own:
        world.need(found, "manage_threads" if found.parent else "manage_channels")
    for name in ("name", "topic", "nsfw", "archived", "locked", "invitable"):
        if name in body:
            setattr(found, name, body[name])
    if "auto_archive_duration" in body:
        found.auto_archive = int(body["auto_archive_duration"])
    if "permission_overwrites" in body:
        found.overwrites = {
            int(one["id"]): (int(one.get("allow") or 0), int(one.get("deny") or 0))
            for one in body["permission_overwrites"]
        }
    found.changed()
    return payloads.channel(found)


@route("DELETE", "/channels/{channel_id}")
def delete_channel(world: World, request: Request) -> Any:
    found = _channel(world, request)
    if found.guild is not None:
        world.need(found, "manage_threads" if found.parent else "manage_channels")
        data = payloads.channel(found)
        found.delete()
        return data
    return payloads.channel(found)


def _thread(world: World, request: Request) -> Channel:
    found = _channel(world, request)
    if found.parent is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return found


@route("GET", "/channels/{channel_id}/thread-members")
def thread_members(world: World, request: Request) -> Any:
    found = _thread(world, request)
    return [payloads.thread_member(found, who) for who in found.members]


@route("PUT", "/channels/{channel_id}/thread-members/@me")
def join(world: World, request: Request) -> None:
    _joined(world, _thread(world, request), world.bot)


@route("PUT", "/channels/{channel_id}/thread-members/{user_id}")
def add_to_thread(world: World, request: Request) -> None:
    found = _thread(world, request)
    assert found.guild is not None
    _joined(world, found, _member(world, request, found.guild))


def _joined(world: World, thread: Channel, user: User) -> None:
    if user.id in thread.joined:
        return
    thread.joined[user.id] = world.clock.now()
    assert thread.guild is not None
    data = {
        "id": str(thread.id),
        "guild_id": str(thread.guild.id),
        "member_count": len(thread.joined),
        "added_members": [payloads.thread_member(thread, user)],
        "removed_member_ids": [],
    }
    mine = user is world.bot
    intent = intents.GUILDS if mine else intents.GUILD_MEMBERS
    world.emit("THREAD_MEMBERS_UPDATE", data, thread.guild, intent)


@route("DELETE", "/channels/{channel_id}/thread-members/{user_id}")
def remove_from_thread(world: World, request: Request) -> None:
    found = _thread(world, request)
    wanted = request.params["user_id"]
    found.joined.pop(world.bot.id if wanted == "@me" else int(wanted), None)
