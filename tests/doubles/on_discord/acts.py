"""What people do. Each act checks that a person could do it, then tells the bot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tests.doubles.on_discord import emoji as emojis
from tests.doubles.on_discord import interactions, options, payloads
from tests.doubles.on_discord.interactions import Interaction
from tests.doubles.on_discord.messages import BUTTON, ROW, Message, Upload, walk

if TYPE_CHECKING:
    from tests.doubles.on_discord.model import Channel, User

Json = dict[str, Any]
CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
GUILD, BOT_DM = 0, 1


def send_interaction(
    user: User, channel: Channel, type: int, data: Json, message: Message | None = None
) -> Interaction:
    world = user.world
    assert not channel.deleted, f"#{channel.name} is gone"
    assert channel.guild is None or user.id in channel.guild.members, (
        f"{user.name} is not in {channel.guild.name}"
    )
    made = Interaction(world, world.clock.new_id(), type, user, channel, data, message)
    made.made = world.clock.time()
    world.interactions.append(made)
    world.by_token[made.token] = made
    world.emit("INTERACTION_CREATE", made.payload(), channel.guild)
    return made


def slash(
    user: User,
    channel: Channel,
    path: tuple[str, ...],
    values: Mapping[str, Any],
    focused: str | None = None,
) -> Interaction:
    command = _command(user, channel, path[0], CHAT)
    resolved: Json = {}
    data = _data(command)
    chosen = options.chosen(channel, command, path[1:], values, resolved, focused)
    if chosen:
        data["options"] = chosen
    if resolved:
        data["resolved"] = resolved
    type_ = interactions.AUTOCOMPLETE if focused else interactions.COMMAND
    return send_interaction(user, channel, type_, data)


def message_menu(user: User, message: Message, name: str) -> Interaction:
    _still_there(user, message)
    data = _data(_command(user, message.channel, name, MESSAGE_MENU))
    data["target_id"] = str(message.id)
    data["resolved"] = {"messages": {str(message.id): payloads.message(message)}}
    return send_interaction(user, message.channel, interactions.COMMAND, data)


def user_menu(user: User, channel: Channel, target: User, name: str) -> Interaction:
    data = _data(_command(user, channel, name, USER_MENU))
    data["resolved"] = {}
    data["target_id"] = options.resolve(channel, target, data["resolved"])
    return send_interaction(user, channel, interactions.COMMAND, data)


def click(user: User, message: Message, custom_id: str | None, label: str | None) -> Interaction:
    _still_there(user, message)
    for part in walk(message.components):
        named = part.get("custom_id") == custom_id if custom_id else part.get("label") == label
        if part["type"] == BUTTON and named and part.get("custom_id"):
            assert not part.get("disabled"), f"the button {custom_id or label!r} is disabled"
            data = {"component_type": BUTTON, "custom_id": part["custom_id"], "id": part["id"]}
            return send_interaction(
                user, message.channel, interactions.COMPONENT, data, message=message
            )
    raise AssertionError(f"no button {custom_id or label!r} among {message.buttons()}")


def select(user: User, message: Message, custom_id: str, values: list[Any]) -> Interaction:
    _still_there(user, message)
    for part in message.selects():
        if part["custom_id"] != custom_id:
            continue
        assert not part.get("disabled"), f"the menu {custom_id!r} is disabled"
        resolved: Json = {}
        data: Json = {
            "component_type": part["type"],
            "custom_id": custom_id,
            "id": part["id"],
            "values": options.picked(message.channel, part, values, resolved),
        }
        if resolved:
            data["resolved"] = resolved
        return send_interaction(user, message.channel, interactions.COMPONENT, data, message)
    raise AssertionError(f"no menu {custom_id!r} among {message.custom_ids()}")


def submit(user: User, opened_by: Interaction, values: Mapping[str, Any]) -> Interaction:
    modal = opened_by.modal
    assert modal is not None, "that interaction was not answered with a form"
    unknown = set(values) - {c["custom_id"] for c in walk(modal["components"]) if "custom_id" in c}
    assert not unknown, f"the form has no fields {unknown}"
    channel = opened_by.channel
    resolved: Json = {}
    filled: list[Json] = []
    for number, part in enumerate(modal["components"], 1):
        line: Json = {"type": part["type"], "id": part.get("id") or number}
        if part["type"] == ROW:
            line["components"] = [
                options.field(channel, inner, values, resolved) for inner in part["components"]
            ]
        elif "component" in part:
            line["component"] = options.field(channel, part["component"], values, resolved)
        filled.append(line)
    data: Json = {"custom_id": modal["custom_id"], "components": filled}
    if resolved:
        data["resolved"] = resolved
    return send_interaction(
        user, channel, interactions.MODAL_SUBMIT, data, message=opened_by.message
    )


def react(user: User, message: Message, emoji: str) -> None:
    name = emojis.canonical(emoji)
    assert name, f"{emoji!r} is no emoji"
    who = message.reactions.setdefault(name, [])
    if user.id not in who:
        who.append(user.id)
        user.world.emit_reaction("MESSAGE_REACTION_ADD", message, user, emojis.partial(name))


def unreact(user: User, message: Message, emoji: str) -> None:
    name = emojis.canonical(emoji) or emoji
    who = message.reactions.get(name, [])
    if user.id in who:
        who.remove(user.id)
        if not who:
            del message.reactions[name]
        user.world.emit_reaction("MESSAGE_REACTION_REMOVE", message, user, emojis.partial(name))


def send(user: User, channel: Channel, content: str, files: Iterable[Upload]) -> Message:
    world = user.world
    made = Message(world.clock.new_id(), channel, user, world.clock.now(), content)
    made.attachments = [world.attach(channel, file) for file in files]
    if f"<@{world.bot.id}>" in content:
        made.mentions.append(world.bot.id)
    return world.post(made)


def delete(message: Message) -> None:
    message.channel.world.delete(message)


def _still_there(user: User, message: Message) -> None:
    assert not message.deleted, "that message is gone"
    if message.ephemeral and message.interaction:
        assert message.interaction.user is user, f"{user.name} can't see that message"


def _command(user: User, channel: Channel, name: str, type_: int) -> Json:
    """The command of that name, if this person is offered it here."""
    world, guild = channel.world, channel.guild
    local = world.guild_commands.get(guild.id, {}) if guild else {}
    for command in (*local.values(), *world.commands.values()):
        if command["name"] == name and command.get("type", CHAT) == type_:
            place = GUILD if guild else BOT_DM
            assert place in (command.get("contexts") or (GUILD, BOT_DM)), (
                f"{name!r} is not for here"
            )
            needed = int(command["default_member_permissions"] or 0)
            may = channel.may(user) & needed == needed
            assert not guild or may, f"{user.name} may not use {name!r}"
            return command
    known = sorted(command["name"] for command in world.commands.values())
    raise AssertionError(f"the bot has no command {name!r}; it has synced {known}")


def _data(command: Json) -> Json:
    """What every use of a command says about it."""
    return {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}
