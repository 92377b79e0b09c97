"""The media store: files named by the hash of their content, in a local folder or in a bucket.

Whoever needs bytes needs a file: players seek in it, encoders and signers open it by its path. So a
bucket has a folder of copies before it, and code asks for a path either way: ``bring`` has it there.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from db.bucket import Bucket
    from db.settings import StoreSettings

PARTIAL = ".partial-"
PARTIAL_SECONDS = 3600
"""No put takes this long: what is older was left by a process that was killed."""
KEY = re.compile(r"[0-9a-f]{64}\.(mp4|jpg|png|webp)")
TIDY_SECONDS = 60.0
LOW_DISK_BYTES = 2 * 10**9
"""Of less than this that is free hosts are warned."""
IN_USE_SECONDS = 3600
"""A copy that was asked for so lately may still be read, and stays however full the folder is."""
UNUSED_SECONDS = 24 * 3600
"""A copy that nobody asked for so long goes, so that none outlives what was withdrawn by more."""

log = structlog.get_logger()


class StoreTrouble(OSError):
    """The bucket can't be reached or used now; the message is one sentence, and shows no secret."""


class Damaged(OSError):
    """What the bucket has isn't what was stored; to wait for it would help nobody."""


def form_name(content: str, limit: int) -> str:
    """What the form of a clip that fits so many bytes is called; ``content``: the clip's hash."""
    return f"{content}-{limit}.mp4"


def media_of(settings: StoreSettings) -> Media:
    """The store that a host has named: the data folder, or a bucket with copies in the data folder."""
    if settings.media_url is None:
        return Media(settings.media)
    from db.bucket import bucket_of  # whoever has no bucket needn't load what speaks to one

    return Media(settings.copies, bucket_of(settings), int(settings.media_copies_gb * 10**9))


class Media:
    """Puts are atomic: a file is either whole under its key, or not there.

    What speaks to a bucket raises ``StoreTrouble`` when that can't be reached or used.
    """

    def __init__(self, folder: Path, bucket: Bucket | None = None, copies: int = 10**10) -> None:
        """``folder`` is the store itself, or holds at most about ``copies`` bytes of a bucket's files."""
        self.folder = folder
        self.bucket = bucket
        self._copies = copies
        self._coming: dict[Path, asyncio.Task[bool]] = {}

    async def put(self, source: Path) -> str:
        """Store a file by its content and return its key. Raises ``OSError`` when the disk is full."""
        key = await asyncio.to_thread(self._put, source)
        await self.share(self.path(key))
        return key

    async def key_of(self, source: Path) -> str:
        """The key that a file has, or would have once it is put."""
        return await asyncio.to_thread(_key_of, source)

    async def share(self, path: Path) -> None:
        """Have others find what was written into this folder, such as a form of a clip."""
        if self.bucket is not None:
            await self.bucket.put(self._name(path), path)

    async def bring(self, path: Path) -> Path | None:
        """This path of the store, now that its file is there; None where the store has none."""
        if await asyncio.to_thread(self._is_there, path):
            return path
        if self.bucket is None:
            return None
        if path not in self._coming:  # else it is just being brought for somebody else
            coming = asyncio.create_task(self.bucket.get(self._name(path), path, _digest(path)))
            self._coming[path] = coming
            coming.add_done_callback(lambda _: self._coming.pop(path, None))
        return path if await asyncio.shield(self._coming[path]) else None

    async def size(self, path: Path) -> int | None:
        """Of a file of the store, in bytes, without bringing it; None where there is none."""
        size = await asyncio.to_thread(_size, path)
        if size is None and self.bucket is not None:
            return await self.bucket.size(self._name(path))
        return size

    async def taken(self) -> int:
        """The bytes of all that is stored."""
        if self.bucket is not None:
            return await self.bucket.taken()
        files = self.folder.glob("*/*")
        return await asyncio.to_thread(lambda: sum(_size(file) or 0 for file in files))

    async def free(self) -> int:
        """The bytes that are free on the disk of the folder."""
        place = next(one for one in (self.folder, *self.folder.parents) if one.exists())
        return (await asyncio.to_thread(shutil.disk_usage, place)).free

    async def discard(self, key: str) -> None:
        """Remove a file and every form of it that was made to fit a limit."""
        await asyncio.to_thread(self._discard, key)
        if self.bucket is not None:
            path = self.path(key)
            forms = await self.bucket.names(f"{self.fitted.name}/{path.stem}")
            await self.bucket.remove([self._name(path), *forms])

    @property
    def fitted(self) -> Path:
        """Where forms of clips that fit a limit are kept, each named by its clip's hash first."""
        return self.folder / "fitted"

    def form(self, key: str, limit: int) -> Path:
        """Where the form of a clip is that fits so many bytes, once somebody has made it."""
        return self.fitted / form_name(self.path(key).stem, limit)

    def grey(self, key: str) -> Path:
        """Where a poster is kept small and grey, for whoever has to look at many; goes with it."""
        return self.fitted / f"{self.path(key).stem}-grey.jpg"

    def path(self, key: str) -> Path:
        """Where a key's bytes are, once they are brought. Raises ``ValueError`` for what is no key."""
        if not KEY.fullmatch(key):
            raise ValueError(f"not a media key: {key!r}")
        return self.folder / key[:2] / key

    async def tend(self) -> None:
        """Keep the folder tidy, for ever."""
        while True:
            try:
                await asyncio.to_thread(self.tidy)
            except OSError as error:
                log.warning("media.untidy", error=type(error).__name__)
            await asyncio.sleep(TIDY_SECONDS)

    def tidy(self) -> None:
        """Remove what killed processes left half-written, and copies that are old or too many."""
        for partial in self.folder.glob(f"*/{PARTIAL}*"):
            if _age(partial) > PARTIAL_SECONDS:
                partial.unlink(missing_ok=True)
        if self.bucket is not None:
            self._trim()

    def _trim(self) -> None:
        """The one that was asked for longest ago goes first."""
        found = [path for path in self.folder.glob("*/[!.]*") if path.is_file()]
        ages = sorted(((_age(path), path) for path in found), reverse=True)
        taken = sum(_size(path) or 0 for path in found)
        for age, path in ages:
            if age > UNUSED_SECONDS or (taken > self._copies and age > IN_USE_SECONDS):
                taken -= _size(path) or 0
                path.unlink(missing_ok=True)

    def _name(self, path: Path) -> str:
        """What a file is called in a bucket, where forms are found by what they are made from."""
        if path.parent == self.fitted:
            return f"{self.fitted.name}/{path.name.replace('-', '/', 1)}"
        return path.relative_to(self.folder).as_posix()

    def _is_there(self, path: Path) -> bool:
        if self.bucket is None:
            return path.is_file()
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _discard(self, key: str) -> None:
        path = self.path(key)
        path.unlink(missing_ok=True)
        for form in self.fitted.glob(f"{path.stem}-*"):
            form.unlink(missing_ok=True)

    def _put(self, source: Path) -> str:
        target = self.path(_key_of(source))
        if self._is_there(target):
            return target.name
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=PARTIAL)
        try:
            with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
                shutil.copyfileobj(file, copy)
                copy.flush()
                os.fsync(copy.fileno())
            os.replace(partial, target)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        return target.name


def _key_of(source: Path) -> str:
    with source.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}{source.suffix}"


def _digest(path: Path) -> str:
    """What the content's hash must be; empty for a form, whose name tells what it was made from."""
    return path.stem if KEY.fullmatch(path.name) else ""


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _age(path: Path) -> float:
    """In seconds since it was written or asked for; 0 for what is gone meanwhile."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
