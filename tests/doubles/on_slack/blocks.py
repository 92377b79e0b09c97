"""What stands in blocks: the texts that a person reads and the elements that can be used."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "channels_select",
    "conversations_select",
)
MULTI = tuple(f"multi_{name}" for name in SELECTS)
CHOICES = ("overflow", "radio_buttons", "checkboxes")
PICKERS = ("datepicker", "timepicker", "datetimepicker")
TYPED = ("plain_text_input", "number_input", "email_text_input", "url_text_input")
INTERACTIVE = ("button", *SELECTS, *MULTI, *CHOICES, *PICKERS)
INPUTS = (*SELECTS, *MULTI, *CHOICES[1:], *PICKERS, *TYPED, "file_input", "rich_text_input")


@dataclass(frozen=True)
class Button:
    label: str
    action_id: str
    value: str | None
    style: str | None
    url: str | None
    block_id: str
    confirm: bool
    """Slack asks whether one is sure first."""


def elements(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Everything that can be used, with the block it is in, in the order of reading."""
    for block in blocks:
        inner = [*(block.get("elements") or [])]
        inner += [block[key] for key in ("accessory", "element") if block.get(key)]
        for element in inner:
            if isinstance(element, dict) and element.get("type") in (*INTERACTIVE, *INPUTS):
                yield block, element


def buttons(blocks: Iterable[Json]) -> list[Button]:
    return [
        Button(
            element["text"]["text"],
            element["action_id"],
            element.get("value"),
            element.get("style"),
            element.get("url"),
            block["block_id"],
            bool(element.get("confirm")),
        )
        for block, element in elements(blocks)
        if element["type"] == "button"
    ]


def options(element: Json) -> list[Json]:
    grouped = [o for group in element.get("option_groups") or [] for o in group["options"]]
    return [*(element.get("options") or []), *grouped]


def read(text: Json | None) -> list[str]:
    """One text object, as a person reads it."""
    if not text:
        return []
    said = str(text["text"])
    return [html.unescape(said) if text.get("type") == "mrkdwn" else said]


def texts(blocks: Iterable[Json]) -> Iterator[str]:
    """All that is read in these blocks, line by line, what stands on buttons and menus too."""
    for block in blocks:
        kind = block.get("type")
        if kind == "rich_text":
            yield "".join(_rich(block.get("elements") or []))
            continue
        if kind == "markdown":
            yield block["text"]
            continue
        for key in ("title", "label", "text", "description", "hint"):
            if isinstance(block.get(key), dict):
                yield from read(block[key])
        for field in block.get("fields") or []:
            yield from read(field)
        if kind in ("image", "video"):
            yield str(block.get("alt_text") or "")
        if block.get("author_name"):
            yield block["author_name"]
        for key in ("accessory", "element"):
            if block.get(key):
                yield from _element(block[key])
        for element in block.get("elements") or []:
            yield from _element(element)


def _element(element: Json) -> Iterator[str]:
    if element.get("type") in ("plain_text", "mrkdwn"):
        yield from read(element)
        return
    if element.get("type") == "image":
        yield str(element.get("alt_text") or "")
    for key in ("text", "placeholder"):
        if isinstance(element.get(key), dict):
            yield from read(element[key])
    if element.get("initial_value") and isinstance(element["initial_value"], str):
        yield element["initial_value"]
    for option in options(element):
        yield from read(option["text"])
        yield from read(option.get("description"))


def _rich(parts: Iterable[Json]) -> Iterator[str]:
    for part in parts:
        kind = part.get("type", "")
        if kind == "text":
            yield part["text"]
        elif kind == "link":
            yield part.get("text") or part["url"]
        elif kind == "user":
            yield f"<@{part['user_id']}>"
        elif kind == "emoji":
            yield f":{part['name']}:"
        elif "elements" in part:
            yield from _rich(part["elements"])
            yield "\n" if kind.startswith("rich_text") else ""


def marked(blocks: Iterable[Json]) -> Iterator[str]:
    """The raw texts that Slack reads as mrkdwn: where `<!channel>` would call everybody."""
    for block in blocks:
        inner = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]
        for text in inner:
            if isinstance(text, dict) and text.get("type") == "mrkdwn":
                yield text["text"]


def rich_text(text: str, block_id: str) -> Json:
    """What a person types, in the form that Slack's own clients give it."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def filled_in(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """A copy as Slack stores it: with the ids and the flags that it adds."""
    made = [_stored(block, new_id) for block in blocks]
    for block in made:
        block.setdefault("block_id", new_id())
    return made


def _stored(part: Any, new_id: Callable[[], str]) -> Any:
    if isinstance(part, list):
        return [_stored(inner, new_id) for inner in part]
    if not isinstance(part, dict):
        return part
    made = {key: _stored(value, new_id) for key, value in part.items()}
    kind = made.get("type")
    if kind == "plain_text":
        made.setdefault("emoji", True)
    elif kind == "mrkdwn":
        made.setdefault("verbatim", False)
    elif kind in (*INTERACTIVE, *INPUTS):
        made.setdefault("action_id", new_id())
    return made


def typed(text: str) -> str:
    """What a person types, as the bot gets it: `& < >` escaped, but for mentions and links."""
    parts = re.split(r"(<(?:[@#!]|https?:)[^>]*>)", text)
    return "".join(p if n % 2 else html.escape(p, quote=False) for n, p in enumerate(parts))
