"""Who acts in Slack: people of this workspace alone, and asked about only where it matters."""

from __future__ import annotations

from typing import Any

import pytest

from bot.on_slack import acting
from bot.on_slack.people import NOT_FROM_HERE, anybody, who
from db import people
from moderation.people import Role
from moderation.rules import Refused
from tests.bot.on_slack.town import Town
from tests.doubles.on_slack import User, payloads

pytestmark = pytest.mark.usefixtures("slack_room")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Slack says of everybody beside what is so."""
    more: dict[str, Any] = {}
    user = payloads.user
    monkeypatch.setattr(payloads, "user", lambda *a, **m: user(*a, **m) | more)
    return more


async def is_known(town: Town, user: User) -> bool:
    async with town.db.read() as s:
        return await people.find(s, "slack", town.team.id, user.id) is not None


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"is_bot": True}, False),
        ({"deleted": True}, False),
        ({"is_stranger": True}, False),
        ({"team_id": "T999"}, False),
        ({"team_id": "T999", "enterprise_user": {"teams": ["T998"]}}, False),
        ({"team_id": "T999", "enterprise_user": {"teams": ["T998", "here"]}}, True),
        ({"team_id": None}, True),
    ],
)
async def test_only_people_of_the_workspace_vote(
    town: Town, told: dict[str, Any], more: dict[str, Any], counts: bool
) -> None:
    card = await town.published()
    if "enterprise_user" in more:
        teams = [town.team.id if t == "here" else t for t in more["enterprise_user"]["teams"]]
        more = {**more, "enterprise_user": {"teams": teams}}
    told |= more
    await town.bo.react(card, "one")
    if counts:
        await town.votes({1: 1})
        return
    await town.quiet()
    await town.bo.react(card, "two")
    await town.quiet()
    await town.votes({})
    assert not await is_known(town, town.bo)


async def test_a_bot_does_not_vote_and_is_told_nothing(town: Town) -> None:
    card = await town.published()
    robot = town.team.user("Robo", bot=True)
    town.showcase.members.append(robot)
    await robot.react(card, "one")
    await town.bo.react(card, "two")
    await town.votes({2: 1})
    await town.quiet()
    await town.votes({2: 1})
    assert not await is_known(town, robot)
    assert robot.whispers == []


async def test_a_stranger_presses_and_fills_in_in_vain(
    town: Town, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await town.published()
    told["team_id"] = "T999"
    monkeypatch.setattr(
        "bot.on_slack.listening._name", lambda body: ""
    )  # as of another team's user
    await town.presses(town.bo, card, "press:vote_1:1:1")
    assert (await town.told(town.bo, 0)).text() == NOT_FROM_HERE
    await town.votes({})


async def test_votes_and_lists_ask_slack_about_nobody(town: Town) -> None:
    card = await town.published()
    asked = len(town.slack.requested("users.info"))
    voters = [town.team.user(f"V{n}") for n in range(10)]
    town.showcase.members += voters
    for voter in voters:
        await town.presses(voter, card, "press:vote_1:1:1")
    await town.votes({1: 10})
    assert "Your jobs" in await town.says(town.lin, "/studio", "mine")
    assert "The line" in await town.says(town.lin, "/studio", "queue all")
    assert len(town.slack.requested("users.info")) == asked


async def test_names_are_asked_for_one_by_one_and_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "MEET_MOST", 2)
    monkeypatch.setattr(acting, "MEET_SECONDS", 3.0)
    for user in (town.ada, town.bo, town.lin):
        await town.wish(user)
        await town.wish(user)
    await town.slack.until(lambda: len(town.slack.requested("users.info")) == 2)
    await town.quiet()
    assert len(town.slack.requested("users.info")) == 2
    await town.slack.until(lambda: len(town.slack.requested("users.info")) == 3)
    await town.quiet()
    assert len(town.slack.requested("users.info")) == 3


async def test_who_decides_is_looked_at_each_time(town: Town, slack_room: Any) -> None:
    parts = slack_room._parts
    assert Role.HOST in (await who(parts, town.team.id, town.host.id)).roles
    town.host.admin = town.host.owner = False
    assert Role.HOST in (await who(parts, town.team.id, town.host.id, fresh=False)).roles
    assert Role.HOST not in (await who(parts, town.team.id, town.host.id)).roles
    assert (await anybody(parts, town.team.id, town.host.id)).roles == frozenset()


async def test_whom_nobody_knows_is_refused(town: Town, slack_room: Any) -> None:
    with pytest.raises(Refused, match=NOT_FROM_HERE):
        await anybody(slack_room._parts, town.team.id, "U999")
