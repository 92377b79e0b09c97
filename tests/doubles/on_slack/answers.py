"""What the bot does with an act: its acknowledgement, and the posts to its response_url."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import acts, doing, limits, saying
from tests.doubles.on_slack.acts import Act
from tests.doubles.on_slack.errors import ApiError, invalid
from tests.doubles.on_slack.methods_views import change, push_onto

if TYPE_CHECKING:
    from tests.doubles.on_slack.world import World

Json = dict[str, Any]
WORDS = ("text", "blocks", "attachments", "response_type", "replace_original", "delete_original")


def acknowledged(act: Act, body: Any) -> None:
    """The bot has answered in time. A body that Slack can't use, the person sees as an error."""
    act.ack = body
    try:
        if act.kind == acts.SLASH and body:
            said = {"text": body} if isinstance(body, str) else body
            _say(act, said, "the acknowledgement of a command")
        elif act.type == "view_submission":
            _submitted(act, body)
        elif act.type == "block_suggestion":
            _offered(act, body)
    except ApiError as error:
        act.refusals.append(error.body)
        act.failed = str(error.body["error"])


def _submitted(act: Act, body: Any) -> None:
    view, user = act.on, act.user
    assert view is not None
    assert user is not None
    if not body:
        doing.shut(user, [view])
        return
    action = body.get("response_action") if isinstance(body, dict) else None
    if action == "errors":
        _complain(act, body.get("errors"))
    elif action == "clear":
        doing.shut(user, user.views)
    elif action in ("update", "push"):
        limits.check_view(act.team, f"response_action {action}", body.get("view"))
        if action == "update":
            change(view, body["view"])
            act.opened.append(view)
        else:
            act.opened.append(push_onto(user, body["view"]))
    else:
        _wrong(act, f"response_action {action!r} in {body!r}")


def _complain(act: Act, said: Any) -> None:
    assert act.on is not None
    inputs = act.on.inputs()
    if not isinstance(said, dict) or not said or set(said) - set(inputs):
        _wrong(act, f"errors for {said!r}, but the inputs are {inputs}")
    act.on.errors = dict(said)


def _offered(act: Act, body: Any) -> None:
    given = body if isinstance(body, dict) else {}
    count = len(act.options)
    if count > 100 or not (isinstance(given.get("options"), list) or given.get("option_groups")):
        _wrong(act, f"{count} options in answer to what was typed")


def _wrong(act: Act, text: str) -> None:
    act.world.violations.append(f"{act.type}: {text}")
    raise ApiError("invalid_response")


# ── response_url ─────────────────────────────────────────────────────────────────────────


def respond(world: World, path: str, said: Json) -> Json:
    """Five times in half an hour; then never again."""
    act = world.response_urls.get(path)
    if act is None:
        raise ApiError("invalid_url", status=404)
    try:
        if act.uses >= world.response_uses:
            raise ApiError("used_url", status=404)
        if act.expired(world.response_life):
            raise ApiError("expired_url", status=404)
        act.uses += 1
        _say(act, said, "response_url")
    except ApiError as error:
        act.refusals.append(error.body)
        if error.status == 200:
            error.status = 400
        raise
    return {"ok": True}


def _say(act: Act, said: Json, what: str) -> None:
    if not set(said) & set(WORDS):
        raise invalid("invalid_payload", f"{said!r}"[:200])
    original = act.message
    if original is not None and original.deleted:
        original = None
    if said.get("delete_original"):
        if original is not None:
            act.world.delete(original)
        return
    # A command has no original, so that its answer is a new message in any case.
    if said.get("replace_original") and original is not None and original.by_bot:
        saying.rewrite(what, original, said)
        act.messages.append(original)
        return
    assert act.channel is not None
    message = saying.compose(what, act.channel, said)
    message.thread_ts = said.get("thread_ts") or (original.thread_ts if original else None)
    if said.get("response_type") != "in_channel":
        message.ephemeral_to = act.user
    act.world.post(message)
    act.messages.append(message)
