"""Keeps open windows in step: what was painted anywhere is offered to every window that shows it.

The post rows are the truth, so several web processes agree, and a window that was away catches up
from where it was. A window holds only *which* cards have changed, each once; a slow one therefore
costs nothing and blocks nobody, and one that is too far behind is told to fetch its lists again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog

from db import posts
from db.models import Post, utcnow
from db.session import Db

ROOM = "web"
POLL_SECONDS = 1.0
EAGER_SECONDS = 0.05
EAGER_LOOKS = 6
"""A room is called just before the post's row is committed, so the first look may be too early."""
LOOK_BACK = timedelta(seconds=5)
"""A row becomes visible when its transaction ends, somewhat later than the time it carries."""
LONGEST_ABSENCE = timedelta(minutes=10)
MOST_PENDING = 100

log = structlog.get_logger()


class Window:
    """What one open page has still to be told."""

    def __init__(self, places: frozenset[str], job_id: int | None) -> None:
        self._places = places
        self._job_id = job_id
        self._pending: dict[tuple[str, int], Post] = {}
        self._ready = asyncio.Event()
        self.behind = False
        self.closed = False

    def offer(self, post: Post) -> None:
        """A card has changed; the page need not show it."""
        if post.place not in self._places or self._job_id not in (None, post.job_id):
            return
        self._pending[post.place, post.job_id] = post
        if len(self._pending) > MOST_PENDING:
            self.fall_behind()
        self._ready.set()

    def fall_behind(self) -> None:
        self._pending.clear()
        self.behind = True
        self._ready.set()

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    async def take(self, seconds: float) -> list[Post]:
        """The changed cards' posts; empty when nothing has changed for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        self._ready.clear()
        taken, self._pending = list(self._pending.values()), {}
        return taken


class Hub:
    """One per process."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._windows: set[Window] = set()
        self._told: dict[int, datetime] = {}
        self._wake = asyncio.Event()
        self._eager = 0

    def wake(self) -> None:
        """A card is being shown, repainted or removed in this process."""
        self._eager = EAGER_LOOKS
        self._wake.set()

    @contextmanager
    def window(self, places: frozenset[str], job_id: int | None = None) -> Iterator[Window]:
        opened = Window(places, job_id)
        self._windows.add(opened)
        try:
            yield opened
        finally:
            self._windows.discard(opened)

    async def catch_up(self, window: Window, cursor: str) -> None:
        """Offer what was painted since the window's last event, or since its page was painted."""
        since = _moment(cursor)
        if since is None or since < utcnow() - LONGEST_ABSENCE:
            window.fall_behind()
            return
        async with self._db.read() as s:
            for post in await posts.painted_since(s, ROOM, since - LOOK_BACK):
                window.offer(post)

    async def run(self) -> None:
        """Until cancelled."""
        since = utcnow()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EAGER_SECONDS if self._eager else POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            self._eager = max(self._eager - 1, 0)
            if not self._windows:
                since = utcnow()
                continue
            try:
                since = await self._look(since)
            except Exception:
                # A database that is away for a while must not end every window.
                log.exception("hub.look_failed")
                await asyncio.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Let every window go; browsers come back by themselves."""
        for window in self._windows:
            window.close()

    async def _look(self, since: datetime) -> datetime:
        async with self._db.read() as s:
            painted = await posts.painted_since(s, ROOM, since - LOOK_BACK)
        for post in painted:
            if self._told.get(post.id) != post.painted_at:
                for window in self._windows:
                    window.offer(post)
        self._told = {post.id: post.painted_at for post in painted}
        return max([since, *self._told.values()])


def cursor_at(moment: datetime) -> str:
    """A moment as the id of an event."""
    return str(int(moment.timestamp() * 1_000_000))


def _moment(cursor: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(cursor) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
