"""The keys of lent workers, as a host makes, sees and ends them at the command line."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from db import lender_keys
from db.models import LenderKey, utcnow
from db.session import Db
from tests.support.doors import Said, ask


@pytest.fixture
def sora(migrated_data: None, tmp_path: Path) -> Callable[..., Said]:
    def run(*arguments: str) -> Said:
        env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        env |= {"SORA_DATA": str(tmp_path / "data"), "NO_COLOR": "1", "LOGNAME": "hal"}
        return ask("bot.__main__", *arguments, cwd=tmp_path, env=env)

    return run


def test_a_key_is_shown_once_listed_suspended_resumed_and_revoked(
    sora: Callable[..., Said], tmp_path: Path
) -> None:
    made = sora(
        "worker", "key", "new", "--name", "bo-3090", "--owner", "discord::81", "--model", "toy"
    )
    token = made.out.strip()
    assert (made.status, bool(lender_keys.TOKEN.fullmatch(token))) == (0, True)
    listed = sora("worker", "key", "list").out
    assert token not in listed
    assert listed.startswith("bo-3090: in use. made on ")
    assert "by hal; credited to discord::81; may render toy; 0 accepted, 0 refused" in listed

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
    assert "bo-3090: suspended (It was odd)" in sora("worker", "key", "list").out
    assert sora("worker", "key", "resume", "bo-3090").status == 0
    assert sora("worker", "key", "revoke", "bo-3090").status == 0
    assert "bo-3090: revoked on " in sora("worker", "key", "list").out
    for arguments, sentence in (
        (("resume", "bo-3090"), "was revoked, which is for good"),
        (("revoke", "nobody"), "There is no key nobody"),
        (("new", "--name", "bo-3090", "--model", "toy"), "There is a key bo-3090 already"),
        (("new", "--name", "Bo!", "--model", "toy"), "--name is 1 to 32 of"),
        (("new", "--name", "al", "--model", "toy", "--owner", "me"), "--owner is platform:"),
    ):
        refused = sora("worker", "key", *arguments)
        assert refused.status in (1, 2)
        assert sentence in refused.err
        assert "Traceback" not in refused.err
