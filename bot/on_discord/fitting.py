"""Clips made to fit a limit of bytes: once each, one after the other, and beside all else."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from importlib.util import find_spec
from pathlib import Path

import structlog

from bot.children import python
from db.media import Media

PATIENCE_SECONDS = 10.0
"""A card waits so long for its clips; then it goes out with their small forms."""
FIT_SECONDS = 600.0
FAILED_SECONDS = 3600.0
"""What couldn't be made isn't tried again for so long."""
MOST_FAILED = 1000
ON_ITS_WAY_SECONDS = 30.0
"""For so long a card may still be on its way with a small form, and must not be repainted yet."""

Wanted = tuple[str, int]
"""A clip's key, and the limit."""

log = structlog.get_logger()


class Lack(Enum):
    """Why a clip has no form that fits."""

    GONE = auto()
    """The clip's own file isn't there."""
    NOT_YET = auto()
    NEVER = auto()


class Fitting:
    """One per client; ``news`` is told a job whose clips were waited for in vain and are there now."""

    def __init__(self, media: Media, news: Callable[[int], Awaitable[None]]) -> None:
        self._media = media
        self._news = news
        self._making: dict[Wanted, asyncio.Task[Path | None]] = {}
        self._left: dict[Wanted, set[int]] = {}
        self._failed: dict[Wanted, float] = {}
        self._telling: set[asyncio.Task[None]] = set()
        # One encoding takes all cores of a small machine.
        self._turn = asyncio.Lock()

    async def form(self, key: str, limit: int, job_id: int) -> Path | Lack:
        """The clip in at most ``limit`` bytes. It waits a little for one that is still to be made."""
        whole = self._media.path(key)
        size = await size_of(self._media, whole)
        if size is None:
            return Lack.GONE
        if size <= limit:
            return whole
        form = self._media.form(key, limit)
        if await self._media.bring(form):
            return form
        wanted = (key, limit)
        if wanted not in self._making:
            if find_spec("av") is None or self._has_failed(wanted):
                return Lack.NEVER
            self._making[wanted] = asyncio.create_task(self._make(wanted))
        making = self._making[wanted]
        done, _ = await asyncio.wait([making], timeout=PATIENCE_SECONDS)
        if not done:
            self._left.setdefault(wanted, set()).add(job_id)
            return Lack.NOT_YET
        return making.result() or Lack.NEVER

    async def _make(self, wanted: Wanted) -> Path | None:
        key, limit = wanted
        made = None
        try:
            async with self._turn:
                made = await _fitted(self._media.path(key), limit, self._media.fitted)
                if made is not None and made.parent == self._media.fitted:
                    await self._media.share(made)
        except OSError:
            log.exception("clip.does_not_fit", limit=limit)
        finally:
            del self._making[wanted]
            if made is None:
                self._note_failed(wanted)
        if jobs := self._left.pop(wanted, None):
            task = asyncio.create_task(self._tell(jobs))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        return made

    async def _tell(self, jobs: set[int]) -> None:
        await asyncio.sleep(ON_ITS_WAY_SECONDS)
        for job_id in jobs:
            try:
                await self._news(job_id)
            except Exception:
                # The card keeps its small form until it is repainted for another reason.
                log.exception("clip.not_brought", job=job_id)

    def _has_failed(self, wanted: Wanted) -> bool:
        since = self._failed.get(wanted)
        return since is not None and _now() - since < FAILED_SECONDS

    def _note_failed(self, wanted: Wanted) -> None:
        self._failed.pop(wanted, None)
        self._failed[wanted] = _now()
        if len(self._failed) > MOST_FAILED:
            del self._failed[next(iter(self._failed))]


async def size_of(media: Media, file: Path) -> int | None:
    """In bytes, of a file that is there now; None where the store has none."""
    return await media.size(file) if await media.bring(file) else None


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _fitted(whole: Path, limit: int, folder: Path) -> Path | None:
    """Made by the renderer's side, in a process of its own."""
    command = python("gen.ladder", str(whole), str(limit), str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(FIT_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        log.warning("clip.fits_too_slowly", limit=limit)
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        log.warning("clip.does_not_fit", limit=limit, why=err.decode(errors="replace")[-200:])
        return None
    return Path(out.decode().strip())
