"""What people say, and how they react: the bot hears of it in events."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import events, payloads
from tests.doubles.on_slack.acts import Act
from tests.doubles.on_slack.doing import present, sees
from tests.doubles.on_slack.messages import Edit, Message, Upload

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Channel
    from tests.doubles.on_slack.people import User

Json = dict[str, Any]


def send(
    user: User, channel: Channel, text: str, files: Iterable[Upload], thread: Message | None
) -> Message:
    present(user, channel)
    assert not channel.archived, f"{channel} is archived"
    assert user.admin or not channel.read_only, f"{user.name} can't write in {channel}"
    world = user.team.world
    message = Message(world.clock.ts(), channel, user, kit.typed(text))
    message.payload = {"client_msg_id": secrets.token_hex(16)}
    message.blocks = [kit.rich_text(text, secrets.token_hex(3))] if text else []
    message.thread_ts = (thread.thread_ts or thread.ts) if thread else None
    stored = [world.store(user, upload) for upload in files]
    if stored:
        message.subtype = "file_share"
    world.attach(message, stored)
    message.event = world.post(message)
    return message


def edit(user: User, message: Message, text: str) -> Act | None:
    assert message.user is user, f"{user.name} can't edit what {message.user.name} said"
    before = payloads.message(message)
    message.content, message.blocks = kit.typed(text), [kit.rich_text(text, secrets.token_hex(3))]
    world = user.team.world
    message.edits.append(Edit(world.clock.time(), time.monotonic(), {"text": text}))
    return events.changed(message, before)


def delete(user: User, message: Message) -> Act | None:
    assert user.admin or message.user is user, f"{user.name} can't delete {message}"
    return user.team.world.delete(message)


def react(user: User, message: Message, name: str) -> Act | None:
    sees(user, message)
    assert not message.ephemeral, "nobody can react to what only one person sees"
    users = message.reactions.setdefault(name, [])
    assert user.id not in users, f"{user.name} has reacted with {name} already"
    users.append(user.id)
    return events.reacted(message, user, name, "reaction_added")


def unreact(user: User, message: Message, name: str) -> Act | None:
    users = message.reactions.get(name, [])
    assert user.id in users, f"{user.name} has not reacted with {name}"
    users.remove(user.id)
    if not users:
        del message.reactions[name]
    return events.reacted(message, user, name, "reaction_removed")


def opens_home(user: User, tab: str) -> Act | None:
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": user.dm.id, "tab": tab}
    if tab == "home" and user.home:
        event["view"] = payloads.view(user.home)
    return user.team.emit(event)
