"""The whole double: it serves REST, gateway and CDN on one loopback port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import unquote

from aiohttp import web

from tests.doubles.on_discord import routes_app, routes_guilds, routes_interactions, routes_messages
from tests.doubles.on_discord.buckets import LIMITS, Buckets
from tests.doubles.on_discord.faults import Faults
from tests.doubles.on_discord.gateway import Gateway
from tests.doubles.on_discord.rest import BASE, Request, Rest
from tests.doubles.on_discord.validate import load
from tests.doubles.on_discord.world import World

T = TypeVar("T")
ROUTES = (routes_app, routes_messages, routes_guilds, routes_interactions)
"""Named so that they are imported: each adds its routes to the table."""


class Discord(World):
    """Start it with `async with`; arrange before or after the bot has come."""

    def __init__(
        self,
        *,
        token: str = "test-token",
        shards: int = 1,
        heartbeat: float = 41.25,
        answer_within: float = 3.0,
        privileged_intents: bool = False,
        rate_limits: bool | Mapping[str, tuple[int, float]] = False,
    ) -> None:
        super().__init__(token=token, answer_within=answer_within)
        self.shards = shards
        self.sockets = Gateway(
            self, shards=shards, heartbeat=heartbeat, privileged_intents=privileged_intents
        )
        self.faults = Faults(self.sockets)
        limits = LIMITS if rate_limits is True else rate_limits
        self.buckets = Buckets(limits) if limits else None
        self.rest = Rest(self, self.faults, load(), self.buckets)
        self.url = self.api = ""
        self._runner: web.AppRunner | None = None

    @property
    def gateway(self) -> str:
        return self.gateway_url

    @property
    def requests(self) -> list[Request]:
        return self.rest.requests

    def requested(self, method: str = "*", path: str = "*") -> list[Request]:
        """The requests so far that match these globs: `requested("POST", "/channels/*/messages")`."""
        return self.rest.requested(method, path)

    @property
    def violations(self) -> list[str]:
        """Requests that Discord's own description does not allow. Empty, also where it's absent."""
        return self.rest.violations

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 40)  # what is too large, the API says
        for path in ("/gateway", "/gateway/"):
            app.router.add_get(path, self.sockets.handle)
        app.router.add_get("/cdn/{path:.*}", self._serve_file)
        self.rest.add_to(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        self.api = f"{self.url}{BASE}"
        self.cdn = f"{self.url}/cdn"
        self.gateway_url = self.sockets.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.faults.clear()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def connected(self, shards: int | None = None, within: float = 60.0) -> None:
        """Wait until the bot is on the gateway with all its shards."""
        wanted = shards or self.shards
        await self.until(
            lambda: len({s.shard for s in self.sockets.connected}) >= wanted,
            within,
            f"{wanted} connected shards",
        )

    async def synced(self, *names: str, within: float = 60.0) -> None:
        """Wait until the bot has told its commands; these, or any."""

        def known() -> bool:
            have = {command["name"] for command in self.commands.values()}
            return have >= set(names) if names else bool(have)

        await self.until(known, within, f"commands {names}")

    async def until(self, predicate: Callable[[], T], within: float = 60.0, what: str = "") -> T:
        """Wait for something true, and return it."""
        end = time.monotonic() + within
        while not (value := predicate()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {within} s: {what or predicate}")
            await asyncio.sleep(0.005)
        return value

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        path = unquote(request.match_info["path"])
        found = self.blobs.get(path)
        expires = int(request.query.get("ex", "0"), 16)
        # Files of messages are served to a signed URL only, and for as long as it says.
        unsigned = path.startswith("attachments/") and expires < self.clock.time()
        if found is None or unsigned:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=found[0], content_type=found[1])
