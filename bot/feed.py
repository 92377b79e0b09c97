"""Tells a room what has happened: drains its outbox, and repaints what is moving.

The outbox is the truth and is looked at every ``POLL_SECONDS`` at the latest. The news that the
broker spreads only makes it quicker, and carries what is no event: a render's progress.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

import structlog

from bot.announce import announce
from bot.room import Room
from db import events, jobs
from db.broker import Broker
from db.events import Claim
from db.line import Forecast
from db.session import Db
from db.states import Status
from moderation import forecast

POLL_SECONDS = 1.0
LINE_SECONDS = 2.0
SECONDS_PER_RECEIPT = 0.05
"""How often the waiting receipts are brought up to date while the line moves: every two seconds, and
less often the longer the line is, so that repainting it never fills the bot's day."""

log = structlog.get_logger()


class Feed:
    """One per room and process."""

    def __init__(self, db: Db, broker: Broker, room: Room) -> None:
        self._db = db
        self._broker = broker
        self._room = room
        self._changed: set[int] = set()
        self._wake = asyncio.Event()
        self._line_moved = asyncio.Event()
        self._painting = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled; survives a broken card, a slow database and a broker that is away."""
        async with self._db.begin() as s:
            await events.join(s, self._room.name)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._drain())
            tasks.create_task(self._follow_line())

    async def _listen(self) -> None:
        async for job_id in self._broker.news():
            self._changed.add(job_id)
            self._wake.set()

    async def _drain(self) -> None:
        while True:
            try:
                busy = await self._round()
            except Exception:
                # A database that is away for a while must not end the feed.
                log.exception("feed.round_failed", room=self._room.name)
                busy = False
            if not busy:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                self._wake.clear()

    async def _round(self) -> bool:
        """Tell what is due; says whether there may be more."""
        moving, self._changed = self._changed, set()
        async with self._db.begin() as s:
            claims = await events.claim(s, self._room.name)
        for claim in claims:
            moving.discard(claim.job_id)
            await self._tell(claim)
        if not self._wake.is_set():
            async with self._db.read() as s:
                moving |= {job.id for job in await jobs.with_status(s, Status.RENDERING)}
        if claims:
            self._line_moved.set()
        for job_id in moving:
            await self._repaint(job_id)
        return bool(claims)

    async def _tell(self, claim: Claim) -> None:
        try:
            async with self._painting:
                await announce(self._db, self._room, claim.job_id)
        except Exception as error:
            # One card that can't be shown must not hold up the others; it is counted and set aside.
            log.exception("card.failed", room=self._room.name, job=claim.job_id)
            async with self._db.begin() as s:
                aside = await events.mark_failed(s, claim, f"{type(error).__name__}: {error}")
            if aside:
                log.error("card.set_aside", room=self._room.name, job=claim.job_id)
            return
        async with self._db.begin() as s:
            await events.mark_told(s, claim)

    async def _follow_line(self) -> None:
        """Keep place and time on the waiting receipts right, beside all that is more urgent."""
        while True:
            await self._line_moved.wait()
            self._line_moved.clear()
            waiting = 0
            try:
                async with self._db.read() as s:
                    line = await forecast.of_line(s)
                for job_id in line:
                    await self._repaint(job_id, line)
                waiting = len(line)
            except Exception:
                # The same database that is away for the outbox; it is asked again as soon.
                log.exception("feed.line_failed", room=self._room.name)
                self._line_moved.set()
            if waiting:
                self._line_moved.set()
            await asyncio.sleep(max(LINE_SECONDS, SECONDS_PER_RECEIPT * waiting))

    async def _repaint(self, job_id: int, line: Mapping[int, Forecast] | None = None) -> None:
        try:
            async with self._painting:
                await announce(self._db, self._room, job_id, line)
        except Exception:
            # Progress is repainted soon again; what must not be lost is in the outbox.
            log.exception("card.repaint_failed", room=self._room.name, job=job_id)
