"""Messages, reactions and threads."""

from __future__ import annotations

from typing import Any

from tests.doubles.on_discord import emoji as emojis
from tests.doubles.on_discord import errors, intents, limits, payloads, posting
from tests.doubles.on_discord.errors import ApiError
from tests.doubles.on_discord.messages import Message
from tests.doubles.on_discord.model import DM, PRIVATE_THREAD, PUBLIC_THREAD, Channel
from tests.doubles.on_discord.rest import Request, route
from tests.doubles.on_discord.world import World

HOUR = 60 * 60.0
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"
REACTION = MESSAGE + "/reactions/{emoji_name}"


def _channel(world: World, request: Request, *needs: str) -> Channel:
    channel = world.find_channel(request.id("channel_id"))
    world.need(channel, *needs)
    return channel


def _message(world: World, request: Request, *needs: str) -> Message:
    return world.find_message(_channel(world, request, *needs), request.id("message_id"))


@route("GET", MESSAGES)
def history(world: World, request: Request) -> Any:
    channel = _channel(world, request, "read_message_history")
    limit = int(request.query.get("limit", 50))
    found = channel.messages
    if "before" in request.query:
        found = [m for m in found if m.id < int(request.query["before"])][-limit:]
    elif "after" in request.query:
        found = [m for m in found if m.id > int(request.query["after"])][:limit]
    elif "around" in request.query:
        middle = int(request.query["around"])
        found = sorted(sorted(found, key=lambda m: abs(m.id - middle))[:limit], key=lambda m: m.id)
    return [payloads.message(message) for message in reversed(found[-limit:])]


@route("GET", MESSAGE)
def fetch(world: World, request: Request) -> Any:
    return payloads.message(_message(world, request, "read_message_history"))


@route("POST", MESSAGES)
def send(world: World, request: Request) -> Any:
    thread = world.find_channel(request.id("channel_id")).parent is not None
    needs = ["send_messages_in_threads" if thread else "send_messages"]
    if request.files:
        needs.append("attach_files")
    channel = _channel(world, request, *needs)
    if channel.recipient is not None and (channel.recipient.dms_closed or channel.recipient.bot):
        raise ApiError(403, 50007, "Cannot send messages to this user")
    if channel.locked:
        raise ApiError(400, 50083, "Thread is archived")
    body = request.body
    if body.get("enforce_nonce") and body.get("nonce") is not None:
        since = world.clock.time() - world.nonce_life
        for message in reversed(channel.history):
            fresh = message.created.timestamp() > since
            if fresh and message.author is world.bot and message.nonce == str(body["nonce"]):
                return payloads.message(message)
    made = posting.create(world, channel, body, request.files)
    if channel.archived:
        channel.archived = False
        channel.changed()
    if channel.type == PRIVATE_THREAD and channel.guild:
        # Naming somebody in a private thread brings them in.
        for user_id in made.mentions:
            if user_id in channel.guild.members:
                channel.joined.setdefault(user_id, world.clock.now())
    return payloads.message(world.post(made))


@route("PATCH", MESSAGE)
def edit(world: World, request: Request) -> Any:
    message = _message(world, request)
    if message.author is not world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if world.clock.time() - message.created.timestamp() > HOUR:
        _old_edit(world, message)
    posting.edit(world, message, request.body, request.files)
    return payloads.message(message)


def _old_edit(world: World, message: Message) -> None:
    most, window = world.old_edits
    now = world.clock.time()
    recent = [at for at in world.old_edited.get(message.channel.id, ()) if at > now - window]
    if len(recent) >= most:
        text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
        raise ApiError(429, 30046, text, retry_after=round(recent[0] + window - now, 3))
    world.old_edited[message.channel.id] = [*recent, now]


@route("DELETE", MESSAGE)
def delete(world: World, request: Request) -> None:
    message = _message(world, request)
    if message.author is not world.bot:
        if message.channel.type == DM:
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
        world.need(message.channel, "manage_messages")
    world.delete(message)


@route("POST", MESSAGES + "/bulk-delete")
def bulk_delete(world: World, request: Request) -> None:
    channel = _channel(world, request, "manage_messages")
    wanted = {int(one) for one in request.body["messages"]}
    for message in channel.messages:
        if message.id in wanted:
            world.delete(message)


@route("PUT", MESSAGES + "/pins/{message_id}")
def pin(world: World, request: Request) -> None:
    message = _message(world, request)
    if message.channel.guild:
        world.need(message.channel, "pin_messages")
    message.pinned = True


@route("DELETE", MESSAGES + "/pins/{message_id}")
def unpin(world: World, request: Request) -> None:
    pin(world, request)
    _message(world, request).pinned = False


@route("POST", "/channels/{channel_id}/typing")
def typing(world: World, request: Request) -> None:
    _channel(world, request)


# ── reactions ────────────────────────────────────────────────────────────────────────────


def _emoji(request: Request) -> str:
    name = emojis.canonical(request.params["emoji_name"])
    if name is None:
        raise ApiError(400, 10014, "Unknown Emoji")
    return name


@route("PUT", REACTION + "/@me")
def react(world: World, request: Request) -> None:
    message = _message(world, request, "read_message_history")
    name = _emoji(request)
    if name not in message.reactions:
        world.need(message.channel, "add_reactions")
        if len(message.reactions) >= limits.REACTIONS:
            raise ApiError(400, 30010, "Maximum number of reactions reached (20)")
    who = message.reactions.setdefault(name, [])
    if world.bot.id not in who:
        who.append(world.bot.id)
        world.emit_reaction("MESSAGE_REACTION_ADD", message, world.bot, emojis.partial(name))


def _take_off(world: World, message: Message, name: str, user_id: int) -> None:
    who = message.reactions.get(name, [])
    if user_id in who:
        who.remove(user_id)
        if not who:
            del message.reactions[name]
        user = world.users[user_id]
        world.emit_reaction("MESSAGE_REACTION_REMOVE", message, user, emojis.partial(name))


@route("DELETE", REACTION + "/@me")
def unreact(world: World, request: Request) -> None:
    _take_off(world, _message(world, request), _emoji(request), world.bot.id)


@route("DELETE", REACTION + "/{user_id}")
def unreact_other(world: World, request: Request) -> None:
    message = _message(world, request)
    if message.channel.type == DM:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    world.need(message.channel, "manage_messages")
    _take_off(world, message, _emoji(request), request.id("user_id"))


@route("DELETE", REACTION)
def clear_emoji(world: World, request: Request) -> None:
    message = _message(world, request, "manage_messages")
    name = _emoji(request)
    if message.reactions.pop(name, None):
        _cleared(world, message, "MESSAGE_REACTION_REMOVE_EMOJI", {"emoji": emojis.partial(name)})


@route("DELETE", MESSAGE + "/reactions")
def clear(world: World, request: Request) -> None:
    message = _message(world, request, "manage_messages")
    message.reactions.clear()
    _cleared(world, message, "MESSAGE_REACTION_REMOVE_ALL", {})


def _cleared(world: World, message: Message, event: str, data: dict[str, Any]) -> None:
    data |= {"channel_id": str(message.channel.id), "message_id": str(message.id)}
    if message.channel.guild:
        data["guild_id"] = str(message.channel.guild.id)
    world.emit(event, data, message.channel.guild, intents.GUILD_REACTIONS)


@route("GET", REACTION)
def reactors(world: World, request: Request) -> Any:
    message = _message(world, request, "read_message_history")
    after = int(request.query.get("after", 0))
    limit = int(request.query.get("limit", 25))
    ids = sorted(i for i in message.reactions.get(_emoji(request), ()) if i > after)
    return [payloads.user(world.users[user_id]) for user_id in ids[:limit]]


# ── threads ──────────────────────────────────────────────────────────────────────────────


@route("POST", "/channels/{channel_id}/threads")
def thread(world: World, request: Request) -> Any:
    private = request.body.get("type", PRIVATE_THREAD) == PRIVATE_THREAD
    needs = "create_private_threads" if private else "create_public_threads"
    parent = _channel(world, request, needs)
    return _open(world, parent, request, PRIVATE_THREAD if private else PUBLIC_THREAD)


@route("POST", MESSAGE + "/threads")
def thread_on(world: World, request: Request) -> Any:
    message = _message(world, request, "create_public_threads")
    return _open(world, message.channel, request, PUBLIC_THREAD, message.id)


def _open(
    world: World, parent: Channel, request: Request, type_: int, number: int | None = None
) -> Any:
    if parent.guild is None or parent.parent is not None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    body = request.body
    form = errors.Form()
    form.length(("name",), body.get("name"), 100, least=1)
    form.done()
    made = Channel(
        world,
        number or world.clock.new_id(),
        str(body["name"]),
        parent.guild,
        type=type_,
        parent=parent,
        owner=world.bot,
        auto_archive=int(body.get("auto_archive_duration") or 4320),
        invitable=bool(body.get("invitable", True)),
    )
    made.joined[world.bot.id] = world.clock.now()
    parent.guild.threads[made.id] = world.channels[made.id] = made
    data = payloads.channel(made)
    world.emit("THREAD_CREATE", data | {"newly_created": True}, made.guild, intents.GUILDS)
    return data
