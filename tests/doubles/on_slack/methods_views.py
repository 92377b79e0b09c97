"""views.*: modals and homes."""

from __future__ import annotations

import time
from typing import Any

from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack import limits, payloads
from tests.doubles.on_slack.acts import Act
from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.model import Team
from tests.doubles.on_slack.people import User
from tests.doubles.on_slack.views import View
from tests.doubles.on_slack.web_api import Call, method

Json = dict[str, Any]
STACK = 3


@method("views.open")
def open_view(call: Call) -> Json:
    act = _trigger(call)
    limits.check_view(call.team, "views.open", call.args.get("view"))
    assert act.user is not None
    made = new_view(call.team, act.user, call.args["view"])
    made.root = made
    act.trigger_used = True
    act.user.views.append(made)
    act.opened.append(made)
    return {"view": payloads.view(made)}


@method("views.push")
def push(call: Call) -> Json:
    act = _trigger(call)
    limits.check_view(call.team, "views.push", call.args.get("view"))
    assert act.user is not None
    if act.on is None or act.on.type != "modal" or act.on not in act.user.views:
        raise ApiError("invalid_trigger_id")  # only what was done in a modal can push onto it
    made = push_onto(act.user, call.args["view"])
    act.trigger_used = True
    act.opened.append(made)
    return {"view": payloads.view(made)}


@method("views.update")
def update(call: Call) -> Json:
    limits.check_view(call.team, "views.update", call.args.get("view"))
    view = call.world.find_view(call.text("view_id"), call.text("external_id"))
    if view is None or view.closed or view.user.team is not call.team:
        raise ApiError("not_found")
    if (known := call.text("hash")) and known != view.hash:
        raise ApiError("hash_conflict")
    change(view, call.args["view"])
    for act in reversed(call.world.acts):
        # Belongs to whatever the person did last there, so that a test finds it.
        if act.user is view.user and (act.on is view or view in act.opened):
            act.opened.append(view)
            break
    return {"view": payloads.view(view)}


@method("views.publish")
def publish(call: Call) -> Json:
    user = call.user("user_id")
    limits.check_view(call.team, "views.publish", call.args.get("view"))
    if call.args["view"]["type"] != "home":
        raise ApiError("invalid_arguments")
    if (known := call.text("hash")) and user.home and known != user.home.hash:
        raise ApiError("hash_conflict")
    if user.home is None:
        user.home = new_view(call.team, user, call.args["view"])
        user.home.root = user.home
    else:
        change(user.home, call.args["view"])
    return {"view": payloads.view(user.home)}


def new_view(team: Team, user: User, payload: Json) -> View:
    world = team.world
    external = payload.get("external_id")
    if external and world.find_view(external_id=external):
        raise ApiError("duplicate_external_id")
    stored = kit.filled_in(payload["blocks"], world.block_id)
    made = View(world.clock.id("V"), user, dict(payload), stored, _hash(team))
    world.views[made.id] = made
    return made


def push_onto(user: User, payload: Json) -> View:
    if len(user.views) >= STACK:
        raise ApiError("push_limit_reached")
    under = user.views[-1]
    made = new_view(user.team, user, payload)
    made.root, made.previous = under.root, under
    user.views.append(made)
    return made


def change(view: View, payload: Json) -> None:
    """What was filled in stays where block_id and action_id do."""
    view.payload = dict(payload)
    view.blocks = kit.filled_in(payload["blocks"], view.user.team.world.block_id)
    left = {(b["block_id"], e["action_id"]) for b, e in kit.elements(view.blocks)}
    view.filled = {key: value for key, value in view.filled.items() if key in left}
    view.hash = _hash(view.user.team)
    view.updates += 1
    view.seen = time.monotonic()


def _hash(team: Team) -> str:
    return f"{team.world.clock.ts()}.{team.world.block_id()}"


def _trigger(call: Call) -> Act:
    """Good for three seconds, once, and for the workspace that it came from."""
    act = call.world.triggers.get(call.must("trigger_id"))
    if act is None or act.team is not call.team:
        raise ApiError("invalid_trigger_id")
    if act.trigger_used:
        error = ApiError("exchanged_trigger_id")
    elif act.expired(call.world.trigger_life):
        error = ApiError("expired_trigger_id")
    else:
        return act
    act.refusals.append(error.body)
    raise error
