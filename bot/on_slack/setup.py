"""`/studio setup`: hosts pick channels, moderators and rules in one form.

The form keeps nothing: what is in it comes from the database, and what is wrong is said at its field.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.house import RULES, bring_cards, current, read
from bot.on_slack.acting import BROKEN, TOO_SLOW, open_form
from bot.on_slack.hosts import HOST, is_member
from bot.on_slack.ids import ROOM, Channel
from bot.on_slack.listening import known_to
from bot.on_slack.parts import SlackParts
from bot.on_slack.people import who
from bot.on_slack.text import Json, cut, label, plain
from db import notes, workspaces
from db.models import Workspace
from moderation.people import Role
from moderation.rules import Refused, Rules

FORM = "setup:save"
SHOWCASE, REVIEW, GROUP, PEOPLE, NONE = "showcase", "review", "group", "people", "none"
"""The ids of the fields; those of the rules are their columns."""
CHANNELS = {
    SHOWCASE: ("Showcase channel", "Where what was approved is shown, and everybody votes."),
    REVIEW: (
        "Review channel",
        "Where moderators decide what goes into the showcase. Take a private one: what is in it isn't "
        "approved yet.",
    ),
}
STAYS = "Left empty, it stays the one that it is; a channel that you aren't in isn't shown to you."
NONE_LABEL, NONE_OPTION = "Take a channel away", "No {name} any more"
SAME_GROUP = "The group that was picked before"
GROUP_LABEL, GROUP_HINT = "Moderators: a user group", "Its members decide, and so do hosts."
PEOPLE_LABEL = "Moderators: people"
PEOPLE_HINT = "They decide, and so do hosts. With nobody picked, hosts alone do."
NOT_A_HOST = "Only admins and owners of this workspace set the studio up here."
ONE_OF_THEM = "Pick either a group or people."
NOT_IN_IT = "The app isn't in that channel. Type /invite @{name} there, then save again."
SLOW = "Slack or the database is slow at the moment; save again."
TITLE, SAVE, CLOSE = "The studio here", "Save", "Close"
MOST_PEOPLE, MOST_GROUPS, GROUP_NAME = 50, 100, 75
ANSWER_SECONDS, TRIGGER_SECONDS = 2.0, 3.0
"""Slack closes the form by itself a little later than the first; a form opens within the second."""
AWAY = (SlackApiError, aiohttp.ClientError, TimeoutError)

log = structlog.get_logger()


class Wrong(Exception):
    """Fields that can't be kept, with a sentence for each."""

    def __init__(self, **errors: str) -> None:
        super().__init__(str(errors))
        self.errors = errors


def listen(app: AsyncApp, parts: SlackParts, doing: set[asyncio.Future[Any]] | None = None) -> None:
    """Register what hears the form; ``doing``: of what goes on beside the room's own run."""

    @app.view(FORM)
    @known_to(set() if doing is None else doing)
    async def on_save(ack: AsyncAck, body: Json, view: Json) -> None:
        team, user = body["team"]["id"], body["user"]["id"]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                house = await _save(parts, team, user, view["state"]["values"])
        except Wrong as wrong:
            await ack(response_action="errors", errors=wrong.errors)
            return
        except AWAY as error:
            await ack(response_action="errors", errors={SHOWCASE: SLOW})
            log.warning("workspace.not_set_up", team=team, why=type(error).__name__)
            return
        except Exception:
            await ack(response_action="errors", errors={SHOWCASE: BROKEN})
            log.exception("workspace.not_set_up", team=team)
            return
        await ack(response_action="update", view=_saved(house, parts.desk.rules))
        async with parts.db.begin() as s:
            await notes.put(s, HOST + team, user)
        await bring_cards(parts.desk, ROOM)


async def open_setup(
    parts: SlackParts, trigger_id: str, team: str, user: str, channel: str
) -> None:
    """Show a host the form. Raises ``Refused`` for others."""
    try:
        async with asyncio.timeout(TRIGGER_SECONDS):
            person, groups = await asyncio.gather(who(parts, team, user), _groups(parts, team))
            async with parts.db.read() as s:
                house = await workspaces.get(s, ROOM, team)
    except TimeoutError:
        raise Refused(TOO_SLOW) from None
    if Role.HOST not in person.roles:
        raise Refused(NOT_A_HOST)
    view = form(house or Workspace(platform=ROOM, id=team), parts.desk.rules, groups)
    await open_form(parts, team, trigger_id, view)


def form(house: Workspace, studio: Rules, groups: Mapping[str, str]) -> Json:
    """``studio``: the rules for whatever the workspace has none of its own; ``groups``: the names of
    its user groups by their ids, empty where its plan has none."""
    blocks, picked = [], [use for use in CHANNELS if getattr(house, use)]
    for use, (name, hint) in CHANNELS.items():
        about = f"{hint} {STAYS}" if use in picked else hint
        blocks.append(_input(use, name, about, _channel(getattr(house, use))))
    if picked:
        blocks.append(_input(NONE, NONE_LABEL, "", _nones(picked)))
    if house.moderators.startswith("S") and house.moderators not in groups:
        groups = {house.moderators: SAME_GROUP, **groups}  # Slack didn't tell of it just now
    if groups:
        blocks.append(_input(GROUP, GROUP_LABEL, GROUP_HINT, _group(groups, house.moderators)))
    people = [] if house.moderators.startswith("S") else house.moderators.split(",")
    users: Json = {"type": "multi_users_select", "max_selected_items": MOST_PEOPLE}
    if any(people):
        users["initial_users"] = people
    blocks.append(_input(PEOPLE, PEOPLE_LABEL, PEOPLE_HINT, users))
    for rule in RULES:
        own, common = current(rule, house, studio)
        typed: Json = {"type": "plain_text_input", "max_length": 10}
        if own:
            typed["initial_value"] = own
        about = f"Empty: the studio's own, {common}."
        blocks.append(_input(rule.column, rule.label, about, typed))
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": label(TITLE, 24),
        "submit": label(SAVE, 24),
        "close": label(CLOSE, 24),
        "blocks": blocks,
    }


async def _save(parts: SlackParts, team: str, user: str, state: Mapping[str, Any]) -> Workspace:
    """Raises ``Wrong``; then nothing has changed."""
    if Role.HOST not in (await who(parts, team, user)).roles:
        raise Wrong(**{SHOWCASE: NOT_A_HOST})
    async with parts.db.read() as s:
        before = await workspaces.get(s, ROOM, team)
    held = {name: field for inputs in state.values() for name, field in inputs.items()}
    errors: dict[str, str] = {}
    values: dict[str, Any] = {"trouble": ""}  # whatever was wrong, a new trouble is news again
    group = ((held.get(GROUP) or {}).get("selected_option") or {}).get("value") or ""
    people = (held.get(PEOPLE) or {}).get("selected_users") or []
    if group and people:
        errors[PEOPLE] = ONE_OF_THEM
    had_group = before is not None and before.moderators.startswith("S")
    if GROUP in held or people or not had_group:
        values["moderators"] = group or ",".join(people)
    for rule in RULES:
        try:
            values[rule.column] = read(rule, (held.get(rule.column) or {}).get("value") or "")
        except Refused as refused:
            errors[rule.column] = str(refused)
    gone = {option["value"] for option in (held.get(NONE) or {}).get("selected_options") or ()}
    for use in CHANNELS:
        picked = (held.get(use) or {}).get("selected_conversation") or ""
        if use in gone:
            values[use], picked = "", ""
        elif picked:
            values[use] = str(Channel(team, picked))
        if picked and not await is_member(parts, team, picked):
            errors[use] = NOT_IN_IT.format(name=await _own_name(parts, team))
    if errors:
        raise Wrong(**errors)
    async with parts.db.begin() as s:
        house = await workspaces.change(s, ROOM, team, **values)
    log.info("workspace.set_up", team=team)
    return house


async def _own_name(parts: SlackParts, team: str) -> str:
    """What people type after the @."""
    try:
        return str((await parts.courier.call(team, "auth.test"))["user"])
    except AWAY:
        return "Studio"


async def _groups(parts: SlackParts, team: str) -> dict[str, str]:
    """The user groups by their ids; none on a free plan."""
    try:
        said = await parts.courier.call(team, "usergroups.list")
    except AWAY:
        return {}
    return {group["id"]: f"@{group['handle']}" for group in said["usergroups"]}


def _saved(house: Workspace, studio: Rules) -> Json:
    lines = []
    for use, (name, _) in CHANNELS.items():
        place = getattr(house, use)
        lines.append(f"{name}: {f'<#{Channel.read(place).id}>' if place else 'none is picked yet'}")
    lines.append(f"Who decides: {_deciders(house.moderators)}")
    for rule in RULES:
        own, common = current(rule, house, studio)
        lines.append(f"{rule.label}: {own or f'{common}, as everywhere in the studio'}")
    text = {"type": "mrkdwn", "text": "\n".join(lines)}
    return {
        "type": "modal",
        "title": label("Saved", 24),
        "close": label(CLOSE, 24),
        "blocks": [{"type": "section", "text": text}],
    }


def _deciders(moderators: str) -> str:
    if not moderators:
        return "hosts alone, who are the admins and owners here"
    if moderators.startswith("S"):
        return f"<!subteam^{moderators}>, and hosts"
    return f"{', '.join(f'<@{one}>' for one in moderators.split(','))}, and hosts"


def _input(name: str, title: str, hint: str, element: Json) -> Json:
    made: Json = {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": label(title, 2000),
        "element": {**element, "action_id": name},
    }
    return made | ({"hint": label(hint, 2000)} if hint else {})


def _channel(place: str) -> Json:
    only = {
        "include": ["public", "private"],
        "exclude_bot_users": True,
        "exclude_external_shared_channels": True,
    }
    picked = {"initial_conversation": Channel.read(place).id} if place else {}
    return {"type": "conversations_select", "filter": only, **picked}


def _nones(uses: Sequence[str]) -> Json:
    """What takes a channel away: one that isn't shown to somebody looks like one that isn't picked."""
    options = [
        {"text": label(NONE_OPTION.format(name=CHANNELS[use][0].lower()), 75), "value": use}
        for use in uses
    ]
    return {"type": "checkboxes", "options": options}


def _group(groups: Mapping[str, str], picked: str) -> Json:
    options: Sequence[Json] = [
        {"text": plain(cut(name, GROUP_NAME), GROUP_NAME), "value": id_}
        for id_, name in sorted(groups.items(), key=lambda group: group[0] != picked)
    ][:MOST_GROUPS]
    chosen = [option for option in options if option["value"] == picked]
    return {
        "type": "static_select",
        "options": options,
        **({"initial_option": chosen[0]} if chosen else {}),
    }
