"""Sessions on the web, on both databases."""

from __future__ import annotations

import asyncio

from db import people, web_sessions
from db.session import Db


async def test_whoever_comes_back_does_so_once_however_often_at_a_time(db: Db) -> None:
    async with db.begin() as s:
        state = await web_sessions.send_away(s, "discord", verifier="v", nonce="n", leads_to="/")

    async def back() -> bool:
        async with db.begin() as s:
            row = await web_sessions.come_back(s, "discord", state)
            return row is not None and (row.verifier, row.nonce) == ("v", "n")

    assert sum(await asyncio.gather(*(back() for _ in range(5)))) == 1


async def test_a_session_is_somebodys_as_long_as_they_are_known(db: Db) -> None:
    who = ("slack", "T1", "U1")
    async with db.begin() as s:
        ada = await people.known(s, *who, "Ada")
        first, second = [await web_sessions.begin(s, *who, "a browser") for _ in range(2)]
    async with db.read() as s:
        found = await web_sessions.find(s, first)
        assert found is not None
        assert (found[1].id, web_sessions.is_of(found[0], first)) == (ada.id, True)
        assert await web_sessions.find(s, "x" * 43) is None
        assert len(await web_sessions.of(s, ada.id)) == 2
    async with db.begin() as s:
        await web_sessions.end(s, first)
        assert await web_sessions.end_of(s, ada.id + 1) == 0
        assert await web_sessions.end_of(s, ada.id) == 1
    async with db.read() as s:
        assert await web_sessions.find(s, second) is None
