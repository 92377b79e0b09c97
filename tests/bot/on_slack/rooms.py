"""A whole Slack room over the double's sockets, in either transport, for tests of how it is put together."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.on_slack.app import slack_room
from bot.on_slack.room import SlackRoom
from bot.settings import BotSettings
from db.broker import Broker
from db.media import Media
from db.session import Db
from tests.doubles.on_slack import Slack
from tests.support.studio import NO_BROKER, Studio

KEY = "key-of-those-who-may-install"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def settings_of(slack: Slack, *, several: bool = False, **more: Any) -> BotSettings:
    """What a host would set for this Slack."""
    given: dict[str, Any] = {"slack_api": slack.api, "slack_port": free_port()}
    if slack.socket_mode:
        given["slack_app_token"] = slack.app_token
    else:
        given["slack_signing_secret"] = slack.signing_secret
    if several:
        given |= {"slack_client_id": slack.client_id, "slack_client_secret": slack.client_secret}
        given["slack_install_key"] = KEY
    else:
        given["slack_bot_token"] = slack.bot_token
    return BotSettings(**given | more)


def address(settings: BotSettings, path: str) -> str:
    return f"http://127.0.0.1:{settings.slack_port}/slack/{path}"


def link(settings: BotSettings) -> str:
    """What the host gives to those who may take the app into their workspace."""
    return f"{address(settings, 'install')}?key={KEY}"


@asynccontextmanager
async def running(
    slack: Slack, db: Db, settings: BotSettings, media: Media | None = None
) -> AsyncIterator[SlackRoom]:
    """The room while it runs. What ends it early fails the test."""
    slack.bot_url = address(settings, "events")
    async with starting(db, settings, media) as (room, task):
        listens = asyncio.create_task(slack.connected())
        await asyncio.wait([listens, task], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        await listens
        yield room


@asynccontextmanager
async def starting(
    db: Db, settings: BotSettings, media: Media | None = None
) -> AsyncIterator[tuple[SlackRoom, asyncio.Task[None]]]:
    studio = await Studio(db, Broker(NO_BROKER)).open()
    room = slack_room(settings, db, studio.desk, media or Media(Path("media")))
    task = asyncio.create_task(room.run())
    try:
        yield room, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(
            0.1
        )  # a connection to the database that was being opened ends by itself
        await studio.desk.broker.close()
