"""Modals and the app's home, with what a person has filled in."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import payloads
from tests.doubles.on_slack.blocks import Button, Json
from tests.doubles.on_slack.messages import Upload

if TYPE_CHECKING:
    from tests.doubles.on_slack.people import User

SELECTED = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "overflow": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "file_input": "files",
    "rich_text_input": "rich_text_value",
}
"""Under which name each kind of element tells what was chosen; typed ones tell a `value`."""


@dataclass(eq=False, repr=False)
class View:
    id: str
    user: User
    payload: Json
    """As the bot sent it last."""
    blocks: list[Json]
    hash: str
    root: View | None = None
    previous: View | None = None
    filled: dict[tuple[str, str], Json] = field(default_factory=dict)
    """What was typed and chosen, by block_id and action_id."""
    errors: dict[str, str] = field(default_factory=dict)
    """What the form says below its inputs, by block_id, since it was sent last."""
    updates: int = 0
    closed: bool = False
    seen: float = field(default_factory=time.monotonic)

    def __repr__(self) -> str:
        return f"<{self.type} {self.callback_id or self.id} of {self.user.name}>"

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def callback_id(self) -> str:
        return str(self.payload.get("callback_id") or "")

    @property
    def private_metadata(self) -> str:
        return str(self.payload.get("private_metadata") or "")

    @property
    def external_id(self) -> str:
        return str(self.payload.get("external_id") or "")

    @property
    def title(self) -> str:
        return str((self.payload.get("title") or {}).get("text") or "")

    def text(self) -> str:
        """All that is to be read in it, line by line."""
        return "\n".join(part for part in (self.title, *kit.texts(self.blocks)) if part)

    def buttons(self) -> list[Button]:
        return kit.buttons(self.blocks)

    def selects(self) -> list[Json]:
        return [e for _, e in kit.elements(self.blocks) if e["type"] != "button"]

    def action_ids(self) -> list[str]:
        return [element["action_id"] for _, element in kit.elements(self.blocks)]

    def inputs(self) -> list[str]:
        """The block_ids of all that is to be filled in."""
        return [block["block_id"] for block in self.blocks if block["type"] == "input"]

    def fill(self, values: Mapping[str, Any]) -> None:
        """By action_id or block_id; what a person could not do is the test's mistake."""
        for name, value in values.items():
            block, element = self.find(name)
            key = (block["block_id"], element["action_id"])
            if value is None:
                self.filled.pop(key, None)
            else:
                self.filled[key] = chosen(self.user, element, value)

    def find(self, name: str) -> tuple[Json, Json]:
        for block, element in kit.elements(self.blocks):
            if name in (element["action_id"], block["block_id"]):
                return block, element
        raise AssertionError(f"{name!r} isn't in {self}: it has {self.action_ids()}")

    def missing(self) -> list[str]:
        """What has to be filled in, and is not."""
        missing = []
        for block, element in kit.elements(self.blocks):
            if block["type"] == "input" and not block.get("optional"):
                filled = self.filled.get((block["block_id"], element["action_id"])) or {}
                filled = filled or initial(element)
                if not any(filled.get(key) for key in filled if key != "type"):
                    missing.append(element["action_id"])
        return missing

    def state(self) -> Json:
        """All values, as view_submission and block_actions carry them."""
        return state_of(self.blocks, self.filled)


def state_of(blocks: list[Json], filled: Mapping[tuple[str, str], Json]) -> Json:
    values: dict[str, Json] = {}
    for block, element in kit.elements(blocks):
        if element["type"] in kit.INPUTS:
            key = (block["block_id"], element["action_id"])
            values.setdefault(key[0], {})[key[1]] = filled.get(key) or initial(element)
    return {"values": values}


def initial(element: Json) -> Json:
    """What an element says before anybody touched it."""
    kind = element["type"]
    name = SELECTED.get(kind, "value")
    given = element.get(
        {"value": "initial_value", "rich_text_value": "initial_value"}.get(
            name, name.replace("selected", "initial")
        )
    )
    return {
        "type": kind,
        name: given if given is not None else ([] if name.endswith("s") else None),
    }


def chosen(user: User, element: Json, value: Any) -> Json:
    """The state of an element once a person has typed or chosen this."""
    kind = element["type"]
    name = SELECTED.get(kind, "value")
    several = name.endswith("s")
    values = list(value) if isinstance(value, list | tuple) else [value]
    said: Any
    if name.startswith("selected_option"):
        said = [_option(element, one) for one in values]
    elif kind == "file_input":
        said = [_file(user, one) for one in values]
        assert len(said) <= element.get("max_files", 10), "more files than the form takes"
    elif name == "value":
        _check_typed(element, str(value))
        said = [str(value)]
    else:
        said = [getattr(one, "id", one) for one in values]
    if several:
        most = element.get("max_selected_items", len(said))
        assert len(said) <= most, f"no more than {most} can be chosen"
    return {"type": kind, name: said if several else said[0]}


def _option(element: Json, value: str) -> Json:
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value, "emoji": True}, "value": value}
    for option in kit.options(element):
        if value in (option.get("value"), option["text"]["text"]):
            return {key: option[key] for key in ("text", "value", "description") if key in option}
    have = [option.get("value") for option in kit.options(element)]
    raise AssertionError(f"{value!r} can't be chosen: there is {have}")


def _check_typed(element: Json, value: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    assert least <= len(value) <= most, f"{element['action_id']} takes {least} to {most} characters"
    if element["type"] == "number_input":
        whole = r"-?\d+" if not element.get("is_decimal_allowed") else r"-?\d+(\.\d+)?"
        assert re.fullmatch(whole, value), f"{element['action_id']} takes no {value!r}"
        least, most = element.get("min_value", "-inf"), element.get("max_value", "inf")
        assert float(least) <= float(value) <= float(most), f"{value} is not in {least}…{most}"


def _file(user: User, upload: Upload) -> Json:
    return payloads.file(user.team.world.store(user, upload))
