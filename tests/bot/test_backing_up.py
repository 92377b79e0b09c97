"""A backup holds all that there is, and a studio that lost everything is itself again."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from bot import backing_up, verifying
from bot.trouble import Trouble
from db import migrate
from db.backup import PASSING
from db.models import Person, WebSession
from db.session import Db
from db.settings import StoreSettings
from moderation.audit import audit
from tests.support.leaver import Leaver, everything, somebody

Settings = Callable[[str, str], StoreSettings]


def quiet(_part: str, _count: int) -> None:
    pass


async def kept(db: Db) -> dict[str, object]:
    """All rows but who was signed in."""
    return {name: rows for name, rows in (await everything(db)).items() if name not in PASSING}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    def at(name: str, url: str) -> StoreSettings:
        return StoreSettings(_env_file=None, data=tmp_path / name, database_url=url)

    return at


@pytest.fixture
async def full(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Leaver]:
    """A studio in which every table has a row."""
    key = tmp_path / "old" / "credentials" / "key.pem"
    key.parent.mkdir(parents=True)
    async with somebody(sqlite_url, tmp_path / "old") as made:
        key.write_text("secret")
        yield made


async def backed_up(full: Leaver, settings: Settings, tmp_path: Path) -> Path:
    out = tmp_path / "backup.zip"
    await backing_up.make(full.db, settings("old", full.db.url), out, quiet)
    return out


async def test_what_was_lost_is_back_on_either_database(
    full: Leaver, settings: Settings, tmp_path: Path, empty_db_url: str
) -> None:
    before = await kept(full.db)
    files = {path.name: path.read_bytes() for path in full.studio.media.folder.rglob("*.*")}
    assert files
    out = await backed_up(full, settings, tmp_path)
    assert out.stat().st_mode & 0o077 == 0, "it has secrets in it"
    await full.db.close()
    shutil.rmtree(tmp_path / "old")

    there = settings("new", empty_db_url)
    await backing_up.restore(there, out, quiet)

    db = Db(empty_db_url)
    assert await kept(db) == before
    async with db.read() as s:
        assert (await s.scalars(select(WebSession))).all() == [], (
            "whoever signed out would be back in"
        )
    assert {p.name: p.read_bytes() for p in there.media.rglob("*.*")} == files
    key = there.credentials / "key.pem"
    assert (key.read_text(), key.stat().st_mode & 0o077) == ("secret", 0)
    await verifying.database(empty_db_url, "", lambda *_: None)
    async with db.read() as s:
        assert [replay async for replay in audit(s)][-1].count > 5
    async with db.begin() as s:
        s.add(Person(name="Somebody new"))  # numbers go on after the last
    again = tmp_path / "again.zip"
    await backing_up.make(db, there, again, quiet)
    with ZipFile(out) as first, ZipFile(again) as second:
        for name in set(first.namelist()) - {"rows/person.jsonl", backing_up.CONTENTS}:
            assert first.read(name) == second.read(name), name
    await db.close()


async def test_what_cannot_be_put_in_is_said_and_changes_nothing(
    full: Leaver, settings: Settings, tmp_path: Path
) -> None:
    out = await backed_up(full, settings, tmp_path)
    before = await kept(full.db)
    with pytest.raises(Trouble, match="already"):
        await backing_up.restore(settings("old", full.db.url), out, quiet)
    assert await kept(full.db) == before

    there = settings("new", f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    spoiled = tmp_path / "spoiled.zip"
    whole = out.read_bytes()
    with ZipFile(out) as archive:
        members = archive.infolist()
    # The data of a member ends where the next begins.
    ends = [member.header_offset for member in members[1:]]
    for member, end in zip(members, ends, strict=False):
        if member.file_size:
            at = end - (member.compress_size + 1) // 2
            spoiled.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            with pytest.raises(Trouble, match="damaged at"):
                await backing_up.restore(there, spoiled, quiet)
    spoiled.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Trouble, match="isn't a whole backup"):
        await backing_up.restore(there, spoiled, quiet)
    assert not (tmp_path / "new.db").exists()

    with ZipFile(out) as old, ZipFile(spoiled, "w") as new:
        for name in old.namelist():
            said = old.read(name)
            if name == backing_up.CONTENTS:
                said = json.dumps(json.loads(said) | {"revision": "9999"}).encode()
            new.writestr(name, said)
    with pytest.raises(Trouble, match="later version"):
        await backing_up.restore(there, spoiled, quiet)


async def test_a_database_in_trouble_is_not_blamed_on_the_backup(
    full: Leaver, settings: Settings, tmp_path: Path
) -> None:
    """Or somebody throws it away."""
    out = await backed_up(full, settings, tmp_path)
    nowhere = settings("new", "postgresql+asyncpg://postgres@127.0.0.1:1/sora")
    with pytest.raises(ConnectionError):
        await backing_up.restore(nowhere, out, quiet)


async def test_killed_on_its_way_either_can_be_done_again(
    full: Leaver, settings: Settings, tmp_path: Path
) -> None:
    def killed(part: str, _count: int) -> None:
        if part == "vote":
            raise asyncio.CancelledError

    out = tmp_path / "backup.zip"
    with pytest.raises(asyncio.CancelledError):
        await backing_up.make(full.db, settings("old", full.db.url), out, killed)
    assert [path for path in tmp_path.iterdir() if "backup" in path.name] == []
    await backed_up(full, settings, tmp_path)

    there = settings("new", f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    await asyncio.to_thread(migrate.upgrade, there.database, "0020")  # as somebody did by hand
    with pytest.raises(asyncio.CancelledError):
        await backing_up.restore(there, out, killed)
    await backing_up.restore(there, out, quiet)
    db = Db(there.database)
    assert await kept(db) == await kept(full.db)
    await db.close()
