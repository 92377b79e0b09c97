"""Puts the Slack room together, and keeps it connected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_sdk.web.async_client import AsyncWebClient

from bot.on_slack import readable, setup
from bot.on_slack.asking import SLACK
from bot.on_slack.courier import Courier
from bot.on_slack.ids import ROOM
from bot.on_slack.installs import Installs
from bot.on_slack.listening import listen
from bot.on_slack.pages import Pages
from bot.on_slack.parts import SlackParts
from bot.on_slack.room import SlackRoom
from bot.on_slack.socket_mode import SocketMode
from bot.settings import BotSettings
from bot.trouble import Trouble
from db import notes, reactions
from db.media import Media
from db.session import Db
from moderation.desk import Desk

EVENT = f"{ROOM}:event:"
EVENTS_KEPT, TIDY_SECONDS = timedelta(days=2), 3600.0
"""Slack tells of an event again for up to a day."""
COMPARE_SECONDS = 600.0
"""So often the cards are compared with what is known of them, as an event may get lost unnoticed."""

Json = dict[str, Any]
log = structlog.get_logger()


def slack_room(settings: BotSettings, db: Db, desk: Desk, media: Media) -> SlackRoom:
    """The room as it is configured; ``settings.slack`` is so."""
    token = settings.slack_bot_token
    installs = Installs(db, settings.slack_api, token.get_secret_value() if token else "")
    courier = Courier(installs.token, settings.slack_api or SLACK)
    parts = SlackParts(db, desk, media, courier, settings.slack_command)
    app = bolt_app(settings, db, installs)
    connection = Connection(settings, app, parts, installs)
    room = SlackRoom(parts, connection.run, installs.doubt, connection.is_open)
    connection.catch_up = listen(app, parts, room, setup.open_setup).catch_up
    setup.listen(app, parts, room.doing)
    # What nobody listens to is acknowledged all the same, or Slack sends it again and again.
    for kind in (app.event, app.action, app.view, app.shortcut):
        kind(re.compile(".*"))(_acknowledge)
    return room


def bolt_app(settings: BotSettings, db: Db, installs: Installs) -> AsyncApp:
    """An app without listeners; each event reaches them once."""
    secret = settings.slack_signing_secret

    # bolt looks at the names of the arguments.
    async def authorize(team_id: str | None) -> Any:
        return await installs.authorize(team_id)

    app = AsyncApp(
        name="sora",
        signing_secret=secret.get_secret_value() if secret else "",
        client=AsyncWebClient(base_url=settings.slack_api or SLACK, retry_handlers=[]),
        before_authorize=_Readable(),
        authorize=authorize,
    )

    async def first(body: Json, next: Callable[[], Awaitable[None]]) -> Any:
        if body.get("type") != "event_callback":
            return await next()
        if _removes(body["event"]):
            # Acknowledged only when it is written: nobody tells us of this later.
            await installs.put_out(body["team_id"], float(body["event_time"]))
            return BoltResponse(status=200)
        async with db.begin() as s:
            new = await notes.claim(s, EVENT + body["event_id"])
        return await next() if new else BoltResponse(status=200)

    app.middleware(first)
    return app


class _Readable(AsyncMiddleware):
    """Before bolt itself takes anything for granted: a function would be handed what it has read."""

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse | None:
        wrong = readable.wrong(req.body)
        if not wrong:
            return await next()
        log.warning("slack.not_readable", type=str(req.body.get("type"))[:40], wrong=wrong[:300])
        return BoltResponse(status=200)  # nor is it sent again


class Connection:
    """Everything through which Slack reaches the room, for as long as it runs."""

    def __init__(
        self, settings: BotSettings, app: AsyncApp, parts: SlackParts, installs: Installs
    ) -> None:
        self._settings, self._app, self._parts, self._installs = settings, app, parts, installs
        self.catch_up: Callable[[], Awaitable[None]] | None = None
        """Looks for what was missed while nobody listened."""
        self._socket: SocketMode | None = None
        self._catching: asyncio.Task[None] | None = None
        self._once_more = False

    async def run(self) -> None:
        """Stay connected until cancelled. Raises ``Trouble`` for what waiting won't mend."""
        await self._parts.courier.open()
        try:
            await self._installs.open()
            async with asyncio.TaskGroup() as tasks:
                if self._settings.slack_app_token is not None:
                    token = self._settings.slack_app_token.get_secret_value()
                    api = self._settings.slack_api
                    self._socket = SocketMode(self._app, api, token, self._connected)
                    tasks.create_task(self._socket.run())
                else:
                    self._connected()
                if self._settings.slack_serves:
                    pages = Pages(self._settings, self._app, self._installs)
                    tasks.create_task(pages.run())
                tasks.create_task(self._tidying())
                tasks.create_task(self._comparing())
                await self._installs.gone.wait()
                raise Trouble(self._installs.why)
        finally:
            if self._catching is not None:
                self._catching.cancel()
                await asyncio.gather(self._catching, return_exceptions=True)
            await self._parts.courier.close()

    def is_open(self) -> bool:
        """Whether Slack tells us of what happens; over HTTP it opens a connection whenever it does."""
        if self._settings.slack_app_token is None:
            return True
        return self._socket is not None and self._socket.is_connected

    def _connected(self) -> None:
        """From now on we are told of everything; what was before that is looked for, once at a time."""
        self._once_more = True
        if self.catch_up is not None and (self._catching is None or self._catching.done()):
            self._catching = asyncio.create_task(self._catch_up(self.catch_up))

    async def _catch_up(self, catch_up: Callable[[], Awaitable[None]]) -> None:
        while self._once_more:
            self._once_more = False
            try:
                await catch_up()
            except Exception:
                log.exception("slack.not_caught_up")

    async def _comparing(self) -> None:
        while True:
            await asyncio.sleep(COMPARE_SECONDS)
            if self._catching is None or self._catching.done():
                self._connected()

    async def _tidying(self) -> None:
        while True:
            try:
                async with self._parts.db.begin() as s:
                    await notes.forget_older(s, EVENT, EVENTS_KEPT)
                    await reactions.tidy(s, ROOM)
            except Exception:
                log.exception("slack.not_tidied")
            await asyncio.sleep(TIDY_SECONDS)


def _removes(event: Json) -> bool:
    """Whether a workspace says with this that we are out."""
    if event["type"] == "tokens_revoked":
        return bool((event.get("tokens") or {}).get("bot"))
    return bool(event["type"] == "app_uninstalled")


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()
