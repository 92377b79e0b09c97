"""The room over both transports: what reaches it, once, and what ends it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.on_slack import app as module
from bot.on_slack import asking
from bot.on_slack.app import EVENT
from bot.on_slack.asking import NOT_CONNECTED, NOT_LET_IN, SOCKET_MODE_IS_OFF
from bot.on_slack.installs import REMOVED
from bot.trouble import translated
from db import notes, workspaces
from db.models import Note
from db.session import Db
from tests.bot.on_slack.rooms import running, settings_of, starting
from tests.doubles.on_slack import Slack


@pytest.fixture(params=[True, False], ids=["socket", "http"])
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[Slack]:
    async with Slack(socket_mode=request.param) as slack:
        slack.team("Atelier")
        yield slack


@pytest.fixture
async def on_socket() -> AsyncIterator[Slack]:
    async with Slack() as slack:
        slack.team("Atelier")
        yield slack


@pytest.fixture
async def db(sqlite_url: str) -> AsyncIterator[Db]:
    opened = Db(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which reactions reach the room's own listener."""
    found: list[str] = []

    async def came(self: Any, team: str, event: Any, bot: str) -> None:
        found.append(event["reaction"])

    monkeypatch.setattr("bot.on_slack.watching.Watching.came", came)
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.05)


# ── what comes in ────────────────────────────────────────────────────────────────────────


async def test_commands_are_acknowledged_at_once(slack: Slack, db: Db) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    async with running(slack, db, settings_of(slack)):
        asked = await ada.slash(room, "/studio", "help")
        await asked.acked(within=1)
    assert not slack.violations


async def test_the_command_may_have_another_name(slack: Slack, db: Db) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    async with running(slack, db, settings_of(slack, slack_command="clip")):
        asked = await ada.slash(room, "/clip", "a red circle")
        await asked.acked(within=1)


@pytest.mark.parametrize("at_once", [False, True])
async def test_an_event_is_heard_once(
    slack: Slack, db: Db, heard: list[str], at_once: bool
) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    await ada.send(room, "look")
    slack.faults.twice("reaction_added", at_once=at_once)
    async with running(slack, db, settings_of(slack)):
        for sign in ("one", "two"):
            await ada.react(room.last, sign)
        await slack.until(
            lambda: all(len(act.attempts) == 2 for act in slack.told("reaction_added"))
        )
        await slack.until(lambda: len(heard) >= 2)
        await asyncio.sleep(0.1)
    assert sorted(heard) == ["one", "two"]
    assert all(attempt.heard_at for act in slack.told("reaction_added") for attempt in act.attempts)


async def test_and_once_over_a_restart(slack: Slack, db: Db, heard: list[str]) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    await ada.send(room, "look")
    slack.delivery.retries = (0.3,)
    slack.faults.late_acks("reaction_added")
    slack.answer_within = 0.3
    async with running(slack, db, settings_of(slack)):
        act = await ada.react(room.last, "one")
        assert act is not None
        await slack.until(lambda: heard)
    async with running(slack, db, settings_of(slack)):
        await slack.until(lambda: len(slack.told("reaction_added")[0].attempts) == 2)
        await act.acked(within=5)
    assert heard == ["one"]


async def test_what_is_not_written_is_not_acknowledged(
    slack: Slack, db: Db, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    await ada.send(room, "look")
    slack.delivery.retries = (0.1,)
    slack.answer_within = 0.5
    claim = notes.claim
    tries: list[str] = []

    async def away_at_first(s: Any, name: str) -> bool:
        tries.append(name)
        if tries.count(name) == 1:
            raise OSError("the database is away")
        return await claim(s, name)

    monkeypatch.setattr(notes, "claim", away_at_first)
    async with running(slack, db, settings_of(slack)):
        act = await ada.react(room.last, "one")
        assert act is not None
        await slack.until(lambda: heard)
        await act.acked()
    assert heard == ["one"]
    assert len(act.attempts) == 2


async def test_what_nobody_listens_to_is_acknowledged(slack: Slack, db: Db) -> None:
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    async with running(slack, db, settings_of(slack)):
        await ada.send(room, "nothing that concerns a bot")
        (told,) = slack.told("message")
        await told.acked()


async def test_old_events_are_forgotten(on_socket: Slack, db: Db) -> None:
    async with db.begin() as s:
        await notes.put(s, f"{EVENT}Ev1", "")
        note = await s.get(Note, f"{EVENT}Ev1")
        assert note is not None
        note.at -= module.EVENTS_KEPT + timedelta(hours=1)
        await notes.put(s, f"{EVENT}Ev2", "")
    async with running(on_socket, db, settings_of(on_socket)):
        await asyncio.sleep(0.1)
    async with db.begin() as s:
        assert await s.get(Note, f"{EVENT}Ev1") is None
        assert not await notes.claim(s, f"{EVENT}Ev2")


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────


async def test_only_slack_is_heard_over_http(db: Db) -> None:
    async with Slack(socket_mode=False) as slack:
        slack.team("Atelier")
        body = b'{"type": "url_verification", "challenge": "x"}'
        kind = "application/json"
        door = slack.delivery.outbound
        async with running(slack, db, settings_of(slack)):
            fresh = door.signed(body, kind)
            old = door.signed(body, kind, at=time.time() - 6 * 60)
            wrong = fresh | {"X-Slack-Signature": "v0=" + "0" * 64}
            unsigned = {"Content-Type": kind}
            answers = [(await door.post(body, h))[0] for h in (fresh, old, wrong, unsigned)]
            other = await door.post(body.replace(b"x", b"y"), fresh)
        assert answers == [200, 401, 401, 401]
        assert other[0] == 401


STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@pytest.mark.parametrize(
    ("body", "kind", "more", "status"),
    [
        (b"a=b", "application/x-www-form-urlencoded; charset=nothing", {}, 400),
        (b"\xff\xfe", "application/json; charset=utf-8", {}, 400),
        (b"{", "application/json", {}, 400),
        (b"[]", "application/json", {}, 400),
        (b"payload=%7B", "application/x-www-form-urlencoded", {}, 400),
        (b"a=b", "text/plain", {STAMP: "abc", SIGNATURE: "v0=1"}, 401),
        (b"a=b", "text/plain", {STAMP: "9" * 5000, SIGNATURE: "v0=1"}, 401),
        (b"a=b", "text/plain", {STAMP: str(int(time.time())), SIGNATURE: "v0=\u00e9"}, 401),
    ],
)
async def test_what_is_not_of_slacks_making_is_refused_quietly(
    db: Db,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    kind: str,
    more: dict[str, str],
    status: int,
) -> None:
    async with Slack(socket_mode=False) as slack:
        slack.team("Atelier")
        async with running(slack, db, settings_of(slack)):
            answer, *_ = await slack.delivery.outbound.post(body, {"Content-Type": kind, **more})
    assert answer == status
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_taken_port_is_one_sentence(db: Db) -> None:
    async with Slack(socket_mode=False) as slack:
        slack.team("Atelier")
        settings = settings_of(slack)
        taken = await asyncio.start_server(lambda r, w: None, "127.0.0.1", settings.slack_port)
        async with taken, starting(db, settings) as (_, task):
            assert "name another with SORA_SLACK_PORT" in await ended(task)


# ── coming and going ─────────────────────────────────────────────────────────────────────


async def ended(task: asyncio.Task[None]) -> str:
    """The sentence that the bot would end with."""
    async with asyncio.timeout(10):
        with contextlib.suppress(Exception):
            await task
    error = task.exception()
    assert isinstance(error, Exception)
    trouble = translated(error)
    assert trouble is not None, error
    return str(trouble)


async def test_a_wrong_bot_token_ends_it_with_one_sentence(slack: Slack, db: Db) -> None:
    async with starting(db, settings_of(slack, slack_bot_token="xoxb-wrong")) as (_, task):
        assert await ended(task) == NOT_LET_IN


async def test_a_wrong_app_token_ends_it_with_one_sentence(on_socket: Slack, db: Db) -> None:
    async with starting(db, settings_of(on_socket, slack_app_token="xapp-wrong")) as (_, task):
        assert await ended(task) == NOT_CONNECTED


async def test_socket_mode_that_is_off_is_said(db: Db) -> None:
    async with Slack(socket_mode=False) as slack:
        slack.team("Atelier")
        given: dict[str, Any] = {"slack_signing_secret": None, "slack_app_token": slack.app_token}
        async with starting(db, settings_of(slack, **given)) as (_, task):
            assert await ended(task) == SOCKET_MODE_IS_OFF


async def test_the_only_workspace_that_removes_it_ends_it(slack: Slack, db: Db) -> None:
    (team,) = slack.teams.values()
    async with db.begin() as s:
        places = {"review": f"{team.id}/C1", "showcase": f"{team.id}/C2", "moderators": "U1"}
        await workspaces.change(s, "slack", team.id, quorum=2, **places)
    settings = settings_of(slack)
    slack.bot_url = f"http://127.0.0.1:{settings.slack_port}/slack/events"
    async with starting(db, settings) as (_, task):
        await slack.connected()
        await team.uninstall()
        assert await ended(task) == REMOVED
    async with db.read() as s:
        house = await workspaces.get(s, "slack", team.id)
    assert house is not None
    assert (house.review, house.showcase) == ("", "")
    assert (house.moderators, house.quorum) == ("U1", 2)


@pytest.mark.usefixtures("impatient")
async def test_slack_away_at_the_start_is_waited_for(slack: Slack, db: Db) -> None:
    slack.faults.lose_request("auth.test", times=2)
    slack.faults.next("auth.test", status=503)
    slack.faults.next("auth.test", error="ratelimited", retry_after=0.1)
    slack.faults.next("apps.connections.open", status=502, times=2)
    async with running(slack, db, settings_of(slack)):
        assert len(slack.requested("auth.test")) >= 3


async def test_another_libraries_settings_change_nothing(
    slack: Slack, db: Db, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """bolt reads variables of its own from the environment."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_CLIENT_ID",
        "SLACK_CLIENT_SECRET",
    ):
        monkeypatch.setenv(name, "of another bot")
    (team,) = slack.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    async with running(slack, db, settings_of(slack)):
        asked = await ada.slash(room, "/studio", "help")
        await asked.acked(within=1)
    assert not (tmp_path / "home").exists()


async def test_no_door_is_open_in_socket_mode(on_socket: Slack, db: Db) -> None:
    settings = settings_of(on_socket)
    async with running(on_socket, db, settings), aiohttp.ClientSession() as browser:
        with pytest.raises(aiohttp.ClientConnectionError):
            await browser.get(f"http://127.0.0.1:{settings.slack_port}/slack/install")
