"""Socket Mode: cuts are mended at once, and nothing is lost by them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.session import Db
from tests.bot.on_slack.rooms import running, settings_of
from tests.doubles.on_slack import Slack


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


@pytest.mark.parametrize("how", ["refresh_requested", "warning", "close", "abort"])
async def test_a_cut_is_mended_and_nothing_is_lost(
    on_socket: Slack, db: Db, heard: list[str], how: str
) -> None:
    (team,) = on_socket.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    await ada.send(room, "look")
    async with running(on_socket, db, settings_of(on_socket)):
        for sign in ("one", "two", "three"):
            await on_socket.faults.drop_socket(how)
            await ada.react(room.last, sign)
            await on_socket.until(lambda: heard[-1:] == [sign])  # noqa: B023
        asked = await ada.slash(room, "/studio", "help")
        await asked.acked(within=1)


async def test_what_was_missed_is_looked_for_after_every_start_and_cut(
    on_socket: Slack, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []

    async def catch_up(self: Any) -> None:
        looked.append(time.monotonic())

    monkeypatch.setattr("bot.on_slack.watching.Watching.catch_up", catch_up)
    async with running(on_socket, db, settings_of(on_socket)):
        await on_socket.until(lambda: len(looked) == 1)
        await on_socket.faults.drop_socket("abort")
        await on_socket.until(lambda: len(looked) == 2)


@pytest.mark.parametrize("frame", ["Ping from applink-1", "[]", "null", "7", "[" * 100_000])
async def test_a_frame_that_means_nothing_is_passed_over(
    on_socket: Slack, db: Db, frame: str
) -> None:
    (team,) = on_socket.teams.values()
    ada, room = team.user("Ada"), team.channel("clips")
    async with running(on_socket, db, settings_of(on_socket)):
        (socket,) = on_socket.delivery.sockets.connected
        await socket.ws.send_str(frame)
        asked = await ada.slash(room, "/studio", "help")
        await asked.acked(within=1)
        assert on_socket.delivery.sockets.connected == [socket]


async def test_a_connection_that_never_comes_is_given_up(
    on_socket: Slack, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.on_slack.socket_mode.HELLO_SECONDS", 0.3)
    on_socket.faults.slow("socket", 30, times=1)
    async with asyncio.timeout(10), running(on_socket, db, settings_of(on_socket)):
        assert len(on_socket.requested("apps.connections.open")) == 2


async def test_a_ticket_that_is_no_good_is_not_tried_again(on_socket: Slack, db: Db) -> None:
    on_socket.faults.next("socket", status=401, times=2)
    async with running(on_socket, db, settings_of(on_socket)):
        assert len(on_socket.requested("apps.connections.open")) == 3
