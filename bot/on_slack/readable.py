"""What the listeners take for granted of what Slack sends. Whatever is otherwise is no message of Slack's
that we know, and reaches none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

LONGEST_ID = 255


def _storable(text: str) -> str:
    """Text that is text: half a character can't be written down. Raises ``ValueError``."""
    text.encode()
    return text


def _short(text: str) -> str:
    if not text or len(text) > LONGEST_ID or "/" in text or not text.isprintable():
        raise ValueError("no id")
    return text


def _address(text: str) -> str:
    if text and urlsplit(text).scheme not in {"http", "https"}:
        raise ValueError("no address")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Id = Annotated[Text, AfterValidator(_short)]
Url = Annotated[Text, AfterValidator(_address)]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True)


class Named(_Said):
    id: Id


class User(Named):
    team_id: Id | None = None
    name: Text | None = None
    username: Text | None = None


class File(_Said):
    id: Id
    mimetype: Text | None = None
    url_private: Text | None = None
    url_private_download: Text | None = None


class Option(_Said):
    value: Text


class Held(_Said):
    """What an input of a form holds."""

    type: Text
    value: Text | None = None
    selected_option: Option | None = None
    selected_options: list[Option] | None = None
    selected_conversation: Id | None = None
    selected_users: list[Id] | None = None
    files: list[File] | None = None


class Block(_Said):
    type: Text
    block_id: Text


class State(_Said):
    values: dict[str, dict[str, Held]]


class View(_Said):
    id: Id
    callback_id: Text
    private_metadata: Text
    blocks: list[Block]
    state: State


class Command(_Said):
    command: Text
    team_id: Id
    channel_id: Id
    user_id: Id
    trigger_id: Id
    user_name: Text | None = None
    text: Text | None = None
    response_url: Url | None = None


class _Done(_Said):
    team: Named
    user: User


class Action(_Said):
    action_id: Text
    value: Text | None = None


class Shown(_Said):
    """In which view something was pressed."""

    type: Text | None = None


class Pressed(_Done):
    trigger_id: Id
    channel: Named | None = None
    response_url: Url | None = None
    view: Shown | None = None
    actions: list[Action]


class Submitted(_Done):
    view: View


class Message(_Said):
    ts: Id
    thread_ts: Id | None = None
    files: list[File] | None = None


class Shortcut(_Done):
    callback_id: Text
    trigger_id: Id
    channel: Named
    response_url: Url | None = None
    message: Message


class _Happened(_Said):
    team_id: Id
    event_id: Id
    event_time: int | float


class Event(_Said):
    type: Text


class Item(_Said):
    type: Text
    channel: Id | None = None
    ts: Id | None = None


class Reaction(Event):
    user: Id
    reaction: Text
    item: Item
    item_user: Id | None = None


class Opened(Event):
    user: Id
    tab: Text | None = None


class Revoked(Event):
    tokens: dict[str, list[str]] | None = None


class AnyEvent(_Happened):
    event: Event


class Reacted(_Happened):
    event: Reaction


class OpenedHome(_Happened):
    event: Opened


class RevokedTokens(_Happened):
    event: Revoked


BY_TYPE: Mapping[str, type[_Said]] = {
    "block_actions": Pressed,
    "view_submission": Submitted,
    "message_action": Shortcut,
}
BY_EVENT: Mapping[str, type[_Said]] = {
    "reaction_added": Reacted,
    "reaction_removed": Reacted,
    "app_home_opened": OpenedHome,
    "tokens_revoked": RevokedTokens,
}


def wrong(body: Mapping[str, Any]) -> str:
    """What of this can't be read; empty for what can, and for what nobody listens to."""
    kind = body.get("type")
    form: type[_Said] | None = None
    if "command" in body:
        form = Command
    elif kind == "event_callback":
        event = body.get("event")
        name = event.get("type") if isinstance(event, Mapping) else None
        form = BY_EVENT.get(name, AnyEvent) if isinstance(name, str) else AnyEvent
    elif isinstance(kind, str):
        form = BY_TYPE.get(kind)
    if form is None:
        return ""
    try:
        form.model_validate(body)
    except ValidationError as error:
        return ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors()}))
    return ""
