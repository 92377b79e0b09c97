"""Holding on to a claimed job while it is rendered: the heartbeat, and the progress it carries."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog

from db import clips, renders
from db.broker import Broker
from db.media import Media
from db.models import Job
from db.session import Db
from gen.rendered import Step

BEAT_SECONDS = renders.LEASE.total_seconds() / 3
PROGRESS_SECONDS = 0.5
PREVIEW_SECONDS = 3.0

log = structlog.get_logger()


class Holding(ABC):
    """Inside ``async with`` the render's progress is told, and that it goes on."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._stepped = asyncio.Event()
        self._beating = asyncio.Lock()

    @abstractmethod
    async def beat(self, step: Step | None) -> None:
        """Say that it goes on, and how far it is if that is new."""

    def on_step(self, step: Step) -> None:
        """Note how far the render is; it is shown twice a second at most."""
        if step.preview is None and self._step is not None:
            step = Step(step.done, step.total, self._step.preview)
        self._step = step
        self._stepped.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._hold())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        async with self._beating:  # a transaction that is cancelled costs its connection
            self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _hold(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._stepped.wait()
            self._stepped.clear()
            try:
                async with self._beating:
                    step, self._step = self._step, None
                    await self.beat(step)
            except Exception:  # the lease outlives two beats; after that another worker has the job
                log.exception("lease.not_renewed")
            await asyncio.sleep(PROGRESS_SECONDS)


class Lease(Holding):
    """Inside ``async with`` the job stays ours; ``lost`` is called for as long as it isn't."""

    def __init__(
        self, job: Job, db: Db, broker: Broker, media: Media, lost: Callable[[], None]
    ) -> None:
        super().__init__()
        self.preview_key = job.preview_key
        """The latest preview, which is nobody's once the render is over."""
        self._job = job
        self._db = db
        self._broker = broker
        self._media = media
        self._lost = lost

    async def beat(self, step: Step | None) -> None:
        job, old = self._job, self.preview_key
        values: dict[str, Any] = {}
        if step is not None:
            values["step"] = step.done * job.steps // max(step.total, 1)
            self.preview_key = values["preview_key"] = await self._stored(step) or old
        async with self._db.begin() as s:
            held = await renders.hold(s, job.id, job.attempt, **values)
            if held and old != self.preview_key:
                await clips.discard_unused(s, self._media, [old])
        if not held:
            self._lost()
        elif values:
            await self._broker.spread(job.id)

    async def _stored(self, step: Step) -> str | None:
        if step.preview is None:
            return None
        try:
            async with asyncio.timeout(PREVIEW_SECONDS):  # the lease can't wait for it
                return await self._media.put(step.preview)
        except OSError as error:
            log.warning("preview.not_stored", error=type(error).__name__)
            return None
