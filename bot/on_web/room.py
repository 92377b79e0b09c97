"""The web room. On the web a post is its row: pages and open windows paint it whenever they look."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog
from aiohttp import web

from bot.card import Card
from bot.health import Health
from bot.metrics import Metrics
from bot.on_web.app import make_app
from bot.on_web.live import ROOM, Hub
from bot.on_web.members import Login
from bot.settings import is_loopback
from db import notes
from db.media import Media
from db.models import Job, Post
from db.session import Db
from db.states import Purpose
from moderation.desk import Desk

log = structlog.get_logger()


class WebRoom:
    """Serves the site and keeps its windows in step."""

    name = ROOM

    def __init__(
        self,
        db: Db,
        desk: Desk,
        media: Media,
        host: str,
        port: int,
        known: Path | None = None,
        feed_url: str = "",
        health: Health | None = None,
        metrics: Metrics | None = None,
        login: Login | None = None,
    ) -> None:
        """``known``: the certificates by which this studio knows its own signature; ``feed_url``: under
        which address a proxy serves the feed, and nothing else, to everybody; ``health`` and ``metrics``:
        for whatever watches the studio; ``login``: how people sign in, without which the demo's are
        served."""
        if login is None and not is_loopback(host):
            raise ValueError(
                f"The demo's identities are for this machine only; they aren't served on {host}."
            )
        self._db, self._host, self._port = db, host, port
        self._hub = Hub(db)
        self._app = make_app(db, desk, media, self._hub, known, feed_url, health, metrics, login)
        self._opens_at = login.url if login else f"http://{host}:{port}"

    async def run(self) -> None:
        """Serve until cancelled."""
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
            async with self._db.begin() as s:
                await notes.put(s, notes.PAGE, self._opens_at)
            log.info("page.served", host=self._host, port=self._port)
            await self._hub.run()
        finally:
            self._hub.close()
            await runner.cleanup()

    async def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        match purpose:
            case Purpose.RECEIPT | Purpose.RESULT:
                return (f"mine:{job.person_id}",)
            case Purpose.REVIEW:
                return ("review",)
            case Purpose.SHOWCASE:
                return ("showcase",)
            case Purpose.DECISION | Purpose.NOTICE:
                return ()  # an open window shows it on the card itself

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        self._hub.wake()
        return key

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        self._hub.wake()
        return message

    async def find(self, post: Post, key: str) -> str:
        return key

    async def remove(self, place: str, message: str) -> None:
        self._hub.wake()

    def pause(self, post: Post) -> float:
        return 0

    async def must_move(self, post: Post) -> bool:
        return False
