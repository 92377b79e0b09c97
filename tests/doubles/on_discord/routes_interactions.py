"""Answers to interactions: the callback, then the token's own webhook for a quarter of an hour."""

from __future__ import annotations

import time
from typing import Any

from tests.doubles.on_discord import errors, interactions, limits, messages, payloads, posting
from tests.doubles.on_discord.errors import ApiError
from tests.doubles.on_discord.interactions import Interaction
from tests.doubles.on_discord.messages import Message
from tests.doubles.on_discord.rest import Request, route
from tests.doubles.on_discord.world import World

HOOK = "/webhooks/{application_id}/{token}"
ORIGINAL = HOOK + "/messages/@original"
FOLLOWUP = HOOK + "/messages/{message_id}"

ALLOWED = {
    interactions.COMMAND: (interactions.REPLY, interactions.DEFER, interactions.MODAL),
    interactions.COMPONENT: (4, 5, 6, 7, 9),
    interactions.AUTOCOMPLETE: (interactions.CHOICES,),
    interactions.MODAL_SUBMIT: (4, 5, 6, 7),
}


@route("POST", "/interactions/{interaction_id}/{token}/callback")
def callback(world: World, request: Request) -> Any:
    found = world.by_token.get(request.params["token"])
    if found is None or found.id != request.id("interaction_id"):
        raise errors.unknown("interaction")
    if found.response_type is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if world.clock.time() - found.made > world.answer_within:
        raise errors.unknown("interaction")
    body = request.body
    kind = int(body.get("type") or 0)
    updates = kind in (interactions.DEFER_UPDATE, interactions.UPDATE)
    if kind not in ALLOWED[found.type] or (updates and found.message is None):
        text = f"Value must be one of {ALLOWED[found.type]}."
        raise errors.invalid(
            {"type": {"_errors": [{"code": "BASE_TYPE_CHOICES", "message": text}]}}
        )
    _answer(world, found, kind, body.get("data") or {}, request)
    found.response_type = kind
    found.answered_at = time.monotonic()
    if kind != interactions.DEFER:
        found.finished_at = found.answered_at
    if request.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    return _response(found, kind)


def _answer(world: World, found: Interaction, kind: int, data: Any, request: Request) -> None:
    if kind == interactions.REPLY:
        made = posting.create(world, found.channel, data, request.files, interaction=found)
        found.original = world.post(made)
        found.flags = made.flags
    elif kind == interactions.DEFER:
        flags = (int(data.get("flags") or 0) & messages.EPHEMERAL) | messages.LOADING
        now = world.clock.now()
        made = Message(world.clock.new_id(), found.channel, world.bot, now, flags=flags)
        made.interaction = found
        made.type = posting.COMMAND_REPLY if found.type == interactions.COMMAND else 0
        found.original = world.post(made)
        found.flags = flags & messages.EPHEMERAL
    elif kind == interactions.DEFER_UPDATE:
        found.original = found.message
    elif kind == interactions.UPDATE:
        assert found.message is not None
        posting.edit(world, found.message, data, request.files)
        found.original = found.message
    elif kind == interactions.CHOICES:
        choices = data.get("choices") or []
        form = errors.Form()
        form.length(("data", "choices"), choices, 25)
        for number, choice in enumerate(choices):
            form.length(("data", "choices", number, "name"), choice.get("name"), 100, least=1)
            form.length(("data", "choices", number, "value"), choice.get("value"), 100)
        form.done()
        found.choices = choices
    else:
        limits.check_modal(data)
        found.modal = data


def _response(found: Interaction, kind: int) -> Any:
    about: dict[str, Any] = {"id": str(found.id), "type": found.type}
    whole: dict[str, Any] = {"interaction": about}
    if found.original is not None:
        about |= {
            "response_message_id": str(found.original.id),
            "response_message_loading": found.original.loading,
            "response_message_ephemeral": found.original.ephemeral,
        }
        whole["resource"] = {"type": kind, "message": payloads.message(found.original)}
    return whole


# ── the token's webhook ──────────────────────────────────────────────────────────────────


def _hook(world: World, request: Request) -> Interaction:
    found = world.by_token.get(request.params["token"])
    if found is None or request.id("application_id") != world.app_id:
        raise errors.unknown("webhook")
    if found.expired:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if found.response_type is None:
        raise errors.unknown("webhook")
    return found


def _original(found: Interaction) -> Message:
    if found.original is None or found.original.deleted:
        raise errors.unknown("message")
    return found.original


def _followup(found: Interaction, request: Request) -> Message:
    wanted = request.id("message_id")
    own = [*found.followups, *([found.original] if found.original else [])]
    for message in own:
        if message.id == wanted and not message.deleted:
            return message
    raise errors.unknown("message")


def _edit(world: World, found: Interaction, message: Message, request: Request) -> Any:
    posting.edit(world, message, request.body, request.files)
    if message is found.original and found.finished_at is None:
        found.finished_at = time.monotonic()
    return payloads.message(message)


@route("GET", ORIGINAL)
def original(world: World, request: Request) -> Any:
    return payloads.message(_original(_hook(world, request)))


@route("PATCH", ORIGINAL)
def edit_original(world: World, request: Request) -> Any:
    found = _hook(world, request)
    return _edit(world, found, _original(found), request)


@route("DELETE", ORIGINAL)
def delete_original(world: World, request: Request) -> None:
    found = _hook(world, request)
    world.delete(_original(found))
    found.finished_at = found.finished_at or time.monotonic()


@route("POST", HOOK)
def follow_up(world: World, request: Request) -> Any:
    found = _hook(world, request)
    if found.original is not None and found.original.loading:
        # The first follow-up to a deferral is an edit of it, and stays as (un)seen as that was.
        return _edit(world, found, found.original, request)
    made = posting.create(world, found.channel, request.body, request.files, interaction=found)
    found.followups.append(world.post(made))
    return payloads.message(made)


@route("GET", FOLLOWUP)
def fetch_followup(world: World, request: Request) -> Any:
    return payloads.message(_followup(_hook(world, request), request))


@route("PATCH", FOLLOWUP)
def edit_followup(world: World, request: Request) -> Any:
    found = _hook(world, request)
    return _edit(world, found, _followup(found, request), request)


@route("DELETE", FOLLOWUP)
def delete_followup(world: World, request: Request) -> None:
    found = _hook(world, request)
    message = _followup(found, request)
    world.delete(message)
    if message is found.original:
        found.finished_at = found.finished_at or time.monotonic()
