"""`sora record verify` on the studio's own database: whatever is changed there is found."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from bot import verifying
from bot.trouble import Misused, Trouble
from db import record
from db.record import Draft
from db.session import Db
from db.states import Kind
from moderation import transparency

pytestmark = pytest.mark.databases("sqlite")

SQLITE = ("record_is_not_updated", "record_is_not_deleted", "record_goes_on")
POSTGRESQL = ("record_stays", "record_goes_on")
TAMPERED = (
    ("UPDATE record SET kind = 'approved' WHERE seq = 4", "Entry 4 is wrong: it is filed"),
    ("UPDATE record SET job_id = 99 WHERE seq = 4", "Entry 4 is wrong: it is filed"),
    ("UPDATE record SET job_id = NULL WHERE seq = 4", "Entry 4 is wrong: it is filed"),
    ("UPDATE record SET body = body || ' ' WHERE seq = 6", "Entry 6 is wrong: its hash"),
    ("UPDATE record SET hash = '' WHERE seq = 12", "Entry 12 is wrong: its hash"),
    ("UPDATE record SET previous = '' WHERE seq = 1", "Entry 1 is wrong: it doesn't follow"),
    ("UPDATE record SET seq = 0 WHERE seq = 1", "Entry 1 is wrong: it is missing, and 2 stands"),
    ("DELETE FROM record WHERE seq = 1", "Entry 1 is wrong: it is missing, and 2 stands"),
    ("DELETE FROM record WHERE seq = 12", "entries, appealed is 12 in it, and the entries add up to 11"),
    ("DELETE FROM record", "entries, appealed is 12 in it, and the entries add up to 0."),
    ("UPDATE statistic SET number = 13", "entries, appealed is 13 in it, and the entries add up to 12"),
    ("INSERT INTO statistic VALUES ('2026-01', 'reasons', 'gore', 1)", "reasons, gore is 1 in it"),
)  # fmt: skip


@pytest.fixture
async def db(db: Db) -> Db:
    """With twelve entries, more than are read at once."""
    async with db.begin() as s:
        drafts = [Draft("2026-11-26T15:00:00Z", Kind.APPEALED, "artist", n) for n in range(12)]
        await record.count(s, transparency.counted(await record.append(s, drafts)))
    return db


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "BATCH", 5)


async def verify(db: Db, kept: str = "") -> int:
    """How many entries there are; each is right."""
    seen: list[tuple[int, int]] = []
    head, _ = await verifying.database(db.url, kept, lambda *so_far: seen.append(so_far))
    assert seen == [(n, head.seq) for n in (5, 10, 12) if head.seq]
    async with db.read() as s:
        assert head == await record.head(s)
    return head.seq


async def test_a_record_that_nobody_touched(db: Db) -> None:
    assert await verify(db) == 12


@pytest.mark.databases("sqlite", "postgres")
@pytest.mark.parametrize(("change", "why"), TAMPERED)
async def test_whatever_is_changed_is_found(db: Db, change: str, why: str) -> None:
    async with db.begin() as s:
        sqlite = s.get_bind().dialect.name == "sqlite"
        for trigger in SQLITE if sqlite else POSTGRESQL:
            await s.execute(text(f"DROP TRIGGER {trigger}{'' if sqlite else ' ON record'}"))
        await s.execute(text(change))
    with pytest.raises(Trouble, match=re.escape(why)):
        await verify(db)


async def test_a_head_that_was_kept(db: Db) -> None:
    async with db.read() as s:
        old = (await record.after(s, 6, 1))[0].hash
    assert await verify(db, old) == 12
    assert await verify(db, old[:8].upper()) == 12
    with pytest.raises(Trouble, match="No entry has the head 0123456789abcdef"):
        await verify(db, "0123456789abcdef")
    with pytest.raises(Misused, match="at least the first 8 characters"):
        await verify(db, old[:7])
