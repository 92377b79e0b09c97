"""A file that is no backup, or one that somebody spoiled, is a sentence; nothing of it is kept anywhere else."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import backing_up
from bot.trouble import Trouble
from db import migrate
from db.settings import StoreSettings
from tests.support.databases import Sqlite
from tests.support.mangled import mangled

NEWEST = migrate.newest()
CONTENTS: dict[str, Any] = {
    "format": 1,
    "revision": NEWEST,
    "columns": {"person": ["id", "name", "joined_at"]},
    "counts": {"person": 1},
    "record": [0, "0" * 64],
    "ledger": [0, "0" * 64],
    "files": 1,
}
ROW = '[1, "Ada", "2026-03-01T12:00:00"]\n'


def packed(contents: Any, members: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr(backing_up.CONTENTS, json.dumps(contents))
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def restored(folder: Path, data: bytes) -> None:
    folder.mkdir(exist_ok=True)
    source = folder / "backup.zip"
    source.write_bytes(data)
    new = StoreSettings(
        _env_file=None,
        data=folder / "new",
        database_url=f"sqlite+aiosqlite:///{folder / 'test.db'}",
    )
    asyncio.run(backing_up.restore(new, source, lambda part, count: None))


WHOLE = packed(CONTENTS, {"rows/person.jsonl": ROW})


@settings(max_examples=settings().max_examples // 4)
@given(
    st.binary(max_size=200)
    | mangled(CONTENTS).map(lambda contents: packed(contents, {}))
    | st.integers(0, len(WHOLE)).map(lambda at: WHOLE[:at])
    | st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)).map(
        lambda one: WHOLE[: one[0]] + bytes([one[1]]) + WHOLE[one[0] + 1 :]
    )
)
def test_what_is_no_backup_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    _sqlite: Sqlite,  # noqa: PT019 -- a fixture of the session, as an example needs it
    data: bytes,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "junk"
    _sqlite.migrated(folder)
    try:
        restored(folder, data)
    except Trouble:  # all else is a bug
        return


@pytest.mark.usefixtures("sqlite_url")
@pytest.mark.parametrize(
    ("contents", "members"),
    [
        ({}, {"rows/person.jsonl": "{"}),
        ({}, {"rows/person.jsonl": "[1]\n"}),
        ({}, {"rows/person.jsonl": '[1, null, "never"]\n'}),
        ({"columns": {"person": ["nothing"]}}, {"rows/person.jsonl": "[1]\n"}),
        ({"record": [5, "x"]}, {"rows/person.jsonl": ROW}),
    ],
)
def test_rows_of_no_studio_are_a_sentence(
    tmp_path: Path, contents: dict[str, Any], members: dict[str, str]
) -> None:
    with pytest.raises(Trouble):
        restored(tmp_path, packed(CONTENTS | contents, members))


@pytest.mark.usefixtures("sqlite_url")
def test_no_file_goes_where_it_does_not_belong(tmp_path: Path) -> None:
    names = ("credentials/..", "credentials/../evil", "media/../../evil", "/evil", "credentials/.")
    with pytest.raises(Trouble):
        restored(tmp_path, packed(CONTENTS | {"record": [5, "x"]}, dict.fromkeys(names, "evil")))
    assert "evil" not in {file.name for file in tmp_path.parent.rglob("*")}
