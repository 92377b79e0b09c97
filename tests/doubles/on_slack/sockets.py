"""Socket Mode: the connections that the bot opens, and the envelopes that it acknowledges."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.doubles.on_slack import acts
from tests.doubles.on_slack.acts import Act, Attempt
from tests.doubles.on_slack.trouble import Trouble

if TYPE_CHECKING:
    from tests.doubles.on_slack.world import World

MOST = 10
"""Connections of one app at a time."""
WITH_PAYLOAD = ("view_submission", "block_suggestion")


class Socket:
    def __init__(self, ws: web.WebSocketResponse, http: web.Request) -> None:
        self.ws = ws
        self.http = http
        self.leaving = False
        """Slack has asked for another: nothing new comes on this one."""
        self.sent: list[dict[str, Any]] = []
        self.acks: list[dict[str, Any]] = []
        self.waiting: dict[str, tuple[Attempt, asyncio.Future[Any]]] = {}

    @property
    def usable(self) -> bool:
        return not self.leaving and not self.ws.closed

    def hear(self, text: str) -> None:
        said = json.loads(text)
        self.acks.append(said)
        attempt, future = self.waiting.get(said.get("envelope_id"), (None, None))
        if attempt is None or future is None:
            return
        attempt.heard_at = time.monotonic()
        if not future.done():
            future.set_result(said.get("payload"))

    def end(self) -> None:
        for _, future in self.waiting.values():
            if not future.done():
                future.set_exception(Trouble("connection_failed"))


class Sockets:
    def __init__(self, world: World) -> None:
        self.world = world
        self.all: list[Socket] = []
        """Every connection that there was, in order."""
        self.tickets: set[str] = set()
        self._turn = itertools.count()

    @property
    def connected(self) -> list[Socket]:
        return [socket for socket in self.all if socket.usable]

    def new_url(self) -> str:
        """Good for one connection."""
        ticket = str(uuid.uuid4())
        self.tickets.add(ticket)
        base = self.world.url.replace("http", "ws", 1)
        return f"{base}/link/?ticket={ticket}&app_id={self.world.app_id}"

    async def handle(self, http: web.Request) -> web.StreamResponse:
        ticket = http.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=401, text="invalid ticket")
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse(max_msg_size=1 << 24)
        await ws.prepare(http)
        if len(self.connected) >= MOST:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            return ws
        socket = Socket(ws, http)
        await ws.send_json(self._hello())
        self.all.append(socket)
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    socket.hear(message.data)
        finally:
            socket.leaving = True
            socket.end()
        return ws

    def _hello(self) -> dict[str, Any]:
        host = {"host": f"applink-{secrets.token_hex(4)}", "approximate_connection_time": 18060}
        info = {"app_id": self.world.app_id}
        count = len(self.connected) + 1
        return {
            "type": "hello",
            "num_connections": count,
            "debug_info": host | {"build_number": 1},
            "connection_info": info,
        }

    async def deliver(self, act: Act, attempt: Attempt) -> Any:
        """Over one of the connections; the answer's payload."""
        if not self.all:
            raise Trouble("not_connected", final=True)  # nobody ever listened
        end = attempt.at + self.world.answer_within
        while not (usable := self.connected):
            if time.monotonic() > end:
                raise Trouble("connection_failed")
            await asyncio.sleep(0.005)
        socket = usable[next(self._turn) % len(usable)]
        envelope = self._envelope(act, attempt)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        socket.waiting[envelope["envelope_id"]] = (attempt, future)
        socket.sent.append(envelope)
        try:
            await socket.ws.send_json(envelope)
            body = await asyncio.wait_for(future, max(0.0, end - time.monotonic()))
        except TimeoutError:
            raise Trouble("timeout") from None
        except ConnectionError:
            raise Trouble("connection_failed") from None
        if body and not envelope["accepts_response_payload"]:
            self.world.violations.append(f"{act}: Slack takes no payload with this: {body!r}"[:300])
        return body

    def _envelope(self, act: Act, attempt: Attempt) -> dict[str, Any]:
        takes = act.kind == acts.SLASH or act.type in WITH_PAYLOAD
        made = {
            "envelope_id": str(uuid.uuid4()),
            "payload": act.payload,
            "type": act.kind,
            "accepts_response_payload": takes,
        }
        if act.kind == acts.EVENT:
            made |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        return made

    async def drop(self, how: str) -> None:
        for socket in self.connected:
            socket.leaving = True
            if how == "close":
                await socket.ws.close()
            elif how == "abort":
                if socket.http.transport is not None:
                    socket.http.transport.abort()
            else:
                await socket.ws.send_json(
                    {"type": "disconnect", "reason": how, "debug_info": {"host": "applink"}}
                )

    async def close(self) -> None:
        for socket in self.all:
            if not socket.ws.closed:
                await socket.ws.close()
