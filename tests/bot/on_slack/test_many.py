"""Several workspaces at once, and many people in one, within what Slack allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.on_slack.manifest import EVENTS, scopes
from db import installs
from db.broker import Broker
from db.media import Media
from db.session import Db
from tests.bot.on_slack.town import Town, running
from tests.doubles.on_slack import Slack
from tests.support.studio import ABLE, Studio


@pytest.mark.usefixtures("_quick")
async def test_two_workspaces_at_once(sqlite_url: str, valkey: str, tmp_path: Path) -> None:
    db, broker = Db(sqlite_url), Broker(valkey)
    async with Slack(scopes=scopes(), events={need.name for need in EVENTS}) as slack:
        studio = await Studio(db, broker).open([ABLE])
        towns = [Town(slack, studio, Media(tmp_path / "m"), n) for n in ("Atelier", "Bureau")]
        for town in towns:
            await town.set_up()
            async with db.begin() as s:
                team = town.team
                await installs.save(s, team.id, team.bot_token, team.bot.id, name=team.name)
        one, other = towns
        async with running(one, other):
            await one.in_review()
            there = await other.card(other.review, 1)
            await one.mo.react(one.review.last, "white_check_mark")
            for town in towns:
                shown = await town.card(town.showcase)
                await town.bo.react(shown, "one")
            await one.votes({1: 2})
            await one.slack.until(lambda: "Mo approved" in there.text())
            assert other.ada.dm.messages == []
        assert slack.violations == []
    await broker.close()
    await db.close()


@pytest.mark.timeout(150)
async def test_normal_use_keeps_to_slacks_limits(
    sqlite_url: str, valkey: str, tmp_path: Path
) -> None:
    db, broker = Db(sqlite_url), Broker(valkey)
    kinds = {need.name for need in EVENTS}
    async with Slack(scopes=scopes(), events=kinds, rate_limits=True) as slack:
        town = Town(slack, await Studio(db, broker).open([ABLE]), Media(tmp_path / "media"))
        voters = [town.team.user(f"Voter {n}") for n in range(20)]
        for user in voters:
            town.showcase.members.append(user)
        await town.set_up()
        async with running(town):
            shown = await town.published()
            for number, voter in enumerate(voters):
                if number % 2:
                    await voter.react(shown, "two")
                else:
                    await town.presses(voter, shown, "press:vote_2:1:2")
            await town.votes({2: 20})
            await town.close_ballot()
            await town.slack.until(lambda: "20 votes" in shown.text(), 30)
            await town.settled(60)
        assert [r.method for r in slack.requests if r.status == 429] == []
        assert slack.violations == []
    await broker.close()
    await db.close()
