"""What Slack refuses in messages and views, each reason with a pointer to its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import errors
from tests.doubles.on_slack.elements import check_element, check_image, check_text
from tests.doubles.on_slack.errors import Form

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Team

Json = dict[str, Any]

TEXT, BLOCKS, VIEW_BLOCKS, METADATA = 40_000, 50, 100, 8000
MODAL_KEYS = {
    "type",
    "title",
    "blocks",
    "close",
    "submit",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "external_id",
    "submit_disabled",
}
IN_ACTIONS = ("button", "overflow", "radio_buttons", "checkboxes", *kit.SELECTS, *kit.PICKERS)
IN_SECTION = (*IN_ACTIONS, *kit.MULTI, "image")
IN_MESSAGE = (
    *("actions", "context", "divider", "file", "header", "image", "input", "markdown"),
    *("rich_text", "section", "video"),
    # Newer ones, which only slack_sdk's own checks look into.
    *("table", "context_actions", "task_card", "plan", "card", "carousel", "alert", "container"),
)
IN_VIEW = tuple(kind for kind in IN_MESSAGE if kind not in ("file", "markdown", "table"))


def check_message(team: Team, what: str, text: str, blocks: Any, attachments: Any = None) -> None:
    """A whole message; what is wrong is remembered too, and ends the call."""
    if len(text) > TEXT:
        _refuse(team, what, "msg_too_long", [f"text has {len(text)} characters"])
    if not (text or blocks or attachments):
        _refuse(team, what, "no_text", ["neither text nor blocks"])
    form = Form()
    if blocks:
        check_blocks(form, team, "/blocks", blocks, IN_MESSAGE, BLOCKS)
        ids = [
            e.get("action_id") for _, e in kit.elements(b for b in blocks if isinstance(b, dict))
        ]
        # Slack asks for this within one block only. A card whose buttons share an id among blocks
        # can't be told apart in a payload's state, so that here it counts as wrong.
        _unique(form, "/blocks", "action_id", ids)
    if form.faults:
        _refuse(team, what, "invalid_blocks", form.faults)


def check_view(team: Team, what: str, view: Any) -> None:
    form = Form()
    if not isinstance(view, dict):
        _refuse(team, what, "invalid_arguments", ["view must be an object"])
    kind = view.get("type")
    if kind not in ("modal", "home"):
        form.wrong("/view/type", "must be modal or home")
    for key in set(view) - MODAL_KEYS:
        form.wrong(f"/view/{key}", "no such field")
    if kind == "modal":
        check_text(form, "/view/title", view.get("title"), 24, plain=True)
        for key in ("submit", "close"):
            if key in view:
                check_text(form, f"/view/{key}", view[key], 24, plain=True)
        has_input = any(b.get("type") == "input" for b in view.get("blocks") or [])
        if has_input and not view.get("submit"):
            form.wrong("/view/submit", "required with an input block")
    form.length("/view/private_metadata", view.get("private_metadata"), 3000)
    for key in ("callback_id", "external_id"):
        form.length(f"/view/{key}", view.get(key), 255)
    check_blocks(form, team, "/view/blocks", view.get("blocks"), IN_VIEW, VIEW_BLOCKS)
    if form.faults:
        # Of views Slack says `invalid_arguments`, whatever is wrong with them.
        _refuse(team, what, "invalid_arguments", form.faults)


def check_metadata(team: Team, what: str, metadata: Any) -> None:
    if not metadata:
        return
    good = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not good or not isinstance(metadata.get("event_payload"), dict):
        _refuse(team, what, "invalid_metadata_format", [f"{metadata!r}"[:200]])
    if len(str(metadata)) > METADATA:
        _refuse(team, what, "metadata_too_large", [f"{len(str(metadata))} characters"])


def check_blocks(
    form: Form, team: Team, at: str, blocks: Any, allowed: tuple[str, ...], most: int
) -> None:
    if not isinstance(blocks, list):
        return form.wrong(at, "must be an array")
    form.length(at, blocks, most)
    for number, block in enumerate(blocks):
        here = f"{at}/{number}"
        if not isinstance(block, dict) or block.get("type") not in allowed:
            kind = block.get("type") if isinstance(block, dict) else block
            form.wrong(f"{here}/type", f"unsupported type: {kind}")
            continue
        before = len(form.faults)
        form.length(f"{here}/block_id", block.get("block_id"), 255)
        _block(form, team, here, block)
        if len(form.faults) == before:
            _as_the_sdk_sees_it(form, here, block)
    known = [block for block in blocks if isinstance(block, dict)]
    _unique(form, at, "block_id", [block.get("block_id") for block in known])
    for number, block in enumerate(known):
        ids = [element.get("action_id") for _, element in kit.elements([block])]
        _unique(form, f"{at}/{number}", "action_id", ids)
    return None


def _block(form: Form, team: Team, at: str, block: Json) -> None:
    kind, elements = block["type"], block.get("elements")
    if kind == "section":
        _section(form, team, at, block)
    elif kind == "header":
        check_text(form, f"{at}/text", block.get("text"), 150, plain=True)
    elif kind == "image":
        check_image(form, team, at, block)
        if "title" in block:
            check_text(form, f"{at}/title", block["title"], 2000, plain=True)
    elif kind == "actions":
        form.length(f"{at}/elements", elements, 25, least=1)
        for number, element in enumerate(elements or []):
            check_element(form, team, f"{at}/elements/{number}", element, IN_ACTIONS)
    elif kind == "context":
        form.length(f"{at}/elements", elements, 10, least=1)
        for number, element in enumerate(elements or []):
            here = f"{at}/elements/{number}"
            if element.get("type") == "image":
                check_image(form, team, here, element)
            else:
                check_text(form, here, element, 3000)
    elif kind == "input":
        check_text(form, f"{at}/label", block.get("label"), 2000, plain=True)
        if "hint" in block:
            check_text(form, f"{at}/hint", block["hint"], 2000, plain=True)
        check_element(form, team, f"{at}/element", block.get("element"), kit.INPUTS)
    elif kind == "video":
        _video(form, team, at, block)
    elif kind == "markdown":
        form.length(f"{at}/text", block.get("text"), 12_000, least=1)


def _section(form: Form, team: Team, at: str, block: Json) -> None:
    if not block.get("text") and not block.get("fields"):
        form.wrong(at, "text or fields is required")
    if "text" in block:
        check_text(form, f"{at}/text", block["text"], 3000)
    form.length(f"{at}/fields", block.get("fields"), 10)
    for number, field in enumerate(block.get("fields") or []):
        check_text(form, f"{at}/fields/{number}", field, 2000)
    if "accessory" in block:
        check_element(form, team, f"{at}/accessory", block["accessory"], IN_SECTION)


def _video(form: Form, team: Team, at: str, block: Json) -> None:
    if "links.embed:write" not in team.scopes:
        form.wrong(at, "video blocks need the scope links.embed:write")
    else:
        team.world.scopes_used.add("links.embed:write")
    check_text(form, f"{at}/title", block.get("title"), 199, plain=True)
    if "description" in block:
        check_text(form, f"{at}/description", block["description"], 200, plain=True)
    form.length(f"{at}/alt_text", block.get("alt_text"), 2000, least=1)
    form.length(f"{at}/thumbnail_url", block.get("thumbnail_url"), 3000, least=1)
    form.length(f"{at}/author_name", block.get("author_name"), 49)
    for key in ("video_url", "title_url"):
        url = str(block.get(key) or "")
        if (url or key == "video_url") and not url.startswith("https://"):
            form.wrong(f"{at}/{key}", "must be an https URL")
    domain = str(block.get("video_url")).partition("://")[2].partition("/")[0].partition(":")[0]
    allowed = team.world.unfurl_domains
    if allowed is not None and domain not in allowed:
        form.wrong(f"{at}/video_url", f"{domain} is not one of the app's unfurl domains")


def _unique(form: Form, at: str, what: str, ids: list[Any]) -> None:
    given = [one for one in ids if one]
    for twice in {one for one in given if given.count(one) > 1}:
        form.wrong(at, f"`{what}` {twice} already exists")


def _as_the_sdk_sees_it(form: Form, at: str, block: Json) -> None:
    """Slack's own library knows limits too, of kinds of blocks that are not looked into above."""
    try:
        parsed = Block.parse(block)
        if parsed is not None:
            parsed.to_dict()
    except SlackObjectFormationError as error:
        form.wrong(at, str(error))
    except TypeError as error:
        form.wrong(at, f"a field is missing or unknown: {error}")


def _refuse(team: Team, what: str, error: str, reasons: list[str]) -> None:
    team.world.violations += [f"{what}: {error}: {reason}" for reason in reasons]
    raise errors.invalid(error, *reasons)
