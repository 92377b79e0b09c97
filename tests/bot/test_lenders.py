"""The keys of lent workers, as a host makes, sees and ends them at the command line."""

from __future__ import annotations

import asyncio
import getpass
import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.trouble import Trouble
from db import lender_keys
from db.models import LenderKey, utcnow
from db.session import Db


def sora(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["worker", "key", *arguments])


@pytest.mark.usefixtures("migrated_data")
def test_a_key_is_shown_once_listed_suspended_resumed_and_revoked(tmp_path: Path) -> None:
    made = sora("new", "--name", "bo-3090", "--owner", "discord::81", "--model", "toy")
    token = made.stdout.strip()
    assert (made.exit_code, bool(lender_keys.TOKEN.fullmatch(token))) == (0, True)
    listed = sora("list").stdout
    assert token not in listed
    assert listed.startswith("bo-3090: in use. made on ")
    assert "; credited to discord::81; may render toy; 0 accepted, 0 refused" in listed

    async def suspend() -> LenderKey:
        db = Db(f"sqlite+aiosqlite:///{tmp_path / 'data' / 'sora.db'}")
        async with db.begin() as s:
            await lender_keys.suspend(s, "bo-3090", "It was odd")
            await lender_keys.seen(s, "bo-3090")
            found = await lender_keys.by_token(s, token)
        await db.close()
        assert found is not None
        return found

    key = asyncio.run(suspend())
    assert token.rpartition(".")[2] not in key.model_dump_json()
    assert key.seen_at is not None
    assert utcnow() - key.seen_at < timedelta(minutes=1)
    assert "bo-3090: suspended (It was odd)" in sora("list").stdout
    assert sora("resume", "bo-3090").exit_code == 0
    assert sora("revoke", "bo-3090").exit_code == 0
    assert "bo-3090: revoked on " in sora("list").stdout
    for arguments, sentence in (
        (("resume", "bo-3090"), "was revoked, which is for good"),
        (("revoke", "nobody"), "There is no key nobody"),
        (("new", "--name", "bo-3090", "--model", "toy"), "There is a key bo-3090 already"),
        (("new", "--name", "Bo!", "--model", "toy"), "--name is 1 to 32 of"),
        (("new", "--name", "al", "--model", "toy", "--owner", "me"), "--owner is platform:"),
    ):
        assert isinstance(trouble := sora(*arguments).exception, Trouble)
        assert sentence in str(trouble)


@pytest.mark.usefixtures("migrated_data")
def test_a_user_without_a_name_makes_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise OSError("no username set in the environment")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert sora("new", "--name", "bo", "--model", "toy").exit_code == 0
    assert f" by {os.getuid()};" in sora("list").stdout
