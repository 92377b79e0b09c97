"""`/studio setup` in Slack: hosts, channels, moderators and rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.on_slack import setup as module
from bot.on_slack.acting import BROKEN, TOO_SLOW
from bot.on_slack.app import bolt_app
from bot.on_slack.courier import Courier
from bot.on_slack.installs import Installs
from bot.on_slack.manifest import scopes
from bot.on_slack.parts import SlackParts
from bot.on_slack.setup import NOT_A_HOST, ONE_OF_THEM, SLOW, open_setup
from bot.on_slack.socket_mode import SocketMode
from db import workspaces
from db.broker import Broker
from db.media import Media
from db.models import Workspace
from db.session import Db
from moderation.rules import Refused
from tests.bot.on_slack.rooms import settings_of
from tests.doubles.on_slack import Act, Slack, Team, User, View
from tests.support.studio import NO_BROKER, Studio


@dataclass
class World:
    slack: Slack
    team: Team
    parts: SlackParts
    brought: list[str]

    async def opened(self, user: User) -> View:
        """As `/studio setup` opens it."""
        act = await user.slash(self.team.channel("anywhere"), "/nothing", "")
        await open_setup(self.parts, act.trigger_id, self.team.id, user.id, "")
        return await act.showed()

    async def house(self) -> Workspace:
        async with self.parts.db.read() as s:
            found = await workspaces.get(s, "slack", self.team.id)
        return found or Workspace(platform="slack", id=self.team.id)


@pytest.fixture(params=[True, False], ids=["paid", "free"])
def paid(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def world(
    sqlite_url: str, paid: bool, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    brought: list[str] = []

    async def bring(desk: Any, room: str) -> None:
        brought.append(room)

    monkeypatch.setattr(module, "bring_cards", bring)
    db = Db(sqlite_url)
    studio = await Studio(db, Broker(NO_BROKER)).open()
    async with Slack(scopes=scopes()) as slack:
        team = slack.team("Atelier", paid=paid)
        settings = settings_of(slack)
        installs = Installs(db, slack.api, slack.bot_token)
        courier = Courier(installs.token, slack.api)
        parts = SlackParts(db, studio.desk, Media(Path("media")), courier)
        app = bolt_app(settings, db, installs)

        @app.command("/nothing")
        @app.event(re.compile(".+"))
        async def nothing(ack: Any) -> None:
            await ack()

        module.listen(app, parts)
        await installs.open()
        line = SocketMode(app, slack.api, slack.app_token, lambda: None)
        task = asyncio.create_task(line.run())
        await slack.connected()
        yield World(slack, team, parts, brought)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not slack.violations
        await courier.close()
    await db.close()


async def saved(world: World, view: View, by: User, **values: Any) -> Act:
    return await (await by.submit(view, values)).acked()


async def test_only_hosts_are_shown_it(world: World) -> None:
    ada = world.team.user("Ada")
    with pytest.raises(Refused, match=NOT_A_HOST):
        await world.opened(ada)
    for host in (world.team.user("Mo", admin=True), world.team.owner):
        assert "Showcase channel" in (await world.opened(host)).text()


async def test_what_is_saved_is_kept_and_shown_again(world: World, paid: bool) -> None:
    host, mo = world.team.owner, world.team.user("Mo")
    showcase = world.team.channel("showcase")
    review = world.team.channel("review", private=True)
    view = await world.opened(host)
    act = await saved(
        world, view, host, showcase=showcase, review=review, people=[mo, host],
        quorum="2", queued_cap="", ballot_hours="1,5",
    )  # fmt: skip
    assert not act.errors
    house = await world.house()
    assert house.showcase == f"{world.team.id}/{showcase.id}"
    assert house.review == f"{world.team.id}/{review.id}"
    assert house.moderators == f"{mo.id},{host.id}"
    assert (house.quorum, house.queued_cap, house.ballot_hours) == (2, None, 1.5)
    said = (await act.showed()).text()
    assert "Saved" in said
    assert "Jobs in line per person: 8, as everywhere in the studio" in said
    await world.slack.until(lambda: world.brought == ["slack"])
    again = await world.opened(host)
    act = await saved(world, again, host)
    assert (await world.house()).model_dump() == house.model_dump()
    assert "1.5" in (await act.showed()).text()


async def test_what_is_emptied_is_taken_back(world: World) -> None:
    host = world.team.owner
    showcase = world.team.channel("showcase")
    view = await world.opened(host)
    await saved(world, view, host, showcase=showcase, people=[host], quorum="2")
    view = await world.opened(host)
    for element in ("people", "quorum"):
        block = next(b for b in view.blocks if b["block_id"] == element)
        for key in [k for k in block["element"] if k.startswith("initial")]:
            del block["element"][key]
    await saved(world, view, host, none=["showcase"])
    house = await world.house()
    assert (house.showcase, house.moderators, house.quorum) == ("", "", None)


async def test_a_channel_that_a_host_does_not_see_stays(world: World) -> None:
    host, other = world.team.owner, world.team.user("Mo", admin=True)
    review = world.team.channel("review", private=True, members=[host])
    await saved(world, await world.opened(host), host, review=review)
    view = await world.opened(other)
    block = next(b for b in view.blocks if b["block_id"] == "review")
    del block["element"]["initial_conversation"]  # what Slack makes of one that they aren't in
    act = await saved(world, view, other, quorum="2")
    assert not act.errors
    house = await world.house()
    assert (house.review, house.quorum) == (f"{world.team.id}/{review.id}", 2)
    assert f"<#{review.id}>" in (await act.showed()).text()
    await saved(world, await world.opened(other), other, none=["review"])
    assert (await world.house()).review == ""


async def test_nothing_can_be_taken_away_where_nothing_is_picked(world: World) -> None:
    assert "Take a channel away" not in (await world.opened(world.team.owner)).text()


@pytest.mark.parametrize("paid", [True], indirect=True)
@pytest.mark.parametrize("how", ["not told", "disabled", "after a hundred others"])
async def test_a_group_of_which_slack_does_not_tell_stays(world: World, how: str) -> None:
    host, mo = world.team.owner, world.team.user("Mo")
    if how == "after a hundred others":
        for number in range(120):
            world.team.group(f"group-{number}", [mo])
    group = world.team.group("mods", [mo])
    async with world.parts.db.begin() as s:
        await workspaces.change(s, "slack", world.team.id, moderators=group.id)
    group.disabled = how == "disabled"
    if how == "not told":
        world.slack.faults.next("usergroups.list", error="internal_error", times=1)
    view = await world.opened(host)
    act = await saved(world, view, host, quorum="2")
    assert not act.errors
    house = await world.house()
    assert (house.moderators, house.quorum) == (group.id, 2)


@pytest.mark.parametrize("paid", [True], indirect=True)
async def test_an_older_form_without_the_field_keeps_the_group(world: World) -> None:
    host, mo = world.team.owner, world.team.user("Mo")
    view = await world.opened(host)
    group = world.team.group("mods", [mo])
    async with world.parts.db.begin() as s:
        await workspaces.change(s, "slack", world.team.id, moderators=group.id)
    await saved(world, view, host)
    assert (await world.house()).moderators == group.id


@pytest.mark.parametrize("late", [True, False])
async def test_a_form_that_opens_too_late_is_said(
    world: World, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if late:
        monkeypatch.setattr(module, "TRIGGER_SECONDS", 0.2)
        world.slack.faults.slow("users.info", 1, times=1)
    else:
        world.slack.faults.next("views.open", error="expired_trigger_id")
    with pytest.raises(Refused, match=TOO_SLOW):
        await world.opened(world.team.owner)


@pytest.mark.parametrize("error", [LookupError, OperationalError])
async def test_whatever_breaks_is_said_in_the_form(
    world: World, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = world.team.owner
    view = await world.opened(host)

    async def broken(*_: Any, **__: Any) -> Any:
        raise OperationalError("x", {}, OSError()) if error is OperationalError else error("away")

    monkeypatch.setattr(workspaces, "change", broken)
    act = await saved(world, view, host, quorum="3")
    assert act.errors == {"showcase": BROKEN}


@pytest.mark.parametrize("paid", [True], indirect=True)
async def test_a_user_group_moderates(world: World) -> None:
    host, mo = world.team.owner, world.team.user("Mo")
    group = world.team.group("mods", [mo])
    view = await world.opened(host)
    act = await saved(world, view, host, group=group.id)
    assert (await world.house()).moderators == group.id
    assert f"<!subteam^{group.id}>" in (await act.showed()).text()
    view = await world.opened(host)
    act = await saved(world, view, host, people=[mo])
    assert act.errors == {"people": ONE_OF_THEM}
    assert (await world.house()).moderators == group.id


@pytest.mark.parametrize("paid", [False], indirect=True)
async def test_a_free_plan_has_no_groups_to_pick_from(world: World) -> None:
    view = await world.opened(world.team.owner)
    assert "user group" not in view.text()
    assert "Moderators: people" in view.text()


@pytest.mark.parametrize("private", [True, False])
async def test_channels_without_the_bot_are_said_at_their_field(
    world: World, private: bool
) -> None:
    host = world.team.owner
    outside = world.team.channel("review", private=private, bot=False)
    view = await world.opened(host)
    act = await saved(world, view, host, review=outside, quorum="3")
    assert act.errors == {
        "review": "The app isn't in that channel. Type /invite @studio there, then save again."
    }
    assert (await world.house()).quorum is None
    outside.invite_bot()
    act = await saved(world, view, host)
    assert not act.errors
    assert (await world.house()).review == f"{world.team.id}/{outside.id}"


async def test_bad_rules_are_said_at_their_fields(world: World) -> None:
    host = world.team.owner
    view = await world.opened(host)
    act = await saved(world, view, host, quorum="0", queued_cap="two", ballot_hours="9000")
    assert set(act.errors) == {"quorum", "queued_cap", "ballot_hours"}
    assert "a whole number from 1 to 20" in act.errors["quorum"]
    assert not world.brought
    assert (await world.house()).quorum is None


async def test_who_is_no_host_any_more_saves_nothing(world: World) -> None:
    host = world.team.user("Mo", admin=True)
    view = await world.opened(host)
    host.admin = False
    act = await saved(world, view, host, quorum="3")
    assert act.errors == {"showcase": NOT_A_HOST}
    assert (await world.house()).quorum is None


async def test_a_slow_slack_is_said_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.ANSWER_SECONDS < 3
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    host = world.team.owner
    view = await world.opened(host)
    hold = world.slack.faults.hold("users.info")
    act = await saved(world, view, host, quorum="3")
    hold.release()
    assert act.errors == {"showcase": SLOW}
    act = await saved(world, view, host)
    assert not act.errors
    assert (await world.house()).quorum == 3


async def test_an_old_trouble_is_forgotten(world: World) -> None:
    async with world.parts.db.begin() as s:
        await workspaces.change(s, "slack", world.team.id, trouble="told")
    view = await world.opened(world.team.owner)
    await saved(world, view, world.team.owner)
    assert (await world.house()).trouble == ""
