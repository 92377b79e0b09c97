"""All that is somebody's, as zip files: their clips as they are, and what every table holds of them.

Which tables these are is in ``db.yours``. Rows are read and written a few at a time, files are copied in
a thread; nothing of it is held in memory.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import structlog

from bot import exported_rows as rows
from bot import kept
from bot.exported_rows import File
from db import forgetting
from db.media import Media, StoreTrouble
from db.session import Db
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused

STEM = "everything-of-yours"
MOST_PARTS = 10
PER_FILE, REST = 512, 2**16
"""Bytes that a zip takes for each file beside its content, and for all else."""
LEFT_BEHIND_SECONDS = 3600.0
"""No export takes this long: what is older was left by a process that was killed."""
BUSY = "What is yours is being put together already; it comes in a moment."
TOO_MUCH = "That is more than this place takes. A host can put it together for you: sora export."
README = """This is all that the studio has of you.

Each table is here twice, as JSON and as CSV; times are in UTC. In CSV, text that a spreadsheet would take
for a formula has an apostrophe before it. What others did with your jobs has no detail, and no machine is
named: what they said, and whose worker it was, is theirs.

{files}

clips/      your clips, as they are stored, with their Content Credentials
pictures/   the pictures that you gave
"""
MISSING = """
Not in here, because they are gone, or too large for the place that this came to:

{files}
"""


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Export:
    """Zip files, each complete in itself; they are gone when whoever asked for them is done."""

    parts: tuple[Path, ...]
    left_out: tuple[str, ...] = ()
    """Files that are in none, because they are too large, too many, or gone."""


@dataclass(slots=True)
class Exporter:
    """One per room and process."""

    db: Db
    media: Media
    _busy: set[int] = field(default_factory=set)

    @asynccontextmanager
    async def of(self, person: Person, limit: int | None = None) -> AsyncIterator[Export]:
        """Put all that is theirs into zips of at most ``limit`` bytes, or into one.

        Raises ``Refused`` while that is being done already, and where even the words don't fit.
        """
        async with self.db.read() as s:
            person_id = (await as_now(s, person)).id
        if person_id in self._busy:
            raise Refused(BUSY)
        self._busy.add(person_id)
        try:
            folder = await asyncio.to_thread(self._folder)
            try:
                yield await self._put_together(person_id, folder, limit)
            except StoreTrouble as error:
                log.warning("store.away", why=str(error))
                raise Refused(kept.AWAY) from error
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        finally:
            self._busy.discard(person_id)

    def _folder(self) -> Path:
        home = self.media.folder.parent / "exports"
        home.mkdir(parents=True, exist_ok=True)
        for old in home.iterdir():
            with suppress(FileNotFoundError):  # another process cleans up, too
                if old.stat().st_mtime < time.time() - LEFT_BEHIND_SECONDS:
                    shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=home))

    async def _put_together(self, person_id: int, folder: Path, limit: int | None) -> Export:
        first = folder / f"{STEM}.zip"
        with ZipFile(first, "w", ZIP_DEFLATED) as archive:
            async with self.db.read() as s:
                who = await forgetting.whose(s, person_id)
                said = [await _write(archive, table) async for table in rows.tables(s, who)]
                files = await rows.files(s, who, self.media)
        taken = first.stat().st_size + REST
        if limit is not None and taken > limit:
            raise Refused(TOO_MUCH)
        there = [file for file in files if file.bytes is not None]
        plan, left_out = packed(there, limit, taken)
        gone = [file.name for file in files if file.bytes is None]
        parts = []
        for number, packs in enumerate(plan, start=1):
            parts.append(folder / f"{STEM}{f'-{number}' if number > 1 else ''}.zip")
            gone += await self._add(parts[-1], packs)
        missing = (*gone, *(file.name for file in left_out))
        about = README.format(files="\n".join(filter(None, said)))
        about += MISSING.format(files="\n".join(missing)) if missing else ""
        await asyncio.to_thread(_explain, first, about)
        return Export(tuple(parts), missing)

    async def _add(self, archive: Path, files: Sequence[File]) -> list[str]:
        """Videos and pictures are as small as they get. The names of those that went meanwhile."""
        gone = []
        with ZipFile(archive, "a", ZIP_STORED) as opened:
            for file in files:
                await self.media.bring(file.path)
                try:
                    await asyncio.to_thread(opened.write, file.path, file.name)
                except FileNotFoundError:
                    gone.append(file.name)
        return gone


def packed(
    files: Sequence[File], limit: int | None, taken: int
) -> tuple[list[list[File]], list[File]]:
    """Which files go into which zip, and those that go into none; ``taken``: bytes of the first."""
    plan: list[list[File]] = [[]]
    if limit is None:
        return [list(files)], []
    left_out = []
    for file in files:
        takes = (file.bytes or 0) + PER_FILE
        if takes + REST > limit:
            left_out.append(file)
        elif taken + takes <= limit:
            plan[-1].append(file)
            taken += takes
        elif len(plan) < MOST_PARTS:
            plan.append([file])
            taken = REST + takes
        else:
            left_out.append(file)
    return plan, left_out


def _explain(archive: Path, about: str) -> None:
    with ZipFile(archive, "a", ZIP_DEFLATED) as opened:
        opened.writestr("README.txt", about)


async def _write(archive: ZipFile, table: rows.TableOfTheirs) -> str:
    """Write it in both forms; its line in the README, empty where it has no rows."""
    for kind, encoded in (("json", rows.as_json), ("csv", rows.as_csv)):
        pieces = encoded(table.read())
        piece = await anext(pieces, None)
        if piece is None:
            return ""
        named = ZipInfo(f"{table.name}.{kind}", time.localtime()[:6])
        named.compress_type = ZIP_DEFLATED
        with archive.open(named, "w") as entry:
            while piece is not None:
                await asyncio.to_thread(entry.write, piece.encode())
                piece = await anext(pieces, None)
    return f"{table.name:<14}{table.about}"
