"""The worker's own small page for whatever watches it: how it does, and its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from db import health, metrics
from db.broker import Broker
from db.session import Db
from db.workers import Card
from gen.host import Host

log = structlog.get_logger()


def page(
    name: str, db: Db, broker: Broker, host: Host, cards: Callable[[], Awaitable[list[Card]]]
) -> web.Application:
    """What a worker of this name answers; ``cards`` says how its graphics cards are."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_: web.Request) -> web.Response:
        parts = await health.parts(db, broker) | {"model": host.state == "ready"}
        ready = all(parts.values())
        return web.json_response({"ready": ready, **parts}, status=200 if ready else 503)

    async def figures(_: web.Request) -> web.Response:
        told = metrics.exposition(metrics.cards([(name, await cards())]))
        return web.Response(body=told, headers={"Content-Type": metrics.CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", figures)
    return app


async def serve(app: web.Application, host: str, port: int) -> None:
    """Answer until cancelled. A port that is taken, by another worker say, keeps nobody from rendering."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info("metrics.served", host=host, port=port)
        await metrics.follow_loop()
    except OSError as error:
        log.warning("metrics.not_served", host=host, port=port, why=error.strerror)
    finally:
        await runner.cleanup()
