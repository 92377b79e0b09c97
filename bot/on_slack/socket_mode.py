"""Socket Mode: the bot calls Slack, so that nobody has to reach the bot.

slack_sdk has a client for it, which asks for ever with a ticket that has run out, closes the old
connection before it has a new one, and is deaf for seconds after a cut. So here is a small one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.on_slack.asking import APP_TOKEN, AWAY, LONGEST_PAUSE, ask, patiently
from bot.on_slack.ids import ROOM
from db import logs

PING_SECONDS = 10.0
"""Without an answer to one of these, a connection is taken for dead."""
HELLO_SECONDS = 20.0
LINGER_SECONDS = 10.0
"""What came on an old connection is still answered there."""
GOODBYE_SECONDS = 2.0
STEADY_SECONDS = 30.0
"""A connection that lasted so long was a good one; after several that didn't, a pause grows."""

log = structlog.get_logger()


class SocketMode:
    """Brings what Slack sends to bolt, and bolt's answers back."""

    def __init__(self, app: AsyncApp, api: str, token: str, connected: Callable[[], None]) -> None:
        self._app, self._api, self._token, self._connected = app, api, token, connected
        self.is_connected = False
        self._answers: set[asyncio.Task[None]] = set()
        self._old: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay connected until cancelled. Raises ``Trouble`` for what waiting won't mend."""
        clock, quick = asyncio.get_running_loop().time, 0
        async with aiohttp.ClientSession() as session:
            try:
                while True:
                    began = clock()
                    try:
                        await self._connect(session)
                    except AWAY as error:
                        self.is_connected = False
                        log.warning("slack.cut", why=type(error).__name__)
                    quick = 0 if clock() - began > STEADY_SECONDS else quick + 1
                    await asyncio.sleep(min(2 ** (quick - 3), LONGEST_PAUSE) if quick > 1 else 0)
            finally:
                await self._stop()

    async def _connect(self, session: aiohttp.ClientSession) -> None:
        """One connection, until Slack asks for another. Raises what ``AWAY`` has when it is cut."""
        said = await patiently(
            lambda: ask(self._api, "apps.connections.open", self._token), APP_TOKEN
        )
        async with asyncio.timeout(HELLO_SECONDS):
            ws = await session.ws_connect(said["url"], heartbeat=PING_SECONDS)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                await self._until(ws, "hello")
            log.info("slack.connected")
            self.is_connected = True
            self._connected()
            await self._until(ws, "disconnect")
        except asyncio.CancelledError:
            if self._answers:  # what came before the end is still answered
                await asyncio.wait(self._answers, timeout=GOODBYE_SECONDS)
            await ws.close()
            raise
        except BaseException:
            await ws.close()
            raise
        # The next one is opened at once; here only goes on what is being answered.
        _begin(self._linger(ws), self._old)

    async def _until(self, ws: aiohttp.ClientWebSocketResponse, kind: str) -> None:
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = _read(message.data)
            if said.get("type") == kind:
                return
            if said.get("envelope_id"):
                _begin(self._answer(ws, said), self._answers)
        raise ConnectionResetError("the connection was closed")

    async def _linger(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        with suppress(TimeoutError, ConnectionResetError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._until(ws, "end")
        await ws.close()

    async def _answer(self, ws: aiohttp.ClientWebSocketResponse, envelope: dict[str, Any]) -> None:
        tried = envelope.get("retry_attempt") or 0
        headers = {"x-slack-retry-num": str(tried)} if tried else None
        payload = envelope.get("payload")
        request = AsyncBoltRequest(
            mode="socket_mode",
            body=payload if isinstance(payload, dict) else {},
            headers=headers,  # type: ignore[arg-type]  # as its own adapter does
        )
        with logs.of_request(ROOM):
            response = await self._app.async_dispatch(request)
        if response.status != 200:
            return  # without an answer Slack sends events again
        answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        if response.body and envelope.get("accepts_response_payload"):
            kind = response.headers.get("content-type", [""])[0]
            is_json = kind.startswith("application/json")
            answer["payload"] = json.loads(response.body) if is_json else {"text": response.body}
        try:
            await ws.send_json(answer)
        except ConnectionError:
            log.info(
                "slack.answer_lost"
            )  # an event comes again; of all else somebody sees a warning

    async def _stop(self) -> None:
        left = [*self._answers, *self._old]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _read(frame: str) -> dict[str, Any]:
    """What Slack says; empty for what isn't a JSON object, as its proxies sometimes send."""
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return said
    log.warning("slack.not_understood", characters=len(frame))
    return {}


def _begin(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
