"""The record: added to and never changed, by the database's own refusal; every tampering is found."""

from __future__ import annotations

import asyncio
import string
from typing import Any

import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db import migrate, people, record
from db.chain import GENESIS, Broken, Chain, canonical, digest
from db.models import Actor
from db.record import Draft, Head
from db.session import Db
from db.states import Kind
from tests.support.recorded import entries

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(
    st.dictionaries(WORDS, WORDS | st.integers() | st.none(), max_size=3), min_size=1, max_size=6
)


def draft(kind: Kind = Kind.APPROVED, job: int | None = 7) -> Draft:
    return Draft("2026-11-26T15:00:00Z", kind, "moderator", job, "abc", {"waited": 5})


def chained(said: list[dict[str, Any]]) -> list[tuple[int, str, str, str]]:
    rows, previous = [], GENESIS
    for seq, details in enumerate(said, 1):
        body = canonical({"seq": seq, "details": details})
        rows.append((seq, previous, body, digest(previous, body)))
        previous = rows[-1][3]
    return rows


def read(rows: list[tuple[int, str, str, str]]) -> Chain:
    chain = Chain()
    for row in rows:
        chain.add(*row)
    return chain


# ── the chain ────────────────────────────────────────────────────────────────────────────


@given(ROWS)
def test_what_was_recorded_is_right(said: list[dict[str, Any]]) -> None:
    rows = chained(said)
    chain = read(rows)
    assert (chain.seq, chain.head) == (len(rows), rows[-1][3])


@given(ROWS, st.data())
def test_any_changed_character_is_found_where_it_is(
    said: list[dict[str, Any]], data: st.DataObject
) -> None:
    rows = chained(said)
    at = data.draw(st.integers(0, len(rows) - 1))
    seq, *texts = rows[at]
    which = data.draw(st.integers(0, 2))
    old = texts[which]
    place = data.draw(st.integers(0, len(old) - 1))
    new = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != old[place]))
    texts[which] = old[:place] + new + old[place + 1 :]
    rows[at] = (seq, texts[0], texts[1], texts[2])
    with pytest.raises(Broken) as broken:
        read(rows)
    assert broken.value.seq == seq


@given(ROWS, st.integers(-9, 9).filter(bool))
def test_an_entry_that_stands_under_another_number_is_found(
    said: list[dict[str, Any]], by: int
) -> None:
    *before, (seq, previous, body, hashed) = chained(said)
    with pytest.raises(Broken) as broken:
        read([*before, (seq + by, previous, body, hashed)])
    assert broken.value.seq == seq


@given(ROWS, st.data())
def test_what_is_missing_twice_or_in_another_order_is_found(
    said: list[dict[str, Any]], data: st.DataObject
) -> None:
    rows = chained(said)
    at = data.draw(st.integers(0, len(rows) - 1))
    missing = [*rows[:at], *rows[at + 1 :]]
    twice = [*rows[: at + 1], *rows[at:]]
    turned = rows[::-1]
    for wrong in (missing, twice, turned):
        if wrong == rows[: len(wrong)]:
            continue  # the end alone is missing, which only a head that was kept can show
        with pytest.raises(Broken):
            read(wrong)


def test_an_entry_made_anew_from_the_middle_on_has_another_head() -> None:
    honest = read(chained([{"reason": "gore"}, {}, {}]))
    forged = read(chained([{"reason": "spam"}, {}, {}]))
    assert honest.head != forged.head


@pytest.mark.parametrize("body", ['{"seq":2}', "[1]", "no json", '{"seq":"1"}'])
def test_an_entry_says_which_it_is(body: str) -> None:
    with pytest.raises(Broken, match="Entry 1 is wrong"):
        Chain().add(1, GENESIS, body, digest(GENESIS, body))


@given(st.text(string.printable))
def test_the_same_is_written_the_same(word: str) -> None:
    assert canonical({"b": word, "a": 1}) == canonical({"a": 1, "b": word})


# ── the table ────────────────────────────────────────────────────────────────────────────


async def test_entries_follow_one_another(db: Db) -> None:
    async with db.begin() as s:
        assert await record.head(s) == Head(0, GENESIS)
        await record.append(s, [draft(), draft(Kind.REJECTED, None)])
        await record.append(s, [])
    async with db.begin() as s:
        await record.append(s, [draft(job=8)])
        head = await record.head(s)
    said = await entries(db)
    assert [entry["seq"] for entry in said] == [1, 2, 3]
    assert [entry["job"] for entry in said] == [7, None, 8]
    assert head.seq == 3
    async with db.read() as s:
        assert [e.seq for e in await record.newest(s, limit=2)] == [3, 2]
        assert [e.seq for e in await record.newest(s, before=3, limit=9)] == [2, 1]
        assert [e.seq for e in await record.newest(s, kind="approved", limit=9)] == [3, 1]
        assert [e.seq for e in await record.newest(s, kind="approved", job=7, limit=9)] == [1]
        assert [e.seq for e in await record.after(s, 1, 1)] == [2]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET body = 'x'",
        "UPDATE record SET seq = 9 WHERE seq = 2",
        "DELETE FROM record WHERE seq = 2",
        "DELETE FROM record",
        "INSERT INTO record SELECT seq, kind, job_id, 'x', previous, hash FROM record WHERE seq = 2",
        "INSERT INTO record SELECT 4, kind, job_id, body, hash, hash FROM record WHERE seq = 2",
        "INSERT INTO record SELECT 3, kind, job_id, body, previous, hash FROM record WHERE seq = 2",
        "INSERT INTO record SELECT 0, kind, job_id, body, previous, hash FROM record WHERE seq = 1",
    ],
)
async def test_the_database_refuses_to_change_the_record(db: Db, change: str) -> None:
    async with db.begin() as s:
        await record.append(s, [draft(), draft()])
    before = await entries(db)
    with pytest.raises(IntegrityError):
        async with db.begin() as s:
            await s.execute(text(change))
    assert await entries(db) == before


async def test_nor_does_it_let_an_entry_be_replaced(sqlite_url: str, postgres_url: str) -> None:
    columns = "(seq, kind, body, previous, hash) SELECT seq, kind, 'x', previous, hash FROM record"
    replacing = {
        sqlite_url: f"INSERT OR REPLACE INTO record {columns} WHERE seq = 2",
        postgres_url: "TRUNCATE record",
    }
    for url, change in replacing.items():
        db = Db(url)
        async with db.begin() as s:
            await record.append(s, [draft(), draft()])
        with pytest.raises(IntegrityError):
            async with db.begin() as s:
                await s.execute(text(change))
        assert len(await entries(db)) == 2
        await db.close()


async def test_the_way_back_and_forth_leaves_nothing_behind(empty_db_url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    await asyncio.to_thread(command.downgrade, migrate.config(empty_db_url), "0004")
    await asyncio.to_thread(migrate.upgrade, empty_db_url)
    db = Db(empty_db_url)
    async with db.begin() as s:
        await record.append(s, [draft()])
    with pytest.raises(IntegrityError):
        async with db.begin() as s:
            await s.execute(text("DELETE FROM record"))
    await db.close()


# ── actors ───────────────────────────────────────────────────────────────────────────────


async def test_an_actor_has_one_name_until_they_are_forgotten(db: Db) -> None:
    async with db.begin() as s:
        mo = (await people.known(s, "test", "", "mo", "Mo")).id
        lin = (await people.known(s, "test", "", "lin", "Lin")).id
        first = await record.actors(s, {mo})
        await record.append(s, [Draft("2026-11-26", Kind.APPROVED, "moderator", 7, first[mo])])
    async with db.begin() as s:
        both = await record.actors(s, {mo, lin})
        assert both[mo] == first[mo]
        assert both[lin] != both[mo]
        before = await entries(db)
        await record.forget(s, mo)
    assert await entries(db) == before  # the chain is read from its first entry on
    async with db.begin() as s:
        assert (await s.get_one(Actor, first[mo])).person_id is None
        again = await record.actors(s, {mo})
    assert again[mo] not in {first[mo], both[lin]}


# ── statistics ───────────────────────────────────────────────────────────────────────────


async def test_statistics_add_up(db: Db) -> None:
    async with db.begin() as s:
        await record.count(s, {("2026-10", "entries", "approved"): 2})
        await record.count(s, {})
    async with db.begin() as s:
        more = {("2026-10", "entries", "approved"): 3, ("2026-11", "milliseconds", "toy"): 2**40}
        await record.count(s, more)
    async with db.read() as s:
        assert await record.months(s) == ["2026-11", "2026-10"]
        assert await record.statistics(s) == more | {("2026-10", "entries", "approved"): 5}
        assert await record.statistics(s, "2026-11") == {("2026-11", "milliseconds", "toy"): 2**40}
