"""The audit finds whatever somebody with the database in their hands has changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import books, ledger, people
from db.ledger import Overdrawn
from db.session import Db
from moderation.audit import Replay, Tampered, audit
from tests.support.databases import Sqlite

PEOPLE = 4


@pytest.fixture
async def books_of_four(sqlite_url: str) -> AsyncIterator[Db]:
    db = Db(sqlite_url)
    yield await filled(db)
    await db.close()


async def filled(db: Db) -> Db:
    """Four people, of whom each is given something and passes some of it on."""
    async with db.begin() as s:
        issued = (await ledger.studios(s, "issued")).id
        accounts = []
        for number in range(PEOPLE):
            person = await people.known(s, "test", "", str(number), str(number))
            accounts.append((await ledger.account_of(s, person.id)).id)
        for number, account in enumerate(accounts):
            await ledger.book(s, f"earned:{number}", "approved", {account: 9, issued: -9})
            other = accounts[number - 1]
            if number:
                await ledger.book(s, f"tip:{number}", "tip", {account: -1, other: 1})
    return db


async def audited(db: Db) -> Replay:
    async with db.read() as s:
        replays = [replay async for replay in audit(s)]
    return replays[-1]


async def test_what_was_not_touched_is_as_it_was(db: Db) -> None:
    await filled(db)
    replay = await audited(db)
    async with db.read() as s:
        assert (replay.count, replay.hash) == await books.head(s)
        assert dict(replay.sums) == await books.sums(s)


async def test_empty_books_are_in_order(db: Db) -> None:
    assert (await audited(db)).count == 0


UNLOCK = [
    f"DROP TRIGGER {table}_no_{verb}"
    for table in ("ledger", "posting")
    for verb in ("UPDATE", "DELETE")
]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger SET kind = 'won' WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET key = 'x' WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET job_id = 1 WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET reference = 'x' WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET table_version = 2 WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET at = '2020-01-01 00:00:00' WHERE id = 3", "Transaction 3 doesn't say"),
        ("UPDATE ledger SET hash = previous WHERE id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE ledger SET previous = hash WHERE id = 3", "Transaction 3 doesn't follow"),
        ("DELETE FROM ledger WHERE id = 3", "Transaction 3 is missing"),
        (
            "UPDATE posting SET amount = 2 * amount WHERE transaction_id = 3",
            "Transaction 3 doesn't",
        ),
        ("DELETE FROM posting WHERE transaction_id = 3", "Transaction 3 doesn't say what"),
        ("UPDATE account SET balance = balance + 1 WHERE NOT own", "but its postings sum to"),
        ("UPDATE account SET name = 'p-x' WHERE NOT own AND id = 2", "doesn't say what"),
        ("UPDATE month_booked SET amount = 1", r"-\d\d says 1 credit of approved, but its"),
        (
            "DELETE FROM month_booked",
            r"-\d\d says 0 credit of approved, but its postings sum to 36",
        ),
        ("INSERT INTO month_booked VALUES ('2020-01', 'won', 1)", "2020-01 says 1 credit of won"),
    ],
)
async def test_whatever_is_changed_is_found(books_of_four: Db, statement: str, said: str) -> None:
    with closing(sqlite3.connect(books_of_four.url.removeprefix("sqlite+aiosqlite:///"))) as raw:
        for unlocking in (*UNLOCK, "PRAGMA foreign_keys = OFF"):
            raw.execute(unlocking)
        raw.execute(statement)
        raw.commit()
    with pytest.raises(Tampered, match=said):
        await audited(books_of_four)


async def test_that_the_newest_are_gone_shows_in_the_balances(books_of_four: Db) -> None:
    with closing(sqlite3.connect(books_of_four.url.removeprefix("sqlite+aiosqlite:///"))) as raw:
        for unlocking in UNLOCK:
            raw.execute(unlocking)
        raw.execute("DELETE FROM posting WHERE transaction_id > 5")
        raw.execute("DELETE FROM ledger WHERE id > 5")
        raw.commit()
    with pytest.raises(Tampered, match="but its postings sum to"):
        await audited(books_of_four)


Move = tuple[int, int, int, int]
"""From whom, to whom (0 is the studio), how much, and under which key."""
moves = st.tuples(
    st.integers(0, PEOPLE), st.integers(0, PEOPLE), st.integers(1, 5), st.integers(0, 9)
)


@settings(max_examples=30)
@given(st.lists(moves, max_size=12))
def test_any_bookings_replay_to_the_balances_and_nobody_owes(
    _sqlite: Sqlite,  # noqa: PT019 -- a fixture of the session, as an example needs it
    tried: list[Move],
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(replayed(_sqlite.migrated(Path(folder)), tried))


async def replayed(url: str, tried: list[Move]) -> None:
    """Book what can be; the model is one dictionary of balances."""
    db = Db(url)
    model = dict.fromkeys(range(PEOPLE + 1), 0)
    async with db.begin() as s:
        known = [await people.known(s, "test", "", str(n), str(n)) for n in range(PEOPLE)]
        accounts = [(await ledger.studios(s, "issued")).id]
        accounts += [(await ledger.account_of(s, person.id)).id for person in known]
    keys: set[int] = set()
    for giver, taker, amount, key in tried:
        if giver == taker:
            continue
        amounts = {accounts[giver]: -amount, accounts[taker]: amount}
        owes = giver != 0 and model[giver] < amount
        try:
            async with db.begin() as s:
                booked = await ledger.book(s, f"k{key}", "tip", amounts)
        except Overdrawn:
            assert owes
            assert key not in keys
            continue
        assert (booked is None) == (key in keys)
        if booked is not None:
            keys.add(key)
            model[giver] -= amount
            model[taker] += amount
    async with db.read() as s:
        kept = await books.sums(s)
    replay = await audited(db)
    assert sorted(kept.values()) == sorted(model.values())
    assert {key: replay.sums[key] for key in kept} == kept
    assert min(model[n] for n in range(1, PEOPLE + 1)) >= 0
    assert replay.count == len(keys)
    await db.close()
