"""The bell. It carries ids and hints; whatever it loses, the sweep finds in the database.

The only module that knows arq's enqueue side. The serializer is JSON, because pickle would let
whoever can write to the broker run code in the worker.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import math
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, RedisError, TimeoutError

RENDER = "render"
SIGN = "sign"
SIGNING = "sora:signing"
"""A queue of its own: a clip isn't kept waiting by a render."""
NEWS = "sora:news"
RING_SECONDS = 1
AWAY_SECONDS = 1
RECONNECT_SECONDS = 1

log = structlog.get_logger()


def redis_settings(url: str) -> RedisSettings:
    """Settings for arq that ride out a restart of the broker."""
    settings = _settings(url)
    settings.conn_retries = 30
    settings.retry = Retry(ExponentialBackoff(cap=2, base=0.2), 30)
    settings.retry_on_error = [ConnectionError, TimeoutError]
    return settings


def _settings(url: str) -> RedisSettings:
    if url.startswith("unix://"):
        return RedisSettings(unix_socket_path=url.removeprefix("unix://"))
    return RedisSettings.from_dsn(url)


def serialize(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()


def deserialize(value: bytes) -> Any:
    return json.loads(value)


class Broker:
    """Rings for the workers and spreads the news that a job has changed.

    Nobody waits for it: after a failure it counts as away for a moment, and is not even asked.
    """

    def __init__(self, url: str) -> None:
        self._settings = _settings(url)
        self._settings.conn_retries = 0
        self._away_until = 0.0
        self._pool: ArqRedis | None = None
        self._opening = asyncio.Lock()
        self._asking: set[object] = set()
        self._silence = asyncio.Event()
        self._silence.set()

    async def _open(self) -> ArqRedis:
        async with self._opening:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize
                )
            return self._pool

    async def ring(self, job_id: int, attempt: int) -> bool:
        """Tell the workers that a job waits. A doubled bell is harmless; False if it wasn't heard."""

        async def enqueue() -> None:
            pool = await self._open()
            await pool.enqueue_job(RENDER, job_id, _job_id=f"{RENDER}:{job_id}:{attempt}")
            log.info("bell.rung", job=job_id)

        return await self._try("ring", enqueue, job=job_id)

    async def ring_to_sign(self, job_id: int, clip: int) -> bool:
        """Tell the workers that a clip's file must say something else; False if it wasn't heard."""

        async def enqueue() -> None:
            pool = await self._open()
            await pool.enqueue_job(SIGN, job_id, clip, _queue_name=SIGNING)

        return await self._try("ring to sign", enqueue, job=job_id)

    async def spread(self, job_id: int) -> bool:
        """Tell bots and workers that a job has changed; False if the broker can't be reached."""

        async def publish() -> None:
            pool = await self._open()
            await pool.publish(NEWS, str(job_id))

        return await self._try("spread", publish, job=job_id)

    async def _try(self, what: str, act: Any, **about: int) -> bool:
        if monotonic() < self._away_until:
            return False
        asking = object()
        self._asking.add(asking)
        self._silence.clear()
        try:
            async with asyncio.timeout(RING_SECONDS):
                await act()
        except (RedisError, OSError, builtins.TimeoutError) as error:
            self._away_until = monotonic() + AWAY_SECONDS
            log.warning("broker.unreachable", during=what, error=type(error).__name__, **about)
            return False
        finally:
            self._asking.discard(asking)
            if not self._asking:
                self._silence.set()
        return True

    async def news(self) -> AsyncGenerator[int, None]:
        """The ids of changed jobs, for ever; reconnects by itself and may miss some meanwhile."""
        while True:
            try:
                pool = await self._open()
                async with pool.pubsub() as channel:
                    await channel.subscribe(NEWS)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            yield int(message["data"])
            except (RedisError, OSError) as error:
                log.warning("broker.unreachable", during="news", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def ping(self) -> bool:
        async def ping() -> None:
            await (await self._open()).ping()

        return await self._try("ping", ping)

    async def close(self) -> None:
        # Or a bell that is late, or tried again, would connect anew, and nobody would close that.
        self._away_until = math.inf
        await self._silence.wait()  # RING_SECONDS at most
        if self._pool is not None:
            await self._pool.aclose()
