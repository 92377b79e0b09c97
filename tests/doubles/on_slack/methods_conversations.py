"""conversations.*, users.*, usergroups.*, team.* and auth.*: where the bot is, and with whom."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, TypeVar

from tests.doubles.on_slack import payloads
from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.messages import Message
from tests.doubles.on_slack.model import PUBLIC, Channel
from tests.doubles.on_slack.scopes import FAMILY
from tests.doubles.on_slack.web_api import APP, Call, method

Json = dict[str, Any]
T = TypeVar("T")
TYPES = {"public_channel": "public", "private_channel": "private", "im": "im"}


@method("auth.test")
def auth_test(call: Call) -> Json:
    team = call.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": team.bot.handle,
        "team_id": team.id,
        "user_id": team.bot.id,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", auth=APP)
def connections_open(call: Call) -> Json:
    world = call.world
    if not world.socket_mode:
        raise ApiError("socket_mode_not_enabled")  # the app's page has it switched off
    return {"url": world.socket_url()}


@method("team.info", "team:read")
def team_info(call: Call) -> Json:
    team = call.team
    icon = {"image_default": True, "image_34": f"{call.world.url}/avatars/team-34.png"}
    more = {"email_domain": "", "icon": icon, "url": f"https://{team.domain}.slack.com/"}
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, **more}}


# ── conversations ────────────────────────────────────────────────────────────────────────


@method("conversations.open", "im:write")
def open_dm(call: Call) -> Json:
    if channel_id := call.text("channel"):
        channel = call.team.channels.get(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        return {"channel": payloads.channel(channel), "no_op": True, "already_open": True}
    ids = call.names("users")
    if not ids:
        raise ApiError("users_list_not_supplied")
    if len(ids) > 1:
        raise ApiError("method_not_supported_for_channel_type")  # group conversations: not here
    user = call.team.users.get(ids[0])
    if user is None:
        raise ApiError("user_not_found")
    if user.bot:
        raise ApiError("cannot_dm_bot")
    if user.deactivated:
        raise ApiError("user_disabled")
    whole = payloads.channel(user.dm)
    return {"channel": whole if call.flag("return_im") else {"id": user.dm.id}}


@method("conversations.info")
def info(call: Call) -> Json:
    channel = _readable(call, "read", member=False)
    made = payloads.channel(channel)
    if call.flag("include_num_members"):
        made["num_members"] = len(channel.members)
    return {"channel": made}


@method("conversations.list")
def list_channels(call: Call) -> Json:
    return _channels(call, [c for c in call.team.channels.values() if c.has_bot or not c.private])


@method("users.conversations")
def conversations_of(call: Call) -> Json:
    user = call.user() if call.text("user") else call.team.bot
    mine = [c for c in call.team.channels.values() if user in c.members]
    return _channels(call, [c for c in mine if c.has_bot or not c.private])


@method("conversations.members")
def members(call: Call) -> Json:
    channel = _readable(call, "read", member=False)
    page, more = _page(call, [member.id for member in channel.members], 100)
    return {"members": page, "response_metadata": {"next_cursor": more}}


@method("conversations.join", "channels:join")
def join(call: Call) -> Json:
    channel = call.channel(member=False)
    if channel.kind != PUBLIC:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.archived:
        raise ApiError("is_archived")
    already = channel.has_bot
    channel.invite_bot()
    made: Json = {"channel": payloads.channel(channel)}
    if already:
        made |= {
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    return made


@method("conversations.history")
def history(call: Call) -> Json:
    channel = _readable(call, "history")
    found = _between(call, reversed(channel.messages))
    page, more = _page(call, found, 100)
    return _messages(call, page, more)


@method("conversations.replies")
def replies(call: Call) -> Json:
    channel = _readable(call, "history")
    asked = call.must("ts")
    message = next((m for m in channel.history if m.ts == asked), None)
    first = message.thread_ts or message.ts if message else ""
    parent = next((m for m in channel.history if m.ts == first), None)
    # A first message that was deleted leaves a stone for as long as there are others below it.
    if parent is None or (parent.deleted and not parent.replies):
        raise ApiError("thread_not_found")
    found = [parent, *_between(call, parent.replies)]
    page, more = _page(call, found, 1000)
    return _messages(call, page, more)


def _readable(call: Call, what: str, *, member: bool = True) -> Channel:
    channel = call.channel(member=False)
    call.needs(f"{FAMILY[channel.kind]}:{what}")
    if member and not channel.has_bot:
        raise ApiError("not_in_channel")
    return channel


def _channels(call: Call, found: list[Channel]) -> Json:
    wanted = call.names("types") or ["public_channel"]
    for name in wanted:
        if name in TYPES:
            call.needs(f"{FAMILY[TYPES[name]]}:read")
    kinds = [TYPES.get(name) for name in wanted]
    found = [channel for channel in found if channel.kind in kinds]
    if call.flag("exclude_archived"):
        found = [channel for channel in found if not channel.archived]
    page, more = _page(call, found, 100)
    listed = [payloads.channel(channel) for channel in page]
    return {"channels": listed, "response_metadata": {"next_cursor": more}}


def _between(call: Call, messages: Iterable[Message]) -> list[Message]:
    latest, oldest = call.text("latest"), call.text("oldest")
    edge = call.flag("inclusive")
    return [
        m
        for m in messages
        if (not latest or float(m.ts) < float(latest) or (edge and m.ts == latest))
        and (not oldest or float(m.ts) > float(oldest) or (edge and m.ts == oldest))
    ]


def _messages(call: Call, page: list[Message], more: str) -> Json:
    metadata = call.flag("include_all_metadata")
    made: Json = {
        "messages": [payloads.message(message, metadata=metadata) for message in page],
        "has_more": bool(more),
        "pin_count": 0,
    }
    if more:
        made["response_metadata"] = {"next_cursor": more}
    return made


def _page(call: Call, everything: list[T], default: int) -> tuple[list[T], str]:
    """One page, and the cursor of the next: opaque, as Slack's is."""
    limit, cursor = call.number("limit", default, 1000), call.text("cursor")
    start = 0
    if cursor:
        try:
            start = int(base64.b64decode(cursor).decode().removeprefix("next:"))
        except ValueError as error:
            raise ApiError("invalid_cursor") from error
    end = start + limit
    left = end < len(everything)
    return everything[start:end], base64.b64encode(f"next:{end}".encode()).decode() if left else ""


# ── people ───────────────────────────────────────────────────────────────────────────────


@method("users.info", "users:read")
def user_info(call: Call) -> Json:
    email = "users:read.email" in call.team.scopes
    return {"user": payloads.user(call.user(), email=email)}


@method("users.list", "users:read")
def user_list(call: Call) -> Json:
    page, more = _page(call, list(call.team.users.values()), 200)
    listed = [payloads.user(user) for user in page]
    return {"members": listed, "response_metadata": {"next_cursor": more}}


@method("usergroups.list", "usergroups:read")
def group_list(call: Call) -> Json:
    _paid(call)
    groups = call.team.groups.values()
    listed = [g for g in groups if call.flag("include_disabled") or not g.disabled]
    return {"usergroups": [payloads.group(g, users=call.flag("include_users")) for g in listed]}


@method("usergroups.users.list", "usergroups:read")
def group_users(call: Call) -> Json:
    _paid(call)
    group = call.team.groups.get(call.must("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": [member.id for member in group.members if not member.deactivated]}


def _paid(call: Call) -> None:
    if not call.team.paid:
        raise ApiError("paid_teams_only")
