"""What Discord refuses in a message, said in its own words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tests.doubles.on_discord import messages
from tests.doubles.on_discord.errors import ApiError, Form
from tests.doubles.on_discord.messages import (
    BUTTON,
    CONTAINER,
    FILE,
    GALLERY,
    LABEL,
    ROW,
    SECTION,
    SELECTS,
    SEPARATOR,
    TEXT,
    THUMBNAIL,
)

Json = dict[str, Any]
Path = tuple[str | int, ...]

CONTENT, TEXTS, COMPONENTS, FILES, REACTIONS = 2000, 4000, 40, 10, 20
LINK, PREMIUM = 5, 6
TOP_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)


def check_message(
    *,
    content: str,
    embeds: list[Json],
    components: list[Json],
    flags: int,
    filenames: list[str],
    others: bool = False,
) -> None:
    """A whole message as it would stand; `others` are a poll or stickers."""
    form = Form()
    form.length(("content",), content, CONTENT)
    if len(filenames) > FILES:
        form.wrong(("attachments",), "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if flags & messages.V2:
        legacy = {"content": content, "embeds": embeds, "poll": others}
        for name in (name for name, value in legacy.items() if value):
            form.wrong(
                (name,),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
        _tree(form, components, filenames)
    else:
        _embeds(form, embeds)
        form.length(("components",), components, 5)
        for number, part in enumerate(components):
            _component(form, ("components", number), part, (ROW,), filenames)
    _custom_ids(form, components)
    form.done()
    if not (content or embeds or components or filenames or others):
        raise ApiError(400, 50006, "Cannot send an empty message")


def check_modal(modal: Json) -> None:
    form = Form()
    form.length(("data", "title"), modal.get("title"), 45, least=1)
    form.length(("data", "custom_id"), modal.get("custom_id"), 100, least=1)
    parts = modal.get("components") or []
    form.length(("data", "components"), parts, 5, least=1)
    for number, part in enumerate(parts):
        path: Path = ("data", "components", number)
        if part["type"] == LABEL:
            form.length((*path, "label"), part.get("label"), 45, least=1)
            form.length((*path, "description"), part.get("description"), 100)
        if part["type"] not in (ROW, LABEL, TEXT):
            _one_of(form, path, (ROW, LABEL, TEXT))
        for inner in messages.walk([part]):
            if inner["type"] in (4, *SELECTS):
                form.length((*path, "placeholder"), inner.get("placeholder"), 150)
                form.length((*path, "value"), inner.get("value"), 4000)
                form.length((*path, "options"), inner.get("options"), 25)
    _custom_ids(form, parts)
    form.done()


def _tree(form: Form, components: list[Json], filenames: list[str]) -> None:
    everything = list(messages.walk(components))
    if len(everything) > COMPONENTS:
        form.wrong(
            ("components",),
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The total number of components exceeds the maximum of {COMPONENTS}",
        )
    if sum(len(c.get("content") or "") for c in everything if c["type"] == TEXT) > TEXTS:
        form.wrong(
            ("components",),
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total displayable text size of all components exceeds {TEXTS}",
        )
    for number, part in enumerate(components):
        _component(form, ("components", number), part, TOP_V2, filenames)


def _component(
    form: Form, path: Path, part: Json, allowed: Collection[int], filenames: list[str]
) -> None:
    type_ = part.get("type")
    if type_ not in allowed:
        return _one_of(form, path, allowed)
    children = part.get("components") or []
    inner: Collection[int] = ()
    if type_ == ROW:
        form.length((*path, "components"), children, 5, least=1)
        inner = (BUTTON, *SELECTS)
        if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
            form.wrong(path, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The width limit of 5 is exceeded")
    elif type_ == BUTTON:
        _button(form, path, part)
    elif type_ in SELECTS:
        _select(form, path, part)
    elif type_ == SECTION:
        form.length((*path, "components"), children, 3, least=1)
        inner = (TEXT,)
        accessory = part.get("accessory") or {}
        _component(form, (*path, "accessory"), accessory, (BUTTON, THUMBNAIL), filenames)
    elif type_ == TEXT:
        form.length((*path, "content"), part.get("content"), TEXTS, least=1)
    elif type_ == THUMBNAIL:
        _media(form, (*path, "media"), part.get("media"), filenames)
        form.length((*path, "description"), part.get("description"), 1024)
    elif type_ == GALLERY:
        items = part.get("items") or []
        form.length((*path, "items"), items, 10, least=1)
        for number, item in enumerate(items):
            _media(form, (*path, "items", number, "media"), item.get("media"), filenames)
            form.length((*path, "items", number, "description"), item.get("description"), 1024)
    elif type_ == FILE:
        _media(form, (*path, "file"), part.get("file"), filenames, only_attached=True)
    elif type_ == CONTAINER:
        form.length((*path, "components"), children, COMPONENTS, least=1)
        inner = IN_CONTAINER
    for number, child in enumerate(children):
        _component(form, (*path, "components", number), child, inner, filenames)
    return None


def _one_of(form: Form, path: Path, allowed: Collection[int]) -> None:
    text = f'Value of field "type" must be one of {tuple(allowed)}.'
    form.wrong((*path, "type"), "UNION_TYPE_CHOICES", text)


def _button(form: Form, path: Path, part: Json) -> None:
    style = part.get("style")
    form.length((*path, "label"), part.get("label"), 80)
    if style not in range(1, 7):
        form.wrong(
            (*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5, 6)."
        )
    if style == LINK:
        if not part.get("url"):
            form.wrong((*path, "url"), "BASE_TYPE_REQUIRED", "A url is required")
        form.length((*path, "url"), part.get("url"), 512)
        if part.get("custom_id"):
            form.wrong(path, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "Not both custom id and url")
    elif style != PREMIUM:
        _custom_id(form, path, part)
        if part.get("url"):
            form.wrong(path, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "Not both custom id and url")
    if style != PREMIUM and not (part.get("label") or part.get("emoji")):
        text = "A button must have either a label or an emoji"
        form.wrong((*path, "label"), "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", text)


def _select(form: Form, path: Path, part: Json) -> None:
    _custom_id(form, path, part)
    form.length((*path, "placeholder"), part.get("placeholder"), 150)
    if part["type"] != 3:
        return
    choices = part.get("options") or []
    form.length((*path, "options"), choices, 25, least=1)
    for number, choice in enumerate(choices):
        here: Path = (*path, "options", number)
        form.length((*here, "label"), choice.get("label"), 100, least=1)
        form.length((*here, "value"), choice.get("value"), 100, least=1)
        form.length((*here, "description"), choice.get("description"), 100)
    values = [choice.get("value") for choice in choices]
    if len(set(values)) < len(values):
        text = "The specified option value is already used"
        form.wrong((*path, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
    if not 0 <= part.get("min_values", 1) <= part.get("max_values", 1) <= max(1, len(choices)):
        form.wrong((*path, "max_values"), "BASE_TYPE_MAX", "More values than there are options")


def _custom_id(form: Form, path: Path, part: Json) -> None:
    if not part.get("custom_id"):
        form.wrong((*path, "custom_id"), "BASE_TYPE_REQUIRED", "This field is required")
    form.length((*path, "custom_id"), part.get("custom_id"), 100)


def _custom_ids(form: Form, components: list[Json]) -> None:
    seen: set[str] = set()
    for part in messages.walk(components):
        name = part.get("custom_id")
        if name in seen:
            text = "Component custom id cannot be duplicated"
            form.wrong(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", text)
        if name:
            seen.add(name)


def _media(
    form: Form, path: Path, item: Json | None, filenames: list[str], *, only_attached: bool = False
) -> None:
    url = str((item or {}).get("url") or "")
    if url.startswith("attachment://"):
        if url.removeprefix("attachment://") not in filenames:
            text = "The referenced attachment was not found in the request"
            form.wrong((*path, "url"), "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", text)
    elif only_attached and "/attachments/" not in url:
        form.wrong((*path, "url"), "UNFURLED_MEDIA_ITEM_NO_ARBITRARY_URLS", "Use attachment://")
    elif not url.startswith(("http://", "https://")):
        text = "Scheme must be one of ('http', 'https', 'attachment')."
        form.wrong((*path, "url"), "URL_TYPE_INVALID_SCHEME", text)


def _embeds(form: Form, embeds: list[Json]) -> None:
    form.length(("embeds",), embeds, 10)
    total = 0
    for number, embed in enumerate(embeds):
        fields = embed.get("fields") or []
        form.length(("embeds", number, "fields"), fields, 25)
        texts = {
            ("title",): (embed.get("title"), 256),
            ("description",): (embed.get("description"), 4096),
            ("footer", "text"): ((embed.get("footer") or {}).get("text"), 2048),
            ("author", "name"): ((embed.get("author") or {}).get("name"), 256),
        }
        for place, (text, most) in texts.items():
            form.length(("embeds", number, *place), text, most)
            total += len(text or "")
        for index, one in enumerate(fields):
            here = ("embeds", number, "fields", index)
            form.length((*here, "name"), one.get("name"), 256, least=1)
            form.length((*here, "value"), one.get("value"), 1024, least=1)
            total += len(one.get("name") or "") + len(one.get("value") or "")
    if total > 6000:
        text_ = "Embed size exceeds maximum size of 6000"
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", text_)
