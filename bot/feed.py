"""Tells a room what has happened: drains its outbox, and repaints what is moving.

The outbox is the truth and is looked at every ``POLL_SECONDS`` at the latest. The news that the
broker spreads only makes it quicker, and carries what is no event: a render's progress.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bound_contextvars

from bot.announce import announce
from bot.room import Away, Room
from db import events, jobs, parts, posts, traces
from db.broker import Broker
from db.events import Claim
from db.line import Forecast
from db.media import StoreTrouble
from db.metrics import CHAT_ERRORS
from db.models import utcnow
from db.session import Db, is_away
from db.states import Status
from moderation import forecast

POLL_SECONDS = 1.0
LINE_SECONDS = 2.0
SECONDS_PER_RECEIPT = 0.05
"""How often the waiting receipts are brought up to date while the line moves: every two seconds, and
less often the longer the line is, so that repainting it never fills the bot's day."""

MOST_AT_ONCE = 20
AWAY_SECONDS = 5.0
"""How long a platform that is away, or too slow, is left alone; it costs no card one of its tries."""
LOOKED_BACK = timedelta(days=7)
DOUBTED_SECONDS = 10.0
"""How often a card is tried that is to be painted once more, and for how long."""

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
        self._telling: set[asyncio.Task[None]] = set()
        self._repainting: set[asyncio.Task[None]] = set()
        self._doubted: dict[int, float] = {}
        """Jobs with a doubtful card that was looked at, and when they may be again."""
        self._painting: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Until cancelled; survives a broken card, a slow database and a broker that is away."""
        async with self._db.begin() as s:
            await events.join(s, self._room.name)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._drain())
                tasks.create_task(self._follow_line())
        finally:
            left = self._telling | self._repainting
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

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
                # Not wait_for: in Python 3.11 it loses a cancel that comes together with news.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
                self._wake.clear()

    async def _round(self) -> bool:
        """Begin to tell what is due; says whether there may be more."""
        moving, self._changed = self._changed, set()
        room = MOST_AT_ONCE - len(self._telling)
        claims: list[Claim] = []
        line: Mapping[int, Forecast] | None = None
        if room > 0:
            async with self._db.begin() as s:
                claims = await events.claim(s, self._room.name, room)
        if claims:
            async with self._db.read() as s:
                line = await forecast.of_line(s)
        for claim in claims:
            moving.discard(claim.job_id)
            self._begin(self._tell(claim, line), self._telling)
        if not self._wake.is_set():
            async with self._db.read() as s:
                moving |= {job.id for job in await jobs.with_status(s, Status.RENDERING)}
                moving |= await parts.of_rendering_shots(s)
                moving |= await self._doubtful(s)
        if claims:
            self._line_moved.set()
        for job_id in moving:
            if job_id not in self._painting:  # else it is just being looked at
                self._begin(self._repaint(job_id), self._repainting)
        return bool(claims)

    async def _doubtful(self, s: AsyncSession) -> set[int]:
        """Some jobs with a card that has to be painted once more, each of them now and then: it may have to
        wait, or fail."""
        now = asyncio.get_running_loop().time()
        self._doubted = {job: until for job, until in self._doubted.items() if until > now}
        found = await posts.doubtful(s, self._room.name, utcnow() - LOOKED_BACK)
        chosen = [job for job in found if job not in self._doubted][:MOST_AT_ONCE]
        self._doubted |= dict.fromkeys(chosen, now + DOUBTED_SECONDS)
        return set(chosen)

    def _begin(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        """Beside the others: one that hangs must not hold them up."""
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)
        if len(self._telling) == MOST_AT_ONCE:  # more may be due than there was room for
            task.add_done_callback(lambda _: self._wake.set())

    async def _tell(self, claim: Claim, line: Mapping[int, Forecast] | None) -> None:
        job, room = claim.job_id, self._room.name
        with bound_contextvars(job=job, room=room), traces.span(job, "tell", room=room):
            try:
                await self._told(claim, line)
            except (DBAPIError, OSError) as error:
                # The database is away. The claim lapses, and whoever comes next tells it.
                log.warning("database.unreachable", during="telling", error=type(error).__name__)

    async def _told(self, claim: Claim, line: Mapping[int, Forecast] | None) -> None:
        try:
            async with self._alone_on(claim.job_id):
                pause = await announce(self._db, self._room, claim.job_id, line)
        except Exception as error:
            self._failed(error)
            if not _is_away(error):
                await self._count(claim, error)
                return
            log.warning("room.away", why=str(error))
            pause = AWAY_SECONDS
        async with self._db.begin() as s:
            if pause:
                await events.put_off(s, claim, pause)
            else:
                await events.mark_told(s, claim)
        if not pause:
            log.info("job.told", events=len(claim.events))

    async def _count(self, claim: Claim, error: Exception) -> None:
        """One card that can't be shown must not hold up the others; it is counted and set aside."""
        log.exception("card.failed")
        async with self._db.begin() as s:
            aside = await events.mark_failed(s, claim, f"{type(error).__name__}: {error}")
        if aside:
            log.error("card.set_aside")

    async def _follow_line(self) -> None:
        """Keep place and time on the waiting receipts right, beside all that is more urgent."""
        while True:
            await self._line_moved.wait()
            self._line_moved.clear()
            waiting = 0
            try:
                async with self._db.read() as s:
                    line = await forecast.of_line(s)
                waiting = len(line)
                for job_id in line:
                    while len(self._repainting) >= MOST_AT_ONCE:
                        await asyncio.wait(self._repainting, return_when=asyncio.FIRST_COMPLETED)
                    self._begin(self._repaint(job_id, line), self._repainting)
            except Exception:
                # The same database that is away for the outbox; it is asked again as soon.
                log.exception("feed.line_failed", room=self._room.name)
                self._line_moved.set()
            if waiting:
                self._line_moved.set()
            await asyncio.sleep(max(LINE_SECONDS, SECONDS_PER_RECEIPT * waiting))

    async def _repaint(self, job_id: int, line: Mapping[int, Forecast] | None = None) -> None:
        with bound_contextvars(job=job_id, room=self._room.name):
            try:
                async with self._alone_on(job_id):
                    await announce(self._db, self._room, job_id, line)
            except Exception as error:
                # Progress is repainted soon again; what must not be lost is in the outbox.
                self._failed(error)
                if not _is_away(error):
                    log.exception("card.repaint_failed")

    def _failed(self, error: Exception) -> None:
        """Count what was in the way of a card."""
        kind = "away" if _is_away(error) else "broken"
        kind = "timeout" if isinstance(error, TimeoutError) else kind
        CHAT_ERRORS.labels(self._room.name, kind).inc()

    def _alone_on(self, job_id: int) -> asyncio.Lock:
        """Two paintings of one card at once could leave the older one."""
        return self._painting.setdefault(job_id, asyncio.Lock())


def _is_away(error: Exception) -> bool:
    """Whether something can't be reached now, which is no fault of the card."""
    return isinstance(error, (Away, TimeoutError, StoreTrouble)) or is_away(error)
