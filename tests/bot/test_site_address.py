"""Members are sent only to pages that they can open."""

from __future__ import annotations

import pytest

from bot import credits, recorded
from bot.site_address import site_address
from db import ledger, notes
from db.session import Db
from tests.support.studio import person


@pytest.mark.parametrize(
    ("noted", "told"),
    [
        ("", ""),
        ("http://127.0.0.1:8040", ""),
        ("http://localhost:8040", ""),
        ("http://[::1]:8040", ""),
        ("https://sora.example.org", "https://sora.example.org"),
    ],
)
async def test_an_address_of_this_machine_alone_is_told_nobody(
    sqlite_url: str, noted: str, told: str
) -> None:
    db = Db(sqlite_url)
    ada = await person(db, "ada")
    async with db.begin() as s:
        await ledger.account_of(s, ada.id)
        if noted:
            await notes.put(s, notes.PAGE, noted)
    async with db.read() as s:
        assert await site_address(s) == told
        lines = [*(await recorded.recent(s)).lines, *(await credits.mine(s, ada)).lines]
    assert any("://" in line.text for line in lines) is bool(told)
    await db.close()
