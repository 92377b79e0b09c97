"""What the doctor says of Slack, from a double of it over real sockets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.doctor_chats import slack as slack_findings
from bot.finding import Finding
from bot.on_slack import check as module
from bot.on_slack.asking import NOT_CONNECTED, NOT_LET_IN
from bot.on_slack.check import check
from bot.on_slack.manifest import scopes
from bot.settings import BotSettings
from db import installs, workspaces
from db.models import Install, Workspace
from db.session import Db
from tests.bot.on_slack.rooms import settings_of
from tests.doubles.on_slack import Slack, Team

Findings = dict[str, tuple[str, str, str]]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(scopes=scopes()) as slack:
        slack.team("Atelier")
        yield slack


@pytest.fixture
def team(slack: Slack) -> Team:
    return next(iter(slack.teams.values()))


async def said(
    settings: BotSettings, *houses: Workspace, known: tuple[Install, ...] = ()
) -> Findings:
    found: list[Finding] = [finding async for finding in check(settings, houses, known)]
    return {f.name: (f.state, f.found, f.mend) for f in found}


def house(team: Team, **more: Any) -> Workspace:
    return Workspace(platform="slack", id=team.id, **more)


async def test_all_is_well(slack: Slack, team: Team) -> None:
    review, showcase = team.channel("review", private=True), team.channel("showcase")
    places = {"review": f"{team.id}/{review.id}", "showcase": f"{team.id}/{showcase.id}"}
    found = await said(settings_of(slack), house(team, **places))
    assert found == {
        "Slack": ("ok", "Socket Mode: the token of the app is accepted.", ""),
        "Slack workspace “Atelier”": (
            "ok",
            "The token is accepted, and the app is in its channels.",
            "",
        ),
    }
    assert {request.method for request in slack.requests} == {
        "apps.connections.open",
        "auth.test",
        "conversations.info",
    }


async def test_wrong_tokens_are_said(slack: Slack) -> None:
    wrong: dict[str, Any] = {"slack_app_token": "xapp-wrong", "slack_bot_token": "xoxb-wrong"}
    found = await said(settings_of(slack, **wrong))
    assert found == {
        "Slack": ("bad", "Socket Mode isn't let in (invalid_auth).", NOT_CONNECTED),
        "Slack workspace": ("bad", "The token isn't accepted (invalid_auth).", NOT_LET_IN),
    }


async def test_missing_scopes_are_named(slack: Slack, team: Team) -> None:
    team.scopes -= {"files:write", "im:write"}
    state, sentence, mend = (await said(settings_of(slack)))["Slack workspace “Atelier”"]
    assert (state, sentence) == ("bad", "The token lacks the scopes files:write and im:write.")
    assert "sora slack manifest" in mend


async def test_channels_without_the_bot_are_named(slack: Slack, team: Team) -> None:
    showcase = team.channel("showcase", bot=False)
    review = team.channel("review", bot=False, private=True)
    places = {"review": f"{team.id}/{review.id}", "showcase": f"{team.id}/{showcase.id}"}
    found = await said(settings_of(slack), house(team, **places))
    state, sentence, mend = found["Slack workspace “Atelier”"]
    assert state == "warning"
    assert "Showcase channel: the app isn't in #showcase; type /invite @Studio there." in sentence
    assert "Review channel: it is gone, or private without the app in it." in sentence
    assert "/studio setup" in mend
    archived = team.channel("old", archived=True)
    found = await said(settings_of(slack), house(team, review=f"{team.id}/{archived.id}"))
    sentence = found["Slack workspace “Atelier”"][1]
    assert sentence == "No showcase channel is picked. Review channel: #old is archived."


async def test_several_workspaces(slack: Slack, team: Team) -> None:
    other = slack.team("Second")
    settings = settings_of(slack, several=True)
    nobody = await said(settings)
    state, sentence, mend = nobody["Slack workspaces"]
    assert (state, sentence) == ("warning", "The app is in no workspace yet.")
    assert mend.startswith("Open /slack/install?key=… at the bot's public address")
    closed = await said(settings_of(slack, several=True, slack_install_key=None))
    assert closed["Slack workspaces"][2].startswith("Give SORA_SLACK_INSTALL_KEY a key of your own")
    known = tuple(Install(team=t.id, token=t.bot_token, bot_user="U1") for t in (team, other))
    other.revoke()
    found = await said(settings, known=known)
    assert found["Slack workspace “Atelier”"][0] == "warning"
    state, sentence, mend = found[f"Slack workspace {other.id}"]
    assert (state, sentence) == ("bad", "The token isn't accepted (token_revoked).")
    assert "/slack/install" in mend


async def test_http_names_the_door() -> None:
    async with Slack(socket_mode=False, scopes=scopes()) as slack:
        slack.team("Atelier")
        settings = settings_of(slack)
        state, sentence, _ = (await said(settings))["Slack"]
    assert state == "ok"
    assert f"http://127.0.0.1:{settings.slack_port}/slack/events" in sentence


async def test_whoever_does_not_answer_is_waited_for_a_little(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.3)
    slack.faults.slow("*", seconds=5)
    began = time.monotonic()
    found = await said(settings_of(slack))
    assert {name: one[1] for name, one in found.items()} == {
        "Slack": "It can't be reached (it doesn't answer).",
        "Slack workspace": "It can't be reached (it doesn't answer).",
    }
    assert time.monotonic() - began < 3


async def test_nobody_there_is_said(slack: Slack) -> None:
    settings = settings_of(slack, slack_api="http://127.0.0.1:1/api/")
    found = await said(settings)
    assert {one[0] for one in found.values()} == {"bad"}
    assert all("It can't be reached" in one[1] for one in found.values())


async def test_a_page_of_a_proxy_is_said(slack: Slack) -> None:
    slack.faults.next("*", status=502, times=None)
    found = await said(settings_of(slack))
    assert all("status 502" in one[1] for one in found.values())


async def test_the_doctor_knows_what_the_database_knows(slack: Slack, sqlite_url: str) -> None:
    (team,) = slack.teams.values()
    db = Db(sqlite_url)
    async with db.begin() as s:
        await installs.save(s, team.id, team.bot_token, team.bot.id)
        await workspaces.change(s, "slack", team.id, review=f"{team.id}/C1")
    await db.close()
    settings = settings_of(slack, several=True, database_url=sqlite_url)
    found = {f.name: f async for f in slack_findings(settings)}
    assert "Review channel: it is gone" in found["Slack workspace “Atelier”"].found


async def test_without_tokens_it_says_how_to_begin() -> None:
    (found,) = [finding async for finding in slack_findings(BotSettings())]
    assert (found.name, found.state) == ("Slack", "ok")
    assert found.mend == "Ten minutes, step by step: docs/rooms.md"
