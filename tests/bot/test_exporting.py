"""An export has all that is somebody's, and nothing of others."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from bot import csv_lines, exporting
from bot.exported_rows import File
from bot.exporting import Exporter, packed
from db import forgetting, ledger
from db.models import Event, Job
from db.states import Kind
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
    pictures = [name for name in said if name.startswith("pictures/")]
    assert pictures == ["pictures/job-1-first.png", "pictures/job-5-first.png"]
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


async def test_it_gives_nobody_else_away(one: Leaver) -> None:
    owner = "discord::999888777666555444"
    async with one.db.begin() as s:
        s.add(
            Event(
                job_id=one.shown.id,
                kind=Kind.FINISHED,
                detail={"owner": owner, "worker": "lent-me"},
            )
        )
        (await s.get_one(Job, one.shown.id)).worker = "lent-me"
        await ledger.hold(s)
        both = [
            await ledger.account_of(s, n) for n in (await forgetting.whose(s, one.they.id)).persons
        ]
        await ledger.book(s, "both", "link", {both[0].id: -1, both[1].id: 1})
    async with Exporter(one.db, one.studio.media).of(one.they) as export:
        with ZipFile(export.parts[0]) as archive:
            text = b"".join(map(archive.read, archive.namelist())).decode()
            told = json.loads(archive.read("events.json"))
            booked = list(csv.reader(io.StringIO(archive.read("ledger.csv").decode())))
            years = {entry.date_time[0] for entry in archive.infolist()}
    assert owner not in text
    assert "lent-me" not in text
    assert {bool(row["detail"]) for row in told if row["person_id"] is None} == {False}
    assert any("quetzal" in str(row["detail"]) for row in told), "their own words are theirs"
    assert len(set(map(tuple, booked))) == len(booked), "what both of a link are in comes once"
    assert min(years) > 1980


async def test_a_file_that_goes_meanwhile_is_named_in_it(
    one: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(files: Sequence[File], *rest: Any) -> Any:
        files[0].path.unlink()
        return packed(files, *rest)

    monkeypatch.setattr(exporting, "packed", late)
    async with Exporter(one.db, one.studio.media).of(one.they) as export:
        (missing,) = export.left_out
        with ZipFile(export.parts[0]) as archive:
            assert missing not in archive.namelist()
            assert missing in archive.read("README.txt").decode()


async def test_what_fails_once_can_be_asked_for_again(one: Leaver) -> None:
    exporter = Exporter(one.db, one.studio.media)
    home = one.studio.media.folder.parent / "exports"
    home.write_text("in the way")
    with pytest.raises(FileExistsError):
        async with exporter.of(one.they):
            pass
    home.unlink()
    async with exporter.of(one.they):
        pass


@pytest.mark.parametrize("begins", "=+-@\t\r")
def test_a_spreadsheet_runs_nothing(begins: str) -> None:
    assert csv_lines.lines([[f"{begins}1", -1, "a=1"]]) == f"'{begins}1,-1,a=1\n"


async def test_one_is_put_together_at_a_time(one: Leaver) -> None:
    exporter = Exporter(one.db, one.studio.media)
    async with exporter.of(one.they):
        with pytest.raises(Refused, match="put together already"):
            async with exporter.of(one.they):
                pass
    async with exporter.of(one.they):
        pass
