"""Who acts in Slack, and what their workspace vouches for at this moment."""

from __future__ import annotations

import time
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.on_slack.asking import code
from bot.on_slack.ids import ROOM
from bot.on_slack.parts import Seen, SlackParts
from db import people, workspaces
from db.models import Workspace
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.words import clean

GROUP_SECONDS = 30.0
"""So long a user group's members are taken as known: Slack answers for few of them a minute."""
SEEN_SECONDS, NAME_SECONDS = 60.0, 3600.0
"""So long what Slack said of somebody is taken as true where nothing is decided by it; and their name."""
MOST_SEEN = 10_000
SOMEBODY = "somebody"
NOT_FROM_HERE = "Only people of this workspace take part here."
NOBODY = frozenset({"user_not_found", "user_not_visible"})
NO_GROUP = frozenset(
    {"no_such_subteam", "subteam_not_found", "paid_teams_only", "plan_upgrade_required",
     "missing_scope", "permission_denied"}
)  # fmt: skip
"""What Slack answers where there is none. Whatever else it says is no answer, and asked again."""

log = structlog.get_logger()


async def who(parts: SlackParts, team: str, user: str, *, fresh: bool = True) -> Person:
    """The person behind a user, with the roles they have in this workspace; without ``fresh``, those
    of a moment ago, which is enough wherever nothing is decided.

    Whoever isn't there, is a bot or comes from another organisation has none: it fails closed. Raises
    ``Refused`` where such a one was never seen before, and what the courier does where Slack doesn't
    say.
    """
    seen = await _seen(parts, team, user, 0.0 if fresh else SEEN_SECONDS)
    async with parts.db.begin() as s:
        if not seen.counts and await people.find(s, ROOM, team, user) is None:
            raise Refused(NOT_FROM_HERE)  # that they are known is what says that they count
        row = await people.known(s, ROOM, team, user, seen.name)
        house = await workspaces.get(s, ROOM, team)
    return Person(row.id, row.name, await _roles(parts, house, user, seen))


async def vouch(
    parts: SlackParts, team: str, user: str, *, fresh: bool = True
) -> frozenset[Role] | None:
    """The same roles, of somebody who needn't be known; None for whoever doesn't count here. Raises
    what the courier does where Slack doesn't say."""
    seen = await _seen(parts, team, user, 0.0 if fresh else SEEN_SECONDS)
    async with parts.db.read() as s:
        house = await workspaces.get(s, ROOM, team)
    return await _roles(parts, house, user, seen) if seen.counts else None


async def _roles(
    parts: SlackParts, house: Workspace | None, user: str, seen: Seen
) -> frozenset[Role]:
    if not seen.counts:
        return frozenset()
    found = {Role.HOST} if seen.host else set()
    if house is not None and user in await moderators(parts, house):
        found.add(Role.MODERATOR)
    return frozenset(found)


async def anybody(parts: SlackParts, team: str, user: str, name: str = "") -> Person:
    """The person behind a user, for what everybody may do: Slack is asked only about somebody who was
    never seen, and not even then where it has just told the ``name`` of one of its own. Raises like
    ``who``."""
    async with parts.db.read() as s:
        known = await people.find(s, ROOM, team, user)
        names = await people.names(s, {known} if known else set())
    if known:
        return Person(known, names[known])
    if not name:
        return await who(parts, team, user, fresh=False)
    async with parts.db.begin() as s:
        row = await people.known(s, ROOM, team, user, clean(name) or SOMEBODY)
    return Person(row.id, row.name)


async def maker(parts: SlackParts, team: str, user: str, name: str = "") -> Person:
    """The same for what may enter the line: with their roles, of a moment ago, where a studio has limits
    by those."""
    if parts.desk.rules.limits.by_role:
        return await who(parts, team, user, fresh=False)
    return await anybody(parts, team, user, name)


def is_name_known(parts: SlackParts, team: str, user: str) -> bool:
    """Whether Slack said not long ago what they are called."""
    seen = parts.seen.get((team, user))
    return seen is not None and time.monotonic() - seen.at < NAME_SECONDS


async def moderators(parts: SlackParts, house: Workspace) -> frozenset[str]:
    """Who decides in this workspace: the members of its user group, or those who were listed."""
    if not house.moderators.startswith("S"):
        return frozenset(filter(None, house.moderators.split(",")))
    now = time.monotonic()
    for key in [key for key, (since, _) in parts.groups.items() if now - since >= GROUP_SECONDS]:
        del parts.groups[key]
    key = (house.id, house.moderators)
    if key not in parts.groups:
        try:
            answer = await parts.courier.call(
                house.id, "usergroups.users.list", usergroup=house.moderators
            )
        except SlackApiError as error:
            if (why := code(error)) not in NO_GROUP:
                raise
            log.warning("moderators.unknown", team=house.id, why=why)
            return frozenset()
        parts.groups[key] = (now, frozenset(answer["users"]))
    return parts.groups[key][1]


def name_of(profile: dict[str, Any]) -> str:
    """As people call them there; empty where nothing is known, which changes no name."""
    shown = profile.get("profile") or {}
    for name in (shown.get("display_name"), shown.get("real_name"), profile.get("name")):
        if name and (kept := clean(str(name))):
            return kept
    return SOMEBODY if profile else ""


async def _seen(parts: SlackParts, team: str, user: str, age: float) -> Seen:
    """What Slack says of somebody, or said no longer ago than this."""
    key, now = (team, user), time.monotonic()
    known = parts.seen.get(key)
    if known is not None and now - known.at < age:
        return known
    profile = await _profile(parts, team, user)
    host = bool(profile.get("is_admin") or profile.get("is_owner"))
    parts.seen.pop(key, None)
    while len(parts.seen) >= MOST_SEEN:
        del parts.seen[next(iter(parts.seen))]
    seen = parts.seen[key] = Seen(now, name_of(profile), _counts(profile, team), host)
    return seen


async def _profile(parts: SlackParts, team: str, user: str) -> dict[str, Any]:
    try:
        answer = await parts.courier.call(team, "users.info", user=user)
    except SlackApiError as error:
        if (why := code(error)) not in NOBODY:
            raise
        log.warning("person.unknown", team=team, why=why)
        return {}
    return dict(answer["user"])


def _counts(profile: dict[str, Any], team: str) -> bool:
    if not profile or any(profile.get(it) for it in ("deleted", "is_bot", "is_stranger")):
        return False
    # In an organisation, somebody of this workspace may be at home in another one.
    theirs = (profile.get("enterprise_user") or {}).get("teams") or ()
    return profile.get("team_id") in (None, team) or team in theirs
