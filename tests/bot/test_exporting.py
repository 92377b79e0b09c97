"""An export has all that is somebody's, and nothing of others."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from bot import exporting
from bot.exported_rows import File
from bot.exporting import Exporter, packed
from db import forgetting
from db.yours import HELD
from moderation.rules import Refused
from tests.support.leaver import WORDS, Leaver, everything, key_of, somebody

UNEXPORTED = {"code", "guess", "telling", "reply"}
"""What is but for minutes, or says nothing that isn't said elsewhere."""


@pytest.fixture
async def one(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Leaver]:
    async with somebody(sqlite_url, tmp_path) as made:
        yield made


async def test_everything_that_is_theirs_is_in_it_in_both_forms(one: Leaver) -> None:
    before = await everything(one.db)
    async with Exporter(one.db, one.studio.media).of(one.they) as export:
        (file,) = export.parts
        with ZipFile(file) as archive:
            assert archive.testzip() is None
            said = {name: archive.read(name) for name in archive.namelist()}
    assert not file.exists()
    assert export.left_out == ()

    async with one.db.read() as s:
        who = await forgetting.whose(s, one.they.id)
        for held in HELD:
            if held.theirs is None or held.model.__tablename__ in UNEXPORTED:
                continue
            table = held.model.__table__  # type: ignore[attr-defined]
            rows = (await s.execute(select(table).where(held.theirs(who)))).mappings().all()
            told = json.loads(said[f"{held.file}.json"])
            keys = [tuple(row[c.name] for c in table.primary_key) for row in told]
            assert sorted(map(str, keys)) == sorted(
                str(tuple(str(v) if hasattr(v, "value") else v for v in key_of(table, row)))
                for row in rows
            )
            lines = csv.DictReader(io.StringIO(said[f"{held.file}.csv"].decode()))
            assert len(list(lines)) == len(rows)
            assert held.about in said["README.txt"].decode()
    # Whatever says one of their words anywhere in the database, says it here as well.
    text = b"".join(said.values()).decode().lower()
    assert [word for word in WORDS if word not in text] == []
    missing = {
        str(value)
        for rows in before.values()
        for row in rows.values()
        for value in row.values()
        if isinstance(value, str)
        and any(word in value.lower() for word in WORDS)
        and json.dumps(value, ensure_ascii=False).lower()[1:-1] not in text
    }
    assert missing == set()
    clips = [name for name in said if name.startswith("clips/")]
    assert f"clips/job-{one.shown.id}-clip-1.mp4" in clips
    assert said[clips[0]].startswith(clips[0].split("-")[1].encode())
    assert [n for n in said if n.startswith("pictures/")] == ["pictures/job-1-first.png"]
    assert "token" not in text
    names = [row["name"] for row in json.loads(said["you.json"])]
    assert names == ["Zephyrine", "Zephyrine in Slack"]
    assert {row["kind"] for row in json.loads(said["ledger.json"])} >= {"approved", "tip", "pool"}
    published = [row["job"] for row in json.loads(said["lineage.json"]) if not row["yours"]]
    assert published == [one.remixed.id], "what others keep to themselves is theirs"


async def test_where_little_fits_it_comes_in_parts(
    one: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = Exporter(one.db, one.studio.media)
    monkeypatch.setattr(exporting, "REST", 500)
    async with exporter.of(one.they) as whole:
        size = whole.parts[0].stat().st_size
        with ZipFile(whole.parts[0]) as archive:
            names = set(archive.namelist())
    with pytest.raises(Refused, match="more than this place takes"):
        async with exporter.of(one.they, 9000):
            pass
    limit = size + 1000
    async with exporter.of(one.they, limit) as export:
        assert len(export.parts) > 1
        assert all(part.stat().st_size <= limit for part in export.parts)
        found = [name for part in export.parts for name in ZipFile(part).namelist()]
    assert sorted(found) == sorted(names)


def test_what_fits_in_no_part_is_named(tmp_path: Path) -> None:
    files = [File(f"{n}.mp4", tmp_path, size) for n, size in enumerate((60, 99_000_000, 60))]
    plan, left = packed(files, 100_000, 70_000)
    assert [[file.name for file in part] for part in plan] == [["0.mp4", "2.mp4"]]
    assert [file.name for file in left] == ["1.mp4"]
    many = [File(f"{n}.mp4", tmp_path, 30_000) for n in range(40)]
    plan, left = packed(many, 100_000, 70_000)
    assert len(plan) == exporting.MOST_PARTS
    assert sum(map(len, plan)) + len(left) == 40


async def test_one_is_put_together_at_a_time(one: Leaver) -> None:
    exporter = Exporter(one.db, one.studio.media)
    async with exporter.of(one.they):
        with pytest.raises(Refused, match="put together already"):
            async with exporter.of(one.they):
                pass
    async with exporter.of(one.they):
        pass
