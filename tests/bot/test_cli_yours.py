"""`sora export` and `sora forget`, for a host who is asked by mail."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.trouble import Trouble
from db import people
from db.session import Db


async def meet(url: str) -> None:
    db = Db(url)
    async with db.begin() as s:
        await people.known(s, "discord", "", "123456789012345678", "Ada")
        await people.known(s, "slack", "T1", "U1", "Bo")
        await people.known(s, "slack", "T2", "U1", "Bo")
    await db.close()


def sora(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    if isinstance(done.exception, Trouble):
        raise done.exception
    assert done.exit_code in {0, 1}, done.output
    return done.output


def test_somebody_is_found_exported_and_forgotten(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORA_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SORA_REDIS_URL", "unix:///nonexistent/valkey.sock")
    asyncio.run(meet(sqlite_url))
    out = tmp_path / "ada.zip"
    assert "all that is Ada's (person 1)" in sora("export", "ada", "--out", str(out))
    with ZipFile(out) as archive:
        assert b"123456789012345678" in archive.read("identities.json")
    assert "Bo's (person 3)" in sora("export", "slack:T2:U1", "--out", str(out))
    with pytest.raises(Trouble, match="Several people are called bo; say which by number: 2, 3"):
        sora("forget", "bo")
    assert "Aborted" in sora("forget", "1")  # nobody said yes
    assert "Person 1 is forgotten." in sora("forget", "1", "--yes")
    with pytest.raises(Trouble, match="nobody here called ada"):
        sora("export", "ada", "--out", str(out))
