"""What people do. What a person could not do is the test's mistake, and an AssertionError."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import acts, payloads
from tests.doubles.on_slack import blocks as kit
from tests.doubles.on_slack.acts import Act
from tests.doubles.on_slack.messages import Message
from tests.doubles.on_slack.views import View, chosen, state_of

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Channel
    from tests.doubles.on_slack.people import User

Json = dict[str, Any]


def slash(user: User, channel: Channel, command: str, text: str) -> Act:
    present(user, channel)
    world, team = user.team.world, user.team
    assert command.startswith("/"), "commands begin with a slash"
    _may(user, "commands")
    act = Act(world, team, acts.SLASH, command, {}, user, channel)
    _give_trigger(act)
    _give_response_url(act, "commands")
    act.payload = {
        "token": world.verification_token,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": channel.shown_name,
        "user_id": user.id,
        "user_name": user.handle,
        "command": command,
        "text": kit.typed(text),
        "api_app_id": world.app_id,
        "is_enterprise_install": "false" if not world.socket_mode else False,
        "response_url": act.response_url,
        "trigger_id": act.trigger_id,
    }
    return _sent(act)


# ── buttons and menus ────────────────────────────────────────────────────────────────────


def press(
    user: User, on: Message | View, action_id: str | None, value: str | None, label: str | None
) -> Act:
    for block, element in kit.elements(on.blocks):
        if element["type"] != "button" or (action_id and element["action_id"] != action_id):
            continue
        if value is not None and element.get("value") != value:
            continue
        if label is not None and element["text"]["text"] != label:
            continue
        shown = ("text", "value", "style", "url")
        action: Json = {k: v for k, v in element.items() if k in shown}
        return _act_on(user, on, block, element, action)
    have = [(b.action_id, b.value, b.label) for b in on.buttons()]
    raise AssertionError(f"{on} has no such button: {have}")


def select(user: User, on: Message | View, action_id: str, value: Any) -> Act:
    block, element = _find(on, action_id)
    tells = block["type"] != "input" or block.get("dispatch_action")
    assert tells, f"{action_id} tells nobody before the form is sent: use fill() or submit()"
    state = chosen(user, element, value)
    filled = on.filled if isinstance(on, View) else on.filled.setdefault(user.id, {})
    filled[block["block_id"], element["action_id"]] = state
    return _act_on(user, on, block, element, {k: v for k, v in state.items() if k != "type"})


def suggest(user: User, on: Message | View, action_id: str, typed: str) -> Act:
    block, element = _find(on, action_id)
    assert element["type"].endswith("external_select"), f"{action_id} asks the bot for nothing"
    base = _interactive(user, "block_suggestion")
    where = _place(on)
    act = _new(user, action_id, base | where, on)
    act.payload |= {"action_id": action_id, "block_id": block["block_id"], "value": typed}
    return _sent(act)


def _find(on: Message | View, action_id: str) -> tuple[Json, Json]:
    for block, element in kit.elements(on.blocks):
        if element["action_id"] == action_id:
            return block, element
    raise AssertionError(f"{on} has no {action_id!r} but {on.action_ids()}")


def _act_on(user: User, on: Message | View, block: Json, element: Json, done: Json) -> Act:
    sees(user, on)
    act = _new(user, element["action_id"], _interactive(user, "block_actions"), on)
    _give_trigger(act)
    act.payload |= {"trigger_id": act.trigger_id, **_place(on)}
    if isinstance(on, Message):
        _give_response_url(act, "actions")
        act.payload["response_url"] = act.response_url
        act.payload["state"] = state_of(on.blocks, on.filled.get(user.id, {}))
    action = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": user.team.world.clock.ts(),
    }
    act.payload["actions"] = [action | done]
    return _sent(act)


def _place(on: Message | View) -> Json:
    """Where it was done. Of ephemeral messages the bot gets no more than the timestamp."""
    if isinstance(on, View):
        return {"container": {"type": "view", "view_id": on.id}, "view": payloads.view(on)}
    container: Json = {
        "type": "message",
        "message_ts": on.ts,
        "channel_id": on.channel.id,
        "is_ephemeral": on.ephemeral,
    }
    if on.thread_ts:
        container["thread_ts"] = on.thread_ts
    made: Json = {"container": container, "channel": _channel(on.channel)}
    if not on.ephemeral:
        made["message"] = payloads.message(on)
    return made


# ── forms ────────────────────────────────────────────────────────────────────────────────


def submit(user: User, view: View, values: Mapping[str, Any]) -> Act:
    assert view is user.view, f"{view} is not in front of {user.name}: {user.views}"
    assert view.payload.get("submit"), f"{view} has nothing to send it with"
    view.fill(values)
    missing = view.missing()
    assert not missing, f"{user.name} can't send {view}: {missing} must be filled in"
    view.errors = {}
    act = _new(user, view.callback_id, _interactive(user, "view_submission"), view)
    _give_trigger(act)
    act.payload |= {
        "trigger_id": act.trigger_id,
        "view": payloads.view(view),
        "response_urls": [],
    }
    return _sent(act)


def close(user: User, view: View, whole_stack: bool) -> Act | None:
    assert view in user.views, f"{view} is not open"
    act = _new(user, view.callback_id, _interactive(user, "view_closed"), view)
    act.payload |= {"view": payloads.view(view), "is_cleared": whole_stack}
    shut(user, user.views if whole_stack else [view])
    return _sent(act) if view.payload.get("notify_on_close") else None


def shut(user: User, views: Iterable[View]) -> None:
    for view in list(views):
        view.closed = True
        if view in user.views:
            user.views.remove(view)


# ── shortcuts ────────────────────────────────────────────────────────────────────────────


def shortcut(user: User, message: Message, callback_id: str) -> Act:
    sees(user, message)
    _may(user, "commands")
    act = _new(user, callback_id, _interactive(user, "message_action"), message)
    _give_trigger(act)
    _give_response_url(act, "app")
    act.payload |= {
        "callback_id": callback_id,
        "trigger_id": act.trigger_id,
        "response_url": act.response_url,
        "action_ts": user.team.world.clock.ts(),
        "message_ts": message.ts,
        "channel": _channel(message.channel),
        "message": payloads.message(message),
    }
    return _sent(act)


def global_shortcut(user: User, callback_id: str) -> Act:
    _may(user, "commands")
    act = _new(user, callback_id, _interactive(user, "shortcut"), None)
    _give_trigger(act)
    ts = user.team.world.clock.ts()
    act.payload |= {"callback_id": callback_id, "trigger_id": act.trigger_id, "action_ts": ts}
    return _sent(act)


# ── what they have in common ─────────────────────────────────────────────────────────────


def _interactive(user: User, kind: str) -> Json:
    world, team = user.team.world, user.team
    person = {"id": user.id, "username": user.handle, "team_id": team.id}
    if kind != "shortcut":
        person["name"] = user.handle
    return {
        "type": kind,
        "team": payloads.team(team),
        "user": person,
        "api_app_id": world.app_id,
        "token": world.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _new(user: User, name: str, payload: Json, on: Message | View | None) -> Act:
    act = Act(user.team.world, user.team, acts.INTERACTIVE, name, payload, user)
    if isinstance(on, Message):
        act.message, act.channel = on, on.channel
    else:
        act.on = on
    return act


def _sent(act: Act) -> Act:
    assert act.team.installed, f"the app is not in {act.team}"
    act.made = act.world.clock.time()
    act.world.send(act)
    return act


def _give_trigger(act: Act) -> None:
    act.trigger_id = f"{act.world.clock.id('')}.{act.team.id}.{secrets.token_hex(16)}"
    act.world.triggers[act.trigger_id] = act


def _give_response_url(act: Act, door: str) -> None:
    path = f"/{door}/{act.team.id}/{secrets.randbelow(10**13)}/{secrets.token_urlsafe(18)}"
    act.response_url = act.world.url + path
    act.world.response_urls[path] = act


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": channel.shown_name}


def _may(user: User, scope: str) -> None:
    assert user.team.installed, f"the app is not in {user.team}"
    assert scope in user.team.scopes, f"an app without the scope {scope!r} has no such thing"
    user.team.world.scopes_used.add(scope)


def present(user: User, channel: Channel) -> None:
    assert channel.team is user.team, f"{user.name} is not in {channel.team}"
    assert not user.deactivated, f"{user.name} is deactivated"
    if user not in channel.members:
        assert not channel.private, f"{user.name} is not in {channel}"
        assert not user.guest, f"{user.name} is a guest, and not invited to {channel}"
        channel.members.append(user)  # as if they had been there all along: no event of it


def sees(user: User, on: Message | View) -> None:
    if isinstance(on, View):
        mine = on in user.views or on is user.home
        assert mine, f"{on} is not open before {user.name}"
        return
    assert not on.deleted, f"{on} is gone"
    assert on.ephemeral_to in (None, user), f"{user.name} does not see {on}"
    present(user, on.channel)
