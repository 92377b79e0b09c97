"""What Slack refuses in the parts of blocks: texts, pictures, buttons, menus and inputs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack.errors import Form

if TYPE_CHECKING:
    from tests.doubles.on_slack.messages import File
    from tests.doubles.on_slack.model import Team

Json = dict[str, Any]


def check_text(form: Form, at: str, text: Any, most: int, *, plain: bool = False) -> None:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        return form.wrong(at, "must be a text object")
    if plain and text["type"] != "plain_text":
        form.wrong(f"{at}/type", "must be plain_text")
    allowed = {"type", "text", "emoji" if text["type"] == "plain_text" else "verbatim"}
    for key in set(text) - allowed:
        form.wrong(f"{at}/{key}", f"no such field in {text['type']}")
    if not isinstance(text.get("text"), str):
        return form.wrong(f"{at}/text", "must be a string")
    return form.length(f"{at}/text", text["text"], most, least=1)


def check_image(form: Form, team: Team, at: str, image: Json) -> None:
    form.length(f"{at}/alt_text", image.get("alt_text"), 2000, least=1)
    form.length(f"{at}/image_url", image.get("image_url"), 3000)
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        form.wrong(at, "either image_url or slack_file is required")
    if url := image.get("image_url"):
        if not str(url).startswith(("http://", "https://")):
            form.wrong(f"{at}/image_url", "must be a URL")
    elif given := image.get("slack_file"):
        files = team.world.files.values()
        found = next((f for f in files if given.get("id") == f.id), None)
        if given.get("url"):
            found = next((f for f in files if f.id in given["url"]), None)
        if found is None or not _usable(team, found):
            form.wrong(f"{at}/slack_file", "invalid slack file")


def _usable(team: Team, file: File) -> bool:
    there = file.completed and not file.deleted and file.team is team
    return there and file.mimetype.startswith("image/") and team.world.visible_to_bot(file)


def check_element(form: Form, team: Team, at: str, element: Any, allowed: Collection[str]) -> None:
    if not isinstance(element, dict) or element.get("type") not in allowed:
        kind = element.get("type") if isinstance(element, dict) else element
        return form.wrong(f"{at}/type", f"unsupported type: {kind}")
    kind = element["type"]
    if kind == "image":
        return check_image(form, team, at, element)
    form.length(f"{at}/action_id", element.get("action_id"), 255)
    if "placeholder" in element:
        check_text(form, f"{at}/placeholder", element["placeholder"], 150, plain=True)
    if "confirm" in element:
        _confirm(form, f"{at}/confirm", element["confirm"])
    if kind == "button":
        _button(form, at, element)
    elif kind in ("static_select", "multi_static_select"):
        _select(form, at, element)
    elif kind in kit.CHOICES:
        _options(form, at, element, 5 if kind == "overflow" else 10)
    elif kind == "plain_text_input":
        _typed(form, at, element)
    elif kind == "file_input" and not 1 <= element.get("max_files", 10) <= 10:
        form.wrong(f"{at}/max_files", "must be 1 to 10")
    return None


def _button(form: Form, at: str, button: Json) -> None:
    check_text(form, f"{at}/text", button.get("text"), 75, plain=True)
    form.length(f"{at}/value", button.get("value"), 2000)
    form.length(f"{at}/url", button.get("url"), 3000)
    form.length(f"{at}/accessibility_label", button.get("accessibility_label"), 75)
    if button.get("style", "primary") not in ("primary", "danger"):
        form.wrong(f"{at}/style", "must be primary or danger")
    if "value" in button and not isinstance(button["value"], str):
        form.wrong(f"{at}/value", "must be a string")


def _confirm(form: Form, at: str, confirm: Json) -> None:
    for key, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        check_text(form, f"{at}/{key}", confirm.get(key), most, plain=True)
    check_text(form, f"{at}/text", confirm.get("text"), 300)


def _select(form: Form, at: str, select: Json) -> None:
    groups = select.get("option_groups")
    if bool(groups) == bool(select.get("options")):
        form.wrong(at, "either options or option_groups is required")
    if groups:
        form.length(f"{at}/option_groups", groups, 100)
        for number, group in enumerate(groups):
            here = f"{at}/option_groups/{number}"
            check_text(form, f"{here}/label", group.get("label"), 75, plain=True)
            _options(form, here, group, 100)
    else:
        _options(form, at, select, 100)
    offered = [option.get("value") for option in kit.options(select)]
    first = [select.get("initial_option"), *(select.get("initial_options") or [])]
    for option in first:
        if option and option.get("value") not in offered:
            form.wrong(f"{at}/initial_option", "must be one of the options")


def _options(form: Form, at: str, holder: Json, most: int) -> None:
    given = holder.get("options") or []
    form.length(f"{at}/options", given, most, least=1)
    for number, option in enumerate(given):
        here = f"{at}/options/{number}"
        check_text(form, f"{here}/text", option.get("text"), 75)
        form.length(f"{here}/value", option.get("value"), 150, least=1)
        if "description" in option:
            check_text(form, f"{here}/description", option["description"], 75)


def _typed(form: Form, at: str, element: Json) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not 0 <= least <= 3000 or not 1 <= most <= 3000 or least > most:
        form.wrong(at, "min_length and max_length must be within 0 and 3000")
    if element.get("initial_value") is not None:
        form.length(f"{at}/initial_value", element["initial_value"], most)
