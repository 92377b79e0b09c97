"""How the bot's words become messages, whichever door they come through."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import events, limits, payloads
from tests.doubles.on_slack.messages import Edit, Message

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Channel

Json = dict[str, Any]


def compose(what: str, channel: Channel, given: Json) -> Message:
    """A new message of the bot's, checked but not posted."""
    team, world = channel.team, channel.world
    text, blocks, attachments = _parts(given)
    limits.check_message(team, what, text, blocks, attachments)
    limits.check_metadata(team, what, given.get("metadata"))
    message = Message(world.clock.ts(), channel, team.bot, text)
    message.blocks = kit.filled_in(blocks or [], world.block_id)
    message.attachments = attachments or []
    message.metadata = given.get("metadata") or None
    message.payload = dict(given)
    return message


def rewrite(what: str, message: Message, given: Json) -> None:
    """What is not given stays as it is; an empty list takes it away."""
    team, world = message.team, message.team.world
    text, blocks, attachments = _parts(given)
    text = message.content if given.get("text") is None else text
    blocks = message.blocks if blocks is None else blocks
    attachments = message.attachments if attachments is None else attachments
    limits.check_message(team, what, text, blocks, attachments)
    limits.check_metadata(team, what, given.get("metadata"))
    before = payloads.message(message)
    message.content, message.attachments = text, attachments
    if given.get("blocks") is not None:
        message.blocks = kit.filled_in(blocks, world.block_id)
    if given.get("metadata") is not None:
        message.metadata = given["metadata"] or None
    message.edits.append(Edit(world.clock.time(), time.monotonic(), dict(given)))
    if not message.ephemeral:
        events.changed(message, before)


def _parts(given: Json) -> tuple[str, Any, Any]:
    return str(given.get("text") or ""), given.get("blocks"), given.get("attachments")
