"""The studio's figures for Prometheus: read from the database, so that all bot processes tell the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic

import structlog
from prometheus_client.metrics_core import Metric

from bot import families
from bot.health import Health
from db import figures, health, metrics, workers
from db.broker import Broker
from db.models import utcnow
from db.session import Db
from db.tally import Tally

FRESH_SECONDS = 5.0
"""For so long whoever asks is told the same, so that asking often costs nothing."""

log = structlog.get_logger()


class Metrics:
    """One per bot process."""

    def __init__(self, db: Db, broker: Broker, health: Health) -> None:
        self._db, self._broker, self._health = db, broker, health
        self._tally = Tally()
        self._told: list[Metric] = []
        self._fresh_until = 0.0
        self._looking = asyncio.Lock()

    async def exposition(self) -> bytes:
        """All figures in Prometheus' text form; those of a database that is away are left out."""
        async with self._looking:
            if monotonic() >= self._fresh_until:
                self._told = await self._look()
                self._fresh_until = monotonic() + FRESH_SECONDS
            return metrics.exposition(self._told)

    async def _look(self) -> list[Metric]:
        parts = await health.parts(self._db, self._broker)
        told = [*families.of_health(parts, self._health.rooms())]
        if parts["migration"]:
            try:
                told += await self._in_database()
            except Exception:
                # It went away just now; the rest is worth telling all the same.
                log.exception("metrics.not_read")
        return told

    async def _in_database(self) -> Iterator[Metric]:
        async with self._db.read() as s:
            seen = families.Seen(
                await figures.line(s),
                await figures.in_review(s),
                await figures.outbox(s),
                await workers.every(s),
                await figures.rendering(s),
                await self._tally.read(s),
            )
        return families.of_studio(seen, utcnow())
