"""What the bot is told of without asking: which events it may have, and their envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import acts, payloads
from tests.doubles.on_slack.acts import Act

if TYPE_CHECKING:
    from tests.doubles.on_slack.messages import Message
    from tests.doubles.on_slack.model import Channel, Team
    from tests.doubles.on_slack.people import User

Json = dict[str, Any]

IN_CHANNEL = {"public": "channels", "private": "groups", "im": "im"}
SCOPES = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "file_shared": "files:read",
    "team_join": "users:read",
    "user_change": "users:read",
}
"""Those of events about channels and messages depend on the kind of channel."""
FREE = ("app_home_opened", "app_uninstalled", "tokens_revoked")


def emit(team: Team, event: Json, channel: Channel | None = None) -> Act | None:
    """Tell the bot, if it is installed, has subscribed, has the scope and is in the channel."""
    world, kind = team.world, event["type"]
    name = f"message.{_plural(channel)}" if kind == "message" and channel else kind
    scope = _scope(kind, channel)
    if not team.installed or (world.events is not None and name not in world.events):
        return None
    if (scope and scope not in team.scopes) or (channel and not channel.has_bot):
        return None
    if scope:
        world.scopes_used.add(scope)
    if name not in ("app_uninstalled", "tokens_revoked"):
        event.setdefault("event_ts", world.clock.ts())
    event_id = world.clock.id("Ev")
    bot = {
        "enterprise_id": None,
        "team_id": team.id,
        "user_id": team.bot.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    payload: Json = {
        "token": world.verification_token,
        "team_id": team.id,
        "enterprise_id": None,
        "api_app_id": world.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(world.clock.time()),
        "authorizations": [bot],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }
    if kind in ("reaction_added", "reaction_removed", "file_shared"):
        payload |= {"context_team_id": team.id, "context_enterprise_id": None}
    act = Act(world, team, acts.EVENT, kind, payload, channel=channel, made=world.clock.time())
    world.send(act)
    return act


def _plural(channel: Channel) -> str:
    return IN_CHANNEL[channel.kind]


def _scope(kind: str, channel: Channel | None) -> str | None:
    if kind in FREE:
        return None
    if kind == "message" and channel:
        return f"{_plural(channel)}:history"
    if kind in SCOPES:
        return SCOPES[kind]
    return f"{_plural(channel)}:read" if channel else "channels:read"


# ── messages ─────────────────────────────────────────────────────────────────────────────


def posted(message: Message) -> Act | None:
    """A new message; where it names the bot, that is a second event."""
    channel, world = message.channel, message.team.world
    event = payloads.message(message) | {
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": _type(channel),
    }
    if not message.by_bot and f"<@{message.team.bot.id}>" in message.content:
        mention = {k: v for k, v in event.items() if k not in ("channel_type", "subtype")}
        message.team.emit(mention | {"type": "app_mention"}, channel)
    for file in message.files:
        shared = {
            "type": "file_shared",
            "file_id": file.id,
            "user_id": message.user.id,
            "file": {"id": file.id},
            "channel_id": channel.id,
            "event_ts": world.clock.ts(),
        }
        message.team.emit(shared, channel)
    return message.team.emit(event, channel)


def changed(message: Message, before: Json) -> Act | None:
    return _hidden(message, "message_changed", before, message=payloads.message(message))


def deleted(message: Message, before: Json) -> Act | None:
    return _hidden(message, "message_deleted", before, deleted_ts=message.ts)


def _hidden(about: Message, subtype: str, before: Json, **more: Any) -> Act | None:
    channel, ts = about.channel, about.team.world.clock.ts()
    event = {
        "type": "message",
        "subtype": subtype,
        "channel": channel.id,
        "hidden": True,
        **more,
        "previous_message": before,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _type(channel),
    }
    return about.team.emit(event, channel)


def reacted(message: Message, user: User, name: str, kind: str) -> Act | None:
    event = {
        "type": kind,
        "user": user.id,
        "item": {"type": "message", "channel": message.channel.id, "ts": message.ts},
        "reaction": name,
        "item_user": message.user.id,
    }
    return message.team.emit(event, message.channel)


def _type(channel: Channel) -> str:
    return {"public": "channel", "private": "group", "im": "im"}[channel.kind]
