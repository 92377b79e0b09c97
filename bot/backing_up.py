"""A backup of a studio: one zip of its rows, its media and what its clips are signed with.

It is made while the studio runs: the rows are those of one moment, and files are named by their
content, so that none of them changes meanwhile. It holds all that the data folder holds, the key and the
tokens of chat too; nobody but its owner may read it.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pydantic import TypeAdapter
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from bot.trouble import Trouble
from db import backup, books, migrate, record
from db.media import KEY, media_of
from db.session import Db, of_one_moment
from db.settings import StoreSettings

FORMAT = 1
CONTENTS = "contents.json"
OWNERS = 0o600
CHUNK = 1 << 20
UNREADABLE = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What a zip shows itself as that is cut, encrypted, or packed in a way that nobody here knows."""
NO_NAMES = frozenset({"", ".", ".."})
Said = Callable[[str, int], None]
"""Told of each part that is done, with how much there was of it."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself."""

    format: int
    revision: str
    """Of the database that it was made from."""
    columns: dict[str, list[str]]
    """Table -> what each of its rows consists of."""
    counts: dict[str, int]
    record: tuple[int, str]
    """Number and hash of the newest entry."""
    ledger: tuple[int, str]
    files: int


async def make(db: Db, settings: StoreSettings, out: Path, said: Said) -> Contents:
    """Write a backup; ``out`` is there once it is whole. Raises ``OSError`` when the disk is full."""
    partial = out.with_name(f".{out.name}.partial")
    try:
        with os.fdopen(
            os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNERS), "w+b"
        ) as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                contents = await _write(db, settings, archive, said)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    return contents


async def _write(db: Db, settings: StoreSettings, archive: ZipFile, said: Said) -> Contents:
    """Files before the rows and again after them: what a row names may be replaced meanwhile."""
    counts: dict[str, int] = {}
    _add_files(settings, archive)
    async with db.read() as s:
        await of_one_moment(s)
        entry, booked = await record.head(s), await books.head(s)
        for table in backup.tables():
            counts[table.name] = 0
            with archive.open(_rows_of(table.name), "w", force_zip64=True) as member:
                async for line in backup.rows(s, table):
                    member.write(f"{line}\n".encode())
                    counts[table.name] += 1
            said(table.name, counts[table.name])
    _add_files(settings, archive)
    files = len(archive.namelist()) - len(counts)
    said("files", files)
    columns = {table.name: list(table.columns.keys()) for table in backup.tables()}
    revision = str(migrate.newest())
    contents = Contents(FORMAT, revision, columns, counts, (entry.seq, entry.hash), booked, files)
    archive.writestr(CONTENTS, json.dumps(asdict(contents), indent=1))
    return contents


def _add_files(settings: StoreSettings, archive: ZipFile) -> None:
    """Those that aren't in it yet."""
    known = set(archive.namelist())
    for name, path in _files(settings):
        if name not in known:
            with suppress(FileNotFoundError):  # its clip was withdrawn just now
                archive.write(path, name, ZIP_STORED if name.startswith("media/") else ZIP_DEFLATED)


def _rows_of(table: str) -> str:
    return f"rows/{table}.jsonl"


def _files(settings: StoreSettings) -> Iterator[tuple[str, Path]]:
    """The name in the archive and the file, of each clip, picture and key; a bucket's media stay there."""
    if settings.media_url is None:
        for path in sorted(settings.media.glob("*/*")):
            if KEY.fullmatch(path.name):
                yield f"media/{path.name}", path
    for path in sorted(settings.credentials.glob("*")):
        if path.is_file():
            yield f"credentials/{path.name}", path


# ── and back ─────────────────────────────────────────────────────────────────────────────


class Archive:
    """The rows of a backup."""

    def __init__(self, archive: ZipFile, contents: Contents) -> None:
        self._archive = archive
        self._contents = contents

    def columns(self, table: str) -> Sequence[str]:
        return self._contents.columns.get(table, [])

    def rows(self, table: str) -> Iterator[list[Any]]:
        if table in self._contents.columns:
            with self._archive.open(_rows_of(table)) as member:
                for line in member:
                    yield json.loads(line)


async def restore(settings: StoreSettings, source: Path, said: Said) -> Contents:
    """Put a backup into the data folder and the empty database that are set.

    Raises ``Trouble`` for a file that is no backup or is damaged, and where something is already.
    """
    with _opened(source) as archive:
        contents = _contents(archive)
        if damaged := _damaged(archive):
            raise Trouble(f"{source} is damaged at {damaged}; take another backup.")
        with _sentences(archive):
            await backup.insist_on_empty(settings.database)
            # Files first: a studio without them would be taken for a whole one.
            said("files", await _extract(settings, archive))
            rows = Archive(archive, contents)
            await backup.load(settings.database, contents.revision, rows, said)
    await _insist_on_all_of_it(settings, contents)
    return contents


def _opened(source: Path) -> ZipFile:
    try:
        return ZipFile(source)
    except UNREADABLE:
        raise Trouble(f"{source} isn't a whole backup of a studio.") from None


def _damaged(archive: ZipFile) -> str | None:
    """The first member that isn't as it was written."""
    for name in archive.namelist():
        try:
            with archive.open(name) as member:
                while member.read(CHUNK):
                    pass
        except UNREADABLE:
            return name
    return None


def _contents(archive: ZipFile) -> Contents:
    try:
        found = json.loads(archive.read(CONTENTS))
        contents = TypeAdapter(Contents).validate_python(found)
    except (KeyError, TypeError, ValueError, *UNREADABLE):  # of deep JSON, too
        raise Trouble(f"{archive.filename} isn't a backup of a studio.") from None
    if contents.format != FORMAT:
        raise Trouble(f"{archive.filename} was made by a later version; update the studio first.")
    return contents


@contextmanager
def _sentences(archive: ZipFile) -> Iterator[None]:
    try:
        yield
    except backup.NotEmpty:
        raise Trouble(
            "There is a studio in this database already; a backup goes into an empty one."
        ) from None
    except backup.FromLater:
        raise Trouble(
            f"{archive.filename} was made by a later version; update the studio first."
        ) from None
    except (OperationalError, InterfaceError, ConnectionError):
        raise  # it is the database that is in trouble, not the backup
    except (LookupError, TypeError, ValueError, SQLAlchemyError) as error:
        raise Trouble(f"What is in {archive.filename} is no studio's; take another.") from error


async def _extract(settings: StoreSettings, archive: ZipFile) -> int:
    """Put the files in their places, each whole or not at all; how many there were."""
    media, count = media_of(settings), 0
    for member in archive.infolist():
        folder, _, name = member.filename.partition("/")
        if folder == "media" and KEY.fullmatch(name):
            _place(archive, member, media.path(name))
            await media.share(media.path(name))
        elif folder == "credentials" and name not in NO_NAMES and "/" not in name:
            _place(archive, member, settings.credentials / name, OWNERS)
        else:
            continue
        count += 1
    return count


def _place(archive: ZipFile, member: ZipInfo, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    with archive.open(member) as source, partial.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    partial.chmod(mode)
    os.replace(partial, target)


async def _insist_on_all_of_it(settings: StoreSettings, contents: Contents) -> None:
    db = Db(settings.database)
    try:
        async with db.read() as s:
            entry, booked = await record.head(s), await books.head(s)
    finally:
        await db.close()
    if ((entry.seq, entry.hash), booked) != (tuple(contents.record), tuple(contents.ledger)):
        raise Trouble("The record or the ledger that was put in isn't the one of the backup.")
