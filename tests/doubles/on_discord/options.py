"""What a person typed, picked or uploaded, as interactions carry it: typed, resolved, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.doubles.on_discord import payloads
from tests.doubles.on_discord.messages import Message, Upload

if TYPE_CHECKING:
    from tests.doubles.on_discord.model import Channel

Json = dict[str, Any]
SUB, GROUP, STRING, INTEGER, BOOLEAN, NUMBER = 1, 2, 3, 4, 5, 10
TEXT_INPUT, FILE_UPLOAD, RADIO, CHECKS, CHECK = 4, 19, 21, 22, 23


def chosen(
    channel: Channel,
    node: Json,
    path: tuple[str, ...],
    values: Mapping[str, Any],
    resolved: Json,
    focused: str | None,
) -> list[Json]:
    """The options of a command, within its subcommands."""
    known = {option["name"]: option for option in node.get("options") or []}
    if path:
        inner = known.get(path[0])
        assert inner, f"no {path[0]!r} among {sorted(known)}"
        assert inner["type"] in (SUB, GROUP), f"{path[0]!r} is an option, not a subcommand"
        below = chosen(channel, inner, path[1:], values, resolved, focused)
        return [{"name": inner["name"], "type": inner["type"], "options": below}]
    assert not any(o["type"] in (SUB, GROUP) for o in known.values()), f"pick one of {list(known)}"
    assert not set(values) - set(known), f"no options {set(values) - set(known)}: {sorted(known)}"
    given: list[Json] = []
    for name, option in known.items():
        if name not in values or values[name] is None:
            # While somebody types, what is required may still be missing.
            assert focused or not option.get("required"), f"the option {name!r} is required"
            continue
        line = {"name": name, "type": option["type"]}
        if name == focused:
            assert option.get("autocomplete"), f"{name!r} has no autocomplete"
            line |= {"value": str(values[name]), "focused": True}
        else:
            line["value"] = _value(channel, option, values[name], resolved)
        given.append(line)
    return given


def _value(channel: Channel, option: Json, value: Any, resolved: Json) -> Any:
    if option["type"] not in (STRING, INTEGER, NUMBER, BOOLEAN):
        return resolve(channel, value, resolved)
    name, choices = option["name"], option.get("choices")
    size = len(value) if isinstance(value, str) else value
    least = option.get("min_length") if option["type"] == STRING else option.get("min_value")
    most = option.get("max_length") if option["type"] == STRING else option.get("max_value")
    if choices:
        known = {str(choice["value"]) for choice in choices}
        assert str(value) in known, f"{value!r} is no choice of {name!r}: {sorted(known)}"
    assert least is None or size >= least, f"{name!r} takes no less than {least}"
    assert most is None or size <= most, f"{name!r} takes no more than {most}"
    return value


def resolve(channel: Channel, value: Any, resolved: Json) -> str:
    """Put a person, role, channel, message or file beside the data; its id."""
    from tests.doubles.on_discord.model import Channel as Channels
    from tests.doubles.on_discord.model import Role, User

    world, guild = channel.world, channel.guild
    if isinstance(value, User):
        key = str(value.id)
        resolved.setdefault("users", {})[key] = payloads.user(value)
        if guild and value.id in guild.members:
            member = payloads.member(value, guild, with_user=False)
            member["permissions"] = str(channel.may(value))
            resolved.setdefault("members", {})[key] = member
    elif isinstance(value, Role):
        key = str(value.id)
        resolved.setdefault("roles", {})[key] = payloads.role(value)
    elif isinstance(value, Channels):
        key = str(value.id)
        data = payloads.channel(value) | {"permissions": str(value.may(world.bot))}
        resolved.setdefault("channels", {})[key] = data
    elif isinstance(value, Message):
        key = str(value.id)
        resolved.setdefault("messages", {})[key] = payloads.message(value)
    elif isinstance(value, Upload):
        # Files of options and forms are nobody's messages yet: Discord calls them ephemeral.
        attached = world.attach(channel, value)
        key = str(attached.id)
        data = payloads.attachment(attached, world) | {"ephemeral": True}
        resolved.setdefault("attachments", {})[key] = data
    else:
        raise TypeError(f"a person can't pick {value!r} there")
    return key


def picked(channel: Channel, menu: Json, values: list[Any], resolved: Json) -> list[str]:
    """The values of a menu: those of its options, or people, roles and channels."""
    least, most = menu.get("min_values", 1), menu.get("max_values", 1)
    assert least <= len(values) <= most, f"that menu takes {least} to {most} values"
    if menu["type"] != STRING:
        return [resolve(channel, value, resolved) for value in values]
    known = [option["value"] for option in menu["options"]]
    assert set(values) <= set(known), f"{values} are not among {known}"
    return list(values)


def field(channel: Channel, part: Json, values: Mapping[str, Any], resolved: Json) -> Json:
    """One filled field of a form; what isn't filled keeps what the form proposes."""
    name, type_ = part["custom_id"], part["type"]
    line: Json = {"type": type_, "id": part.get("id") or 0, "custom_id": name}
    given = values.get(name)
    required = part.get("required", True)
    if type_ == TEXT_INPUT:
        text = part.get("value") or "" if given is None else str(given)
        least, most = part.get("min_length") or 0, part.get("max_length") or 4000
        assert text or not required, f"the field {name!r} is required"
        assert not text or least <= len(text) <= most, (
            f"{name!r} takes {least} to {most} characters"
        )
        return line | {"value": text}
    if type_ == CHECK:
        return line | {"value": part.get("default", False) if given is None else given}
    if type_ == RADIO:
        default = [o["value"] for o in part["options"] if o.get("default")]
        return line | {"value": given if given is not None else next(iter(default), None)}
    some = [] if given is None else list(given)
    if given is None and type_ in (STRING, CHECKS):
        some = [o["value"] for o in part["options"] if o.get("default")]
    if not some:
        assert not required, f"the field {name!r} is required"
        return line | {"values": []}
    if type_ == FILE_UPLOAD:
        return line | {"values": [resolve(channel, file, resolved) for file in some]}
    if type_ == CHECKS:
        return line | {"values": some}
    return line | {"values": picked(channel, part, some, resolved)}
