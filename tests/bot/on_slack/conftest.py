"""One workspace, set up, over real sockets; and at the end nothing that Slack minds, and no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import announce
from bot.on_slack import missed, pacer, room, socket_mode, watching
from bot.on_slack.manifest import EVENTS, scopes
from bot.on_slack.room import SlackRoom
from db.broker import Broker
from db.media import Media
from db.session import Db
from db.states import Purpose
from tests.bot.on_slack.town import Town, running
from tests.doubles.on_slack import Slack, world
from tests.support.databases import connections_ended
from tests.support.studio import ABLE, Studio


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """All that is logged, as the log would say it before anything is taken out."""
    found: list[str] = []

    def keep(_: Any, __: str, event: MutableMapping[str, Any]) -> Any:
        found.append(str({k: v for k, v in event.items() if k != "exc_info"}))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    yield found
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault of the bot's: a test about Slack's limit sets it itself."""
    monkeypatch.setattr(world, "ANSWER_SECONDS", 30.0)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.feed.AWAY_SECONDS", 0.2)
    monkeypatch.setattr("bot.feed.POLL_SECONDS", 0.2)
    monkeypatch.setattr(announce, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(pacer, "CHANNEL_SECONDS", 0.0)
    monkeypatch.setattr(socket_mode, "GOODBYE_SECONDS", 0.2)
    monkeypatch.setattr(watching, "TRY_SECONDS", 0.05)
    monkeypatch.setattr(missed, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(watching, "LATE_SECONDS", 0.1)
    monkeypatch.setattr(room, "PICTURE_SECONDS", 0.05)
    monkeypatch.setattr(room, "PACE", dict.fromkeys((Purpose.RECEIPT, Purpose.SHOWCASE), 0.3))


@pytest.fixture
async def town(
    sqlite_url: str, valkey: str, tmp_path: Path, _quick: None, logs: list[str]
) -> AsyncIterator[Town]:
    db, broker = Db(sqlite_url), Broker(valkey)
    kinds = {need.name for need in EVENTS}
    async with Slack(scopes=scopes(), events=kinds) as slack:
        town = Town(slack, await Studio(db, broker).open([ABLE]), Media(tmp_path / "media"))
        await town.set_up()
        yield town
        assert slack.violations == []
        for secret in (slack.app_token, *slack.by_token):
            assert not [line for line in logs if secret in line]
    await broker.close()
    await db.close()
    await connections_ended()


@pytest.fixture
async def slack_room(town: Town) -> AsyncIterator[SlackRoom]:
    async with running(town) as room:
        yield room
