"""What the page answers to whatever watches the studio: how it does, and its figures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.health import Health
from bot.metrics import Metrics
from bot.on_web.described import JSON, described
from db import metrics as ours


def add_to(app: web.Application, health: Health, metrics: Metrics | None) -> None:
    """The addresses; without ``metrics`` there is no /metrics."""

    @described({JSON: dict[str, bool]})
    async def healthz(_: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"ok": True})

    @described({JSON: dict[str, Any]}, also={503: "Not all is well; what isn't."})
    async def readyz(_: web.Request) -> web.Response:
        """The parts that it needs answer, too, and nothing that it should tell is stuck."""
        ready, report = await health.report()
        return web.json_response(report, status=200 if ready else 503)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    if metrics is None:
        return

    @described({"text/plain": str})
    async def figures(_: web.Request) -> web.Response:
        """All figures, as Prometheus reads them."""
        told = await metrics.exposition()
        return web.Response(body=told, headers={"Content-Type": ours.CONTENT_TYPE_LATEST})

    app.router.add_get("/metrics", figures)
    app.cleanup_ctx.append(_following)


async def _following(_: web.Application) -> AsyncIterator[None]:
    following = asyncio.create_task(ours.follow_loop())
    yield
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
