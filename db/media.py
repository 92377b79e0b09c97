"""The media store: files named by the hash of their content, in a local folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

PARTIAL = ".partial-"
PARTIAL_SECONDS = 3600
"""No put takes this long: what is older was left by a process that was killed."""
KEY = re.compile(r"[0-9a-f]{64}\.(mp4|jpg|png|webp)")


def form_name(content: str, limit: int) -> str:
    """What the form of a clip that fits so many bytes is called; ``content``: the clip's hash."""
    return f"{content}-{limit}.mp4"


class Media:
    """Puts are atomic: a file is either whole under its key, or not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, source: Path) -> str:
        """Store a file by its content and return its key. Raises ``OSError`` when the disk is full."""
        return await asyncio.to_thread(self._put, source)

    async def discard(self, key: str) -> None:
        """Remove a file and every form of it that was made to fit a limit."""
        await asyncio.to_thread(self._discard, key)

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
        """Where a key's bytes are. Raises ``ValueError`` for what is no key."""
        if not KEY.fullmatch(key):
            raise ValueError(f"not a media key: {key!r}")
        return self.folder / key[:2] / key

    def tidy(self) -> None:
        """Remove what killed processes left half-written."""
        for partial in self.folder.glob(f"*/{PARTIAL}*"):
            if partial.stat().st_mtime < time.time() - PARTIAL_SECONDS:
                partial.unlink(missing_ok=True)

    def _discard(self, key: str) -> None:
        path = self.path(key)
        path.unlink(missing_ok=True)
        for form in self.fitted.glob(f"{path.stem}-*"):
            form.unlink(missing_ok=True)

    def _put(self, source: Path) -> str:
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        target = self.path(f"{digest}{source.suffix}")
        if target.exists():
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
