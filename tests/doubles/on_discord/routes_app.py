"""The application itself: who it is, where its gateway is, which commands it has."""

from __future__ import annotations

from typing import Any

from tests.doubles.on_discord import errors, payloads
from tests.doubles.on_discord.rest import Request, route
from tests.doubles.on_discord.world import World

COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"


@route("GET", "/users/@me")
def me(world: World, request: Request) -> Any:
    return payloads.user(world.bot) | {"verified": True, "mfa_enabled": False, "email": None}


@route("GET", "/users/{user_id}")
def user(world: World, request: Request) -> Any:
    found = world.users.get(request.id("user_id"))
    if found is None:
        raise errors.unknown("user")
    return payloads.user(found)


@route("POST", "/users/@me/channels")
def open_dm(world: World, request: Request) -> Any:
    found = world.users.get(int(request.body["recipient_id"]))
    if found is None:
        raise errors.unknown("user")
    return payloads.channel(world.dm(found))


def _application(world: World, request: Request) -> Any:
    return {
        "id": str(world.app_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot": payloads.user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 1 << 23,
        "owner": payloads.user(next(iter(world.users.values()))),
        "team": None,
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "integration_types_config": {"0": {}},
        "hook": True,
    }


route("GET", "/oauth2/applications/@me")(_application)
route("GET", "/applications/@me")(_application)


@route("GET", "/gateway")
def gateway(world: World, request: Request) -> Any:
    return {"url": world.gateway_url}


@route("GET", "/gateway/bot")
def gateway_bot(world: World, request: Request) -> Any:
    limit = {"total": 1000, "remaining": 999, "reset_after": 86400000, "max_concurrency": 1}
    return {"url": world.gateway_url, "shards": world.shards, "session_start_limit": limit}


@route("GET", "/applications/{application_id}/emojis")
def emojis(world: World, request: Request) -> Any:
    return {"items": list(world.app_emojis.values())}


@route("POST", "/applications/{application_id}/emojis")
def create_emoji(world: World, request: Request) -> Any:
    number = world.clock.new_id()
    made = {
        "id": str(number),
        "name": request.body["name"],
        "roles": [],
        "require_colons": True,
        "managed": False,
        "animated": False,
        "available": True,
        "user": payloads.user(world.bot),
    }
    world.app_emojis[number] = made
    return made


# ── commands ─────────────────────────────────────────────────────────────────────────────


def _home(world: World, request: Request) -> dict[int, Any]:
    if request.id("application_id") != world.app_id:
        raise errors.unknown("application")
    if "guild_id" in request.params:
        return world.guild_commands.setdefault(request.id("guild_id"), {})
    return world.commands


def _made(world: World, request: Request, body: Any, number: int | None = None) -> Any:
    made = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        **body,
        "id": str(number or world.clock.new_id()),
        "application_id": str(world.app_id),
        "version": str(world.clock.new_id()),
    }
    allowed = made["default_member_permissions"]
    made["default_member_permissions"] = None if allowed is None else str(allowed)
    if "guild_id" in request.params:
        made["guild_id"] = request.params["guild_id"]
    return made


def _list(world: World, request: Request) -> Any:
    return list(_home(world, request).values())


def _replace(world: World, request: Request) -> Any:
    home = _home(world, request)
    # One that keeps its name keeps its id: mentions of it stay good.
    old = {(c.get("type", 1), c["name"]): int(c["id"]) for c in home.values()}
    bodies = request.payload or []
    made = [_made(world, request, b, old.get((b.get("type", 1), b["name"]))) for b in bodies]
    home.clear()
    home.update({int(command["id"]): command for command in made})
    return made


def _add(world: World, request: Request) -> Any:
    made = _made(world, request, request.body)
    _home(world, request)[int(made["id"])] = made
    return made


def _one(world: World, request: Request) -> Any:
    home = _home(world, request)
    if request.id("command_id") not in home:
        raise errors.unknown("application command")
    return home[request.id("command_id")]


def _change(world: World, request: Request) -> Any:
    command = _one(world, request)
    command.update(request.body)
    return command


def _remove(world: World, request: Request) -> None:
    del _home(world, request)[int(_one(world, request)["id"])]


for _base in (COMMANDS, GUILD_COMMANDS):
    route("GET", _base)(_list)
    route("PUT", _base)(_replace)
    route("POST", _base)(_add)
    route("GET", _base + "/{command_id}")(_one)
    route("PATCH", _base + "/{command_id}")(_change)
    route("DELETE", _base + "/{command_id}")(_remove)
