"""chat.* and reactions.*: what the bot says."""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.on_slack import events, payloads, saying
from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.messages import Message
from tests.doubles.on_slack.model import DM, PUBLIC, Channel
from tests.doubles.on_slack.web_api import Call, method

Json = dict[str, Any]
EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
REACTIONS = 23
"""Different ones on one message."""


@method("chat.postMessage", "chat:write")
def post_message(call: Call) -> Json:
    _customised(call)
    channel = _target(call)
    message = saying.compose(call.request.method, channel, call.args)
    if thread_ts := call.text("thread_ts"):
        parent = channel.message(thread_ts)
        if parent is None:
            raise ApiError("thread_not_found")
        message.thread_ts = parent.thread_ts or parent.ts
        message.broadcast = call.flag("reply_broadcast")
        message.subtype = "thread_broadcast" if message.broadcast else None
    call.world.post(message)
    said = payloads.message(message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": said}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    user = call.user()
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = saying.compose(call.request.method, channel, call.args)
    message.ephemeral_to = user
    message.thread_ts = call.text("thread_ts") or None
    call.world.post(message)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write")
def update(call: Call) -> Json:
    channel = call.channel(member=False)
    message = channel.message(call.must("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if not message.by_bot:
        raise ApiError("cant_update_message")
    saying.rewrite("chat.update", message, call.args)
    said = payloads.message(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.content, "message": said}


@method("chat.delete", "chat:write")
def delete(call: Call) -> Json:
    channel = call.channel(member=False)
    message = channel.message(call.must("ts"))
    if message is None:
        raise ApiError("message_not_found")
    if not message.by_bot:
        raise ApiError("cant_delete_message")
    call.world.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink")
def permalink(call: Call) -> Json:
    channel = call.channel(member=False)
    message = channel.message(call.must("message_ts"))
    if message is None:
        raise ApiError("message_not_found")
    link = (
        f"https://{call.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    )
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _target(call: Call) -> Channel:
    """A person's id stands for the conversation with them."""
    user = call.team.users.get(call.text("channel"))
    if user is not None:
        if user.bot:
            raise ApiError("cannot_dm_bot")
        if user.deactivated:
            raise ApiError("channel_not_found")
        return user.dm
    channel = call.channel(member=False)
    if not channel.has_bot:
        if channel.kind != PUBLIC or "chat:write.public" not in call.team.scopes:
            raise ApiError("not_in_channel")
        call.world.scopes_used.add("chat:write.public")
    if channel.archived:
        raise ApiError("is_archived")
    if channel.read_only:
        raise ApiError("restricted_action_read_only_channel")
    if channel.kind == DM and any(m.deactivated for m in channel.members):
        raise ApiError("is_inactive")
    return channel


def _customised(call: Call) -> None:
    if any(call.args.get(key) for key in ("username", "icon_url", "icon_emoji")):
        call.needs("chat:write.customize")


# ── reactions ────────────────────────────────────────────────────────────────────────────


@method("reactions.add", "reactions:write")
def add(call: Call) -> Json:
    message, name = _reacted(call)
    me = call.team.bot
    if me.id in message.reactions.get(name, []):
        raise ApiError("already_reacted")
    if name not in message.reactions and len(message.reactions) >= REACTIONS:
        raise ApiError("too_many_emoji")
    message.reactions.setdefault(name, []).append(me.id)
    events.reacted(message, me, name, "reaction_added")
    return {}


@method("reactions.remove", "reactions:write")
def remove(call: Call) -> Json:
    message, name = _reacted(call)
    me = call.team.bot
    if me.id not in message.reactions.get(name, []):
        raise ApiError("no_reaction")
    message.reactions[name].remove(me.id)
    if not message.reactions[name]:
        del message.reactions[name]
    events.reacted(message, me, name, "reaction_removed")
    return {}


@method("reactions.get", "reactions:read")
def get(call: Call) -> Json:
    channel = call.channel()
    message = channel.message(call.must("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    return {"type": "message", "channel": channel.id, "message": payloads.message(message)}


def _reacted(call: Call) -> tuple[Message, str]:
    name = call.must("name").strip(":")
    if not EMOJI.fullmatch(name):
        raise ApiError("invalid_name")
    if not (call.text("channel") and call.text("timestamp")):
        raise ApiError("no_item_specified")
    channel = call.channel()
    message = channel.message(call.text("timestamp"))
    if message is None:
        raise ApiError("message_not_found")
    if channel.archived:
        raise ApiError("is_archived")
    return message, name
