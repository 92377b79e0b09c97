"""What a database's own errors may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from db import session
from db.broker import Broker
from db.session import Db, Unreached, is_away
from tests.support.studio import Studio, person


async def test_an_error_of_the_database_does_not_quote_a_prompt(db: Db, valkey: str) -> None:
    broker = Broker(valkey)
    studio = await Studio(db, broker).open()
    job = await studio.submit(await person(db, "ada"), "a secret circle")
    twin = type(job)(**job.model_dump(exclude={"id"}))

    async def insert_again() -> None:
        async with db.begin() as s:
            s.add(twin)

    with pytest.raises(IntegrityError) as failed:
        await insert_again()
    assert "request_key" in str(failed.value)
    assert "secret" not in str(failed.value)
    await broker.close()


@pytest.mark.databases("sqlite")
async def test_who_could_not_write_because_others_did_may_try_again(
    db_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session.ONE_WRITER, "pool_timeout", 0.01)
    busy = Db(db_url)
    async with busy.begin() as s:
        await s.execute(select(1))
        with pytest.raises(NoConnectionFree) as refused:
            async with busy.begin() as late:
                await late.execute(select(1))
    assert is_away(refused.value)
    await busy.close()


async def test_a_server_that_is_not_there_is_away(tmp_path: Path) -> None:
    db = Db(f"postgresql+asyncpg://postgres@/sora?host={tmp_path}")
    with pytest.raises(Unreached) as failed:
        async with db.begin() as s:
            await s.execute(text("SELECT 1"))
    assert is_away(failed.value)
    assert not is_away(FileNotFoundError(2, "No such file or directory"))
    await db.close()
