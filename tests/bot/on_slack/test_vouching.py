"""What Slack says of somebody who signs in on the web, at that moment."""

from __future__ import annotations

import pytest

from bot.on_slack.room import SlackRoom
from bot.vouching import Silent
from db import workspaces
from moderation.people import Role
from tests.bot.on_slack.town import Town
from tests.doubles.on_slack import User

MODERATES, HOSTS = frozenset({Role.MODERATOR}), frozenset({Role.HOST})


async def says(room: SlackRoom, user: User, *, fresh: bool = True) -> frozenset[Role] | None:
    return await room.vouching.vouch(user.team.id, user.id, fresh=fresh)


async def test_one_is_what_one_is_in_the_workspace(town: Town, slack_room: SlackRoom) -> None:
    assert await says(slack_room, town.ada) == frozenset()
    assert await says(slack_room, town.mo) == MODERATES
    assert await says(slack_room, town.host) == HOSTS
    assert await slack_room.vouching.vouch("T0ELSEWHERE", town.mo.id, fresh=True) is None
    assert await slack_room.vouching.vouch(town.team.id, "U0NOBODY", fresh=True) is None


async def test_a_moderator_who_is_none_any_more_is_none_at_once(
    town: Town, slack_room: SlackRoom
) -> None:
    assert await says(slack_room, town.mo) == MODERATES
    async with town.db.begin() as s:
        await workspaces.change(s, "slack", town.team.id, moderators=town.lin.id)
    assert await says(slack_room, town.mo) == frozenset()
    assert await says(slack_room, town.host) == HOSTS
    town.host.admin = town.host.owner = False
    assert await says(slack_room, town.host) == frozenset()


async def test_whoever_was_deactivated_is_no_member(town: Town, slack_room: SlackRoom) -> None:
    assert await says(slack_room, town.mo) == MODERATES
    town.mo.deactivated = True
    assert await says(slack_room, town.mo) is None


async def test_no_answer_is_no_role(town: Town, slack_room: SlackRoom) -> None:
    town.slack.faults.next("users.info", status=503, times=None)
    with pytest.raises(Silent):
        await says(slack_room, town.mo)
