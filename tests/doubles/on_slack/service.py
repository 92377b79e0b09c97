"""The whole double: it serves API, sockets, files and OAuth on one loopback port."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.doubles.on_slack import (
    answers,
    methods_chat,
    methods_conversations,
    methods_files,
    methods_views,
    oauth,
)
from tests.doubles.on_slack.delivery import Delivery
from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.faults import Faults
from tests.doubles.on_slack.model import Team
from tests.doubles.on_slack.oauth import Consent
from tests.doubles.on_slack.people import User
from tests.doubles.on_slack.rates import Limit, Rates
from tests.doubles.on_slack.web_api import Request, WebApi, guarded
from tests.doubles.on_slack.world import World

T = TypeVar("T")
METHODS = (methods_chat, methods_conversations, methods_files, methods_views)
"""Named so that they are imported: each adds its methods to the table."""


class Slack(World):
    """Start it with `async with`; arrange before or after the bot has come."""

    def __init__(
        self, *, rate_limits: bool | Mapping[str, Limit] | Rates = False, **world: Any
    ) -> None:
        """The rest is World's: socket_mode, scopes, events, unfurl_domains, answer_within."""
        super().__init__(**world)
        self.delivery = Delivery(self)
        self.faults = Faults(self.delivery)
        if isinstance(rate_limits, bool):
            rates = Rates() if rate_limits else None
        else:
            rates = rate_limits if isinstance(rate_limits, Rates) else Rates(rate_limits)
        self.web = WebApi(self, self.faults, rates)
        self.consent = Consent()
        self._runner: web.AppRunner | None = None

    @property
    def api(self) -> str:
        """What AsyncWebClient takes as its base_url."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """What AsyncOAuthSettings takes as its authorization_url."""
        return f"{self.url}/oauth/v2/authorize"

    @property
    def bot_url(self) -> str:
        """In HTTP mode, where the bot listens."""
        return self.delivery.outbound.bot_url

    @bot_url.setter
    def bot_url(self, url: str) -> None:
        self.delivery.outbound.bot_url = url

    @property
    def requests(self) -> list[Request]:
        return self.web.requests

    def requested(self, method: str = "*", **args: Any) -> list[Request]:
        """The calls so far: `requested("chat.*", channel=room.id)`."""
        return self.web.requested(method, **args)

    def socket_url(self) -> str:
        return self.delivery.sockets.new_url()

    # ── coming and going ─────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 40)  # what is too large, the API says
        route = app.router.add_route
        route("*", "/api/{method}", self.web.handle)
        route("GET", "/link/", self._socket)
        route("POST", "/upload/v1/{ticket}", self._upload)
        route("GET", "/files-pri/{key}/{name:.*}", self._download)
        route("GET", "/login", self._login)
        route("GET", "/oauth/v2/authorize", self._authorize)
        route("POST", "/{door:commands|actions|app}/{rest:.*}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.delivery.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.faults.clear()
        self.stop()
        await self.delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def connected(self, count: int = 1, within: float = 60.0) -> None:
        """Wait until the bot listens: on so many sockets, or at its address."""
        if self.socket_mode:
            sockets = self.delivery.sockets
            await self.until(lambda: len(sockets.connected) >= count, within, "connected sockets")
            return
        end = time.monotonic() + within
        while not await self.delivery.outbound.verify():
            if time.monotonic() > end:
                raise AssertionError(f"not within {within} s: an answer from {self.bot_url!r}")
            await asyncio.sleep(0.05)

    async def installs(
        self, install_url: str, team: Team | None = None, by: User | None = None
    ) -> tuple[int, str]:
        """A person lets the app into their workspace, from the bot's own page on; what they see in
        the end."""
        self.consent.team, self.consent.user = team, by
        return await oauth.walk_through(install_url)

    async def until(self, predicate: Callable[[], T], within: float = 60.0, what: str = "") -> T:
        """Wait for something true, and return it."""
        end = time.monotonic() + within
        while not (value := predicate()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {within} s: {what or predicate}")
            await asyncio.sleep(0.005)
        return value

    # ── doors beside the API ─────────────────────────────────────────────────────────────

    async def _socket(self, http: web.Request) -> web.StreamResponse:
        return await guarded(
            self.faults, "socket", http, lambda: self.delivery.sockets.handle(http)
        )

    async def _upload(self, http: web.Request) -> web.StreamResponse:
        return await guarded(self.faults, "upload", http, lambda: methods_files.receive(self, http))

    async def _download(self, http: web.Request) -> web.StreamResponse:
        async def do() -> web.StreamResponse:
            return methods_files.serve(self, http)

        return await guarded(self.faults, "download", http, do)

    async def _login(self, http: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><body>Sign in</body></html>", content_type="text/html")

    async def _authorize(self, http: web.Request) -> web.StreamResponse:
        return oauth.authorize(self, self.consent, self.grants, http)

    async def _respond(self, http: web.Request) -> web.StreamResponse:
        async def do() -> web.StreamResponse:
            try:
                answers.respond(self, http.path, json.loads(await http.text()))
            except ApiError as error:
                return web.json_response(error.body, status=error.status)
            return web.Response(text="ok")

        return await guarded(self.faults, "response_url", http, do)
