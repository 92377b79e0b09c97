"""Storing what a render made, and having there what it is made from, however long the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeVar

import structlog

from db import clips, jobs, renders
from db.broker import Broker
from db.media import Media, StoreTrouble
from db.models import Clip, Job
from db.session import Db
from db.states import Status
from gen import greyed
from gen.engines.base import Stopped
from gen.rendered import Made, Rendered

PAUSE_SECONDS = 5.0
WAITS = "The store of clips can't be reached just now; it goes on as soon as it is there again."

T = TypeVar("T")

log = structlog.get_logger()


class Keeper:
    """A render that waits for its store isn't made twice; inside its lease it stays its worker's."""

    def __init__(self, db: Db, broker: Broker, media: Media) -> None:
        self._db = db
        self._broker = broker
        self._media = media

    async def patiently(self, job: Job, work: Callable[[], Awaitable[T]]) -> T:
        """Do this, again and again while the store is away, which the job's card says meanwhile.

        Raises ``Stopped`` when the job isn't wanted any more.
        """
        waited = False
        while True:
            try:
                done = await work()
            except StoreTrouble as error:
                log.warning("store.away", why=str(error))
                await self._say(job, WAITS)
                waited = True
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if waited:
                await self._say(job)
            return done

    async def _say(self, job: Job, *notes: str) -> None:
        async with self._db.begin() as s:
            held = await renders.hold(s, job.id, job.attempt, notes=list(notes))
        if not held:
            raise Stopped
        await self._broker.spread(job.id)

    async def store(self, job: Job, rendered: Rendered, stored: list[str]) -> list[Clip]:
        """The rows of what was made. Names in ``stored`` what is in the store, also when it fails.

        Raises ``OSError`` when the disk is full.
        """
        return [
            await self._clip(job, number, clip, stored)
            for number, clip in enumerate(rendered.clips, start=1)
        ]

    async def put_back(self, job: Job, why: str = "the worker stopped") -> None:
        """It goes back into the line."""
        async with self._db.begin() as s:
            put_back = await renders.put_back(s, job.id, job.attempt, why)
        log.info("render.put_back", done=put_back)
        if put_back:
            await self._broker.ring(job.id, job.attempt)
            await self._broker.spread(job.id)

    async def discard(self, job: Job, keys: Collection[str]) -> None:
        """Remove what this attempt stored for nothing.

        Another attempt at the same job makes the same files, so while there may be one they stay; the
        lock keeps it from being claimed meanwhile.
        """
        async with self._db.begin() as s:
            now = await jobs.get(s, job.id, lock=True)
            if now is not None and now.status in (Status.QUEUED, Status.RENDERING):
                return
            await clips.discard_unused(s, self._media, keys)

    async def _clip(self, job: Job, number: int, clip: Made, stored: list[str]) -> Clip:
        keys = []
        for file in (clip.video, clip.poster, clip.preview):
            # Another attempt may have made the same, and nobody wanted it then.
            await clips.keep(self._db, self._media, await self._media.key_of(file))
            keys.append(await self.patiently(job, partial(self._media.put, file)))
            stored.append(keys[-1])
        video, poster, preview = keys
        await self._grey(poster)
        return Clip(
            job_id=job.id,
            number=number,
            seed=clip.seed,
            video_key=video,
            poster_key=poster,
            preview_key=preview,
            bytes=clip.video.stat().st_size,
            signed=clip.signed,
            hashes=list(clip.hashes),
            marks=clip.marks,
        )

    async def _grey(self, poster: str) -> None:
        """A clip without it is a clip; moderators then see the clip alone."""
        grey = self._media.grey(poster)
        try:
            await asyncio.to_thread(greyed.still, self._media.path(poster), grey)
            await self._media.share(grey)
        except OSError as error:
            log.warning("poster.not_greyed", why=str(error))
