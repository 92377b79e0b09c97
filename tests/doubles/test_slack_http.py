"""The double in HTTP mode: signatures, retries, OAuth and several workspaces."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import FileInstallationStore
from slack_sdk.oauth.state_store import FileOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.on_slack import Channel, Slack, User
from tests.doubles.on_slack.example import client, error_of, serving


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(socket_mode=False) as slack:
        slack.delivery.retries = (0.0, 0.05, 0.05)
        yield slack
        assert not slack.violations


@pytest.fixture
def ada(slack: Slack) -> User:
    return slack.team("Studio").user("Ada")


@pytest.fixture
def room(ada: User) -> Channel:
    return ada.team.channel("clips")


@pytest.fixture
async def bot(slack: Slack, room: Channel) -> AsyncIterator[list[Any]]:
    async with serving(slack) as heard:
        yield heard


async def test_commands_buttons_and_forms(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    asked = await ada.slash(room, "/sora", "a circle & more")
    await asked.answered(2)
    assert "drawing a circle & more" in asked.text()
    assert asked.payload["text"] == "a circle &amp; more"
    view = await (await ada.press(room.last, "change")).showed()
    refused = await ada.submit(view, {"prompt": "bad"})
    await refused.acked()
    assert refused.errors == {"what": "not that"}
    await (await ada.submit(view, {"prompt": "a star"})).acked()
    await slack.until(lambda: ada.dm.messages)


async def test_events_are_signed_and_retried(
    slack: Slack, room: Channel, ada: User, bot: list[Any]
) -> None:
    slack.answer_within = 0.2
    slack.faults.late_acks("reaction_added", times=1)
    told = await ada.react(await ada.send(room, "look"), "eyes")
    assert told is not None
    await told.acked()
    await slack.until(lambda: [one[3] for one in bot if one[0] == "reaction"] == [0, 1])
    secret, slack.signing_secret = slack.signing_secret, "another"
    told = await ada.react(room.last, "tada")
    assert told is not None
    await told.over()
    assert {attempt.trouble for attempt in told.attempts} == {"http_error"}
    assert len(told.attempts) == 4
    slack.signing_secret = secret


async def test_an_old_signature_is_refused(slack: Slack, room: Channel, bot: list[Any]) -> None:
    body = json.dumps({"type": "event_callback", "event": {"type": "reaction_added"}}).encode()
    outbound = slack.delivery.outbound
    old = outbound.signed(body, "application/json", at=time.time() - 6 * 60)
    status, _, _ = await outbound.post(body, old)
    assert status == 401


async def test_an_act_fails_while_nobody_is_there(slack: Slack, room: Channel, ada: User) -> None:
    slack.bot_url = "http://127.0.0.1:9/slack/events"
    asked = await ada.slash(room, "/sora")
    await asked.over()
    assert asked.failed == "connection_failed"


async def test_socket_mode_is_off(slack: Slack, room: Channel) -> None:
    api = client(slack)
    opened = api.apps_connections_open(app_token=slack.app_token)
    assert await error_of(opened) == "socket_mode_not_enabled"


# ── several workspaces ───────────────────────────────────────────────────────────────────


@pytest.fixture
def oauth_app(slack: Slack, tmp_path: Path) -> AsyncApp:
    folder = str(tmp_path)
    settings = AsyncOAuthSettings(
        client_id=slack.client_id,
        client_secret=slack.client_secret,
        scopes=["chat:write", "commands", "reactions:read"],
        user_scopes=[],
        authorization_url=slack.authorize_url,
        installation_store=FileInstallationStore(base_dir=folder),
        state_store=FileOAuthStateStore(expiration_seconds=60, base_dir=folder),
    )
    return AsyncApp(
        client=AsyncWebClient(base_url=slack.api),
        signing_secret=slack.signing_secret,
        oauth_settings=settings,
    )


# slack_sdk 3.48 makes the header of oauth.v2.access with what aiohttp 3.14 has deprecated.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
async def test_workspaces_come_and_go(slack: Slack, oauth_app: AsyncApp) -> None:
    async with serving(slack, oauth_app) as heard:
        install = slack.bot_url.replace("/slack/events", "/slack/install")
        slack.redirect_uri = slack.bot_url.replace("/slack/events", "/slack/oauth_redirect")
        one, other = (slack.team(name, installed=False) for name in ("One", "Other"))
        for team in (one, other):
            status, page = await slack.installs(install, team)
            assert status == 200, page
        assert one.installed
        assert one.scopes == {"chat:write", "commands", "reactions:read"}
        assert one.bot_token != other.bot_token
        for team in (one, other):
            room = team.channel("clips")
            asked = await team.owner.slash(room, "/sora", team.name)
            await asked.answered(2)
            assert room.last.content == team.name
        for act in await one.uninstall():
            await act.acked()
        await slack.until(lambda: set(heard) == {"uninstalled", "revoked"})
        api = client(slack, one.bot_token)
        assert await error_of(api.auth_test()) == "account_inactive"
        assert (await client(slack, other.bot_token).auth_test())["team"] == "Other"
        # What the app was granted is what it needed, and no more.
        assert slack.scopes_used == {"chat:write", "commands"}


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
async def test_a_person_may_decline(slack: Slack, oauth_app: AsyncApp) -> None:
    async with serving(slack, oauth_app):
        slack.redirect_uri = slack.bot_url.replace("/slack/events", "/slack/oauth_redirect")
        team = slack.team("One", installed=False)
        slack.consent.denies = True
        _, page = await slack.installs(slack.bot_url.replace("/events", "/install"), team)
        assert "access_denied" in page
        assert not team.installed
        wrong = {"client_id": slack.client_id, "client_secret": "x", "code": "x"}
        assert await error_of(client(slack, "x").oauth_v2_access(**wrong)) == "bad_client_secret"
