"""How a body becomes a message, or changes one: files, flags, limits, in Discord's order."""

from __future__ import annotations

import copy
import re
import time
from typing import Any

from tests.doubles.on_discord import errors, limits, messages
from tests.doubles.on_discord.interactions import Interaction
from tests.doubles.on_discord.messages import Attachment, Edit, Message, Upload
from tests.doubles.on_discord.model import Channel
from tests.doubles.on_discord.world import World, safe

Json = dict[str, Any]
Files = dict[int, Upload]

SETTABLE = messages.SUPPRESS_EMBEDS | messages.SUPPRESS_NOTIFICATIONS | messages.V2 | (1 << 13)
REPLY, COMMAND_REPLY = 19, 20


def create(
    world: World,
    channel: Channel,
    body: Json,
    files: Files,
    *,
    interaction: Interaction | None = None,
) -> Message:
    """A message by the bot, checked, not yet posted."""
    _sizes(channel, files)
    flags = body.get("flags") or 0
    kept = SETTABLE | (messages.EPHEMERAL if interaction else 0)
    new = _new_files(body, files)
    components = body.get("components") or []
    content = str(body.get("content") or "")
    limits.check_message(
        content=content,
        embeds=body.get("embeds") or [],
        components=components,
        flags=flags,
        filenames=[upload.filename for upload, _ in new],
        others=bool(body.get("poll") or body.get("sticker_ids")),
    )
    made = Message(
        world.clock.new_id(),
        channel,
        world.bot,
        world.clock.now(),
        content,
        flags & kept,
        embeds=copy.deepcopy(body.get("embeds") or []),
        components=_numbered(components),
        attachments=[world.attach(channel, upload, text) for upload, text in new],
        nonce=str(body["nonce"]) if body.get("nonce") is not None else None,
        interaction=interaction,
        allowed_mentions=body.get("allowed_mentions"),
    )
    made.mentions = _mentioned(made)
    if reference := body.get("message_reference"):
        made.type = REPLY
        made.reference = _referenced(world, channel, reference)
    elif interaction is not None and interaction.type == 2:
        made.type = COMMAND_REPLY
    return made


def edit(world: World, message: Message, body: Json, files: Files) -> None:
    """Change what the body names, and only that."""
    _sizes(message.channel, files)
    flags = message.flags & ~messages.LOADING
    if body.get("flags") is not None:
        asked = int(body["flags"])
        if message.v2 and not asked & messages.V2:
            form = errors.Form()
            text = "The IS_COMPONENTS_V2 flag cannot be removed"
            form.wrong(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", text)
            form.done()
        changeable = messages.SUPPRESS_EMBEDS | messages.V2
        flags = (flags & ~messages.SUPPRESS_EMBEDS) | (asked & changeable)
    kept = _kept(message, body)
    new = _new_files(body, files)
    content = str(body.get("content", message.content) or "")
    embeds = body.get("embeds", message.embeds) or []
    components = body.get("components", message.components) or []
    limits.check_message(
        content=content,
        embeds=embeds,
        components=components,
        flags=flags,
        filenames=[a.filename for a in kept] + [upload.filename for upload, _ in new],
    )
    message.content, message.flags = content, flags
    message.embeds = copy.deepcopy(embeds)
    message.components = _numbered(components)
    channel = message.channel
    message.attachments = kept + [world.attach(channel, upload, text) for upload, text in new]
    message.edits.append(Edit(world.clock.now(), time.monotonic(), body))
    world.emit_message("MESSAGE_UPDATE", message)


def _mentioned(message: Message) -> list[int]:
    """Whom the text names, as far as the body lets it reach them."""
    allowed = message.allowed_mentions
    named = [int(number) for number in re.findall(r"<@!?(\d+)>", message.text())]
    if allowed is not None and "users" not in (allowed.get("parse") or ()):
        chosen = {int(number) for number in allowed.get("users") or ()}
        named = [number for number in named if number in chosen]
    return list(dict.fromkeys(named))


def _sizes(channel: Channel, files: Files) -> None:
    if any(len(upload.data) > channel.file_limit for upload in files.values()):
        raise errors.too_large()


def _new_files(body: Json, files: Files) -> list[tuple[Upload, str | None]]:
    """Uploads in order, under the names and with the descriptions that the body gives them."""
    named = {str(entry.get("id")): entry for entry in body.get("attachments") or []}
    found: list[tuple[Upload, str | None]] = []
    form = errors.Form()
    for index in sorted(files):
        entry = named.get(str(index), {})
        upload = files[index]
        text = entry.get("description")
        form.length(("attachments", index, "description"), text, 1024)
        name = safe(entry.get("filename") or upload.filename)
        found.append((Upload(name, upload.data, None), text))
    form.done()
    return found


def _kept(message: Message, body: Json) -> list[Attachment]:
    """Without a list, all of them; otherwise those on the list and those still shown."""
    if body.get("attachments") is None:
        return list(message.attachments)
    listed = {str(entry.get("id")): entry for entry in body["attachments"]}
    shown = " ".join(item["url"] for item in messages.media(body.get("components") or []))
    kept = [a for a in message.attachments if str(a.id) in listed or a.path in shown]
    for attachment in kept:
        entry = listed.get(str(attachment.id), {})
        if "description" in entry:
            attachment.description = entry["description"]
    return kept


def _numbered(components: list[Json]) -> list[Json]:
    """A copy in which every component has an id, as Discord gives one to those without."""
    own = copy.deepcopy(components)
    taken = {part["id"] for part in messages.walk(own) if part.get("id")}
    number = 0
    for part in messages.walk(own):
        if not part.get("id"):
            number += 1
            while number in taken:
                number += 1
            part["id"] = number
    return own


def _referenced(world: World, channel: Channel, reference: Json) -> int:
    target = int(reference["message_id"])
    if any(m.id == target and not m.deleted for m in channel.history):
        return target
    if reference.get("fail_if_not_exists", True):
        form = errors.Form()
        form.wrong(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        form.done()
    return target
