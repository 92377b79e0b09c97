"""Stored clips are signed again when what their files must say has changed.

The bell says which clip; whatever it loses is found in the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, credentials, jobs
from db.credentials import Said
from db.media import Media, StoreTrouble
from db.models import Clip, Job
from db.session import Db, one_at_a_time
from db.states import Status
from gen.catalogue import Catalogue
from gen.claims import Model, bring_parents, claim_of, made_at, model_of
from gen.credentials import CannotSign, Claim, signed
from gen.signing_key import SigningKey
from gen.trouble import is_full

GLANCE_SECONDS = 30.0
"""A worker looks for clips to be signed this often even if no bell rings."""

log = structlog.get_logger()


async def sign(ctx: dict[str, Any], job_id: int, number: int) -> None:
    """The task behind the bell."""
    resigner: Resigner = ctx["who"]
    await resigner.sign(job_id, number)


class Resigner:
    """Signs what is stored; any number of them may run, on the same clips."""

    def __init__(
        self, db: Db, media: Media, key: SigningKey, catalogue: Catalogue, scratch: Path
    ) -> None:
        self._db = db
        self._media = media
        self._key = key
        self._catalogue = catalogue
        self._scratch = scratch
        self._hopeless: set[str] = set()

    async def run(self) -> None:
        """Sign whatever isn't signed, for ever."""
        while True:
            try:
                await self.all()
            except Exception:  # the database is away, say; renders go on, and it is tried again
                log.exception("clips.not_signed")
            await asyncio.sleep(GLANCE_SECONDS)

    async def all(self) -> None:
        """Sign every clip that isn't, each once."""
        last = (0, 0)
        while True:
            async with self._db.read() as s:
                found = await clips.unsigned(s, last)
            for last in found:
                await self.sign(*last)
            if not found:
                return

    async def sign(self, job_id: int, number: int) -> bool:
        """Have a clip's file say what it must by now; whether it does, whoever signed it.

        False also while a render reads the file, which then has to stay. The clip remains marked.
        """
        async with self._db.read() as s:
            job, clip = await jobs.get(s, job_id), await clips.get(s, job_id, number)
            if job is None or clip is None or clip.signed or job.status is Status.WITHDRAWN:
                return clip is not None and clip.signed
            file = self._media.path(clip.video_key)
            if file.name in self._hopeless:
                return False
            try:
                await self._media.bring(file)
            except OSError as error:
                return self._not_signed(clip, error)
            said = await asyncio.to_thread(_said, file)
            model = await model_of(s, job, self._catalogue.get(job.model), said)
            claim = await claim_of(s, self._media, job, number, model)
        try:
            key, size = await self._store(file, claim, job, said)
        except (CannotSign, OSError) as error:
            return self._not_signed(clip, error)
        async with self._db.begin() as s:
            replaced = await self._replace(s, clip, claim, model, key, size)
        # After the commit: a file that is still needed when a transaction fails must be there.
        async with self._db.begin() as s:
            await clips.discard_unused(s, self._media, [clip.video_key, key])
        log.info("clip.signed" if replaced else "clip.signed_in_vain", job=job_id, clip=number)
        return replaced

    def _not_signed(self, clip: Clip, error: Exception) -> bool:
        """It is tried again if the disk was full or the store away."""
        if not (is_full(error) or isinstance(error, StoreTrouble)):
            self._hopeless.add(clip.video_key)
        where = {"job": clip.job_id, "clip": clip.number}
        log.error("clip.not_signed", error=type(error).__name__, **where)
        return False

    async def _store(
        self, file: Path, claim: Claim, job: Job, said: Said | None
    ) -> tuple[str, int]:
        """The key and the size of a copy that says this."""
        with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as name:
            copy = Path(name) / "clip.mp4"
            await bring_parents(self._media, [claim])
            await asyncio.to_thread(_sign, file, copy, claim, self._key, made_at(job, said))
            return await self._media.put(copy), copy.stat().st_size

    async def _replace(
        self, s: AsyncSession, clip: Clip, claim: Claim, model: Model, key: str, size: int
    ) -> bool:
        await one_at_a_time(s, "claim")  # no render begins meanwhile: it may read the file
        job = await jobs.get(s, clip.job_id, lock=True)
        if job is None or await clips.being_read(s, clip.job_id, clip.number):
            return False
        if await claim_of(s, self._media, job, clip.number, model) != claim:
            return False  # it has changed again, and will be found again
        if not await clips.replace_video(s, clip, key, size):
            return False
        await clips.unsign_children(s, clip.job_id, clip.number)
        return True


def _said(file: Path) -> Said | None:
    try:
        return credentials.read(file)
    except credentials.NoCredentials:
        return None


def _sign(file: Path, copy: Path, claim: Claim, key: SigningKey, at: datetime | None) -> None:
    video = file.read_bytes()
    if hashlib.sha256(video).hexdigest() != file.stem:
        raise CannotSign("It isn't what was stored: signing it would say that it is.")
    copy.write_bytes(signed(video, claim, key, at))
