"""The ledger: what is booked stays, sums to zero, and leaves nobody in debt."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db import books, ledger, people
from db.ledger import Overdrawn
from db.session import Db


async def opened(db: Db, *names: str) -> list[int]:
    """Accounts of people with these names, and the studio's own as the last."""
    async with db.begin() as s:
        found = []
        for name in names:
            person = await people.known(s, "test", "", name, name)
            found.append((await ledger.account_of(s, person.id)).id)
        return [*found, (await ledger.studios(s, "issued")).id]


async def balances(db: Db) -> list[int]:
    async with db.read() as s:
        return sorted((await books.sums(s)).values())


async def test_a_transaction_moves_credit_and_its_key_is_booked_once(db: Db) -> None:
    ada, bo, issued = await opened(db, "ada", "bo")
    async with db.begin() as s:
        assert await ledger.book(s, "first", "approved", {ada: 5, issued: -5}) == 1
        assert await ledger.book(s, "tip", "tip", {ada: -2, bo: 2}, reference="why") == 2
    async with db.begin() as s:
        assert await ledger.book(s, "tip", "tip", {ada: -2, bo: 2}) is None
    assert await balances(db) == [-5, 2, 3]
    async with db.read() as s:
        tip, first = await books.newest(s)
        assert (first.kind, tip.reference, tip.previous) == ("approved", "why", first.hash)
        assert sorted(amount for _, _, amount in tip.postings) == [-2, 2]
        assert await ledger.find(s, "tip") == 2


@pytest.mark.parametrize(
    "amounts", [(), (1, 0, -1), (1, 1, -1)], ids=["none", "nothing", "not in balance"]
)
async def test_amounts_that_are_no_transaction_are_a_bug(db: Db, amounts: tuple[int, ...]) -> None:
    accounts = await opened(db, "ada", "bo")
    with pytest.raises(ValueError, match="no transaction"):
        async with db.begin() as s:
            await ledger.book(s, "k", "approved", dict(zip(accounts, amounts, strict=False)))
    assert await balances(db) == [0, 0, 0]


async def test_each_unit_is_in_balance_for_itself(db: Db) -> None:
    ada, issued = await opened(db, "ada")
    async with db.begin() as s:
        cents = await ledger.studios(s, "issued", "cent")
    with pytest.raises(ValueError, match="no transaction"):
        async with db.begin() as s:
            await ledger.book(s, "k", "approved", {ada: 5, cents.id: -5})
    assert issued != cents.id


async def test_nobody_gives_what_they_have_not_got(db: Db) -> None:
    ada, bo, issued = await opened(db, "ada", "bo")
    async with db.begin() as s:
        await ledger.book(s, "first", "approved", {ada: 1, issued: -1})
    with pytest.raises(Overdrawn):
        async with db.begin() as s:
            await ledger.book(s, "tip", "tip", {ada: -2, bo: 2})
    assert await balances(db) == [-1, 0, 1]
    async with db.read() as s:
        assert await ledger.find(s, "tip") is None


async def test_the_database_itself_knows_no_debts(db: Db) -> None:
    ada, _ = await opened(db, "ada")
    with pytest.raises(DBAPIError, match="no_debts"):
        async with db.begin() as s:
            await s.execute(text(f"UPDATE account SET balance = -1 WHERE id = {ada}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET kind = 'won'",
        "DELETE FROM ledger",
        "UPDATE posting SET amount = 7",
        "DELETE FROM posting",
    ],
)
async def test_the_database_itself_refuses_to_change_what_is_booked(db: Db, statement: str) -> None:
    ada, issued = await opened(db, "ada")
    async with db.begin() as s:
        await ledger.book(s, "first", "approved", {ada: 5, issued: -5})
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.begin() as s:
            await s.execute(text(statement))


async def test_whoever_books_at_once_books_one_after_another(db: Db) -> None:
    ada, bo, issued = await opened(db, "ada", "bo")

    async def book(number: int) -> None:
        async with db.begin() as s:
            to = ada if number % 2 else bo
            await ledger.book(s, f"k{number % 10}", "approved", {to: 1, issued: -1})

    await asyncio.gather(*map(book, range(20)))
    assert await balances(db) == [-10, 5, 5]
    async with db.read() as s:
        assert [booked.id for booked in await books.newest(s)] == list(range(10, 0, -1))
        assert await ledger.balance(s, 1) == 5


async def test_pages_go_on_where_they_ended_and_may_be_of_one_account(db: Db) -> None:
    ada, bo, issued = await opened(db, "ada", "bo")
    async with db.begin() as s:
        for number in range(6):
            to = ada if number % 2 else bo
            await ledger.book(
                s, f"k{number}", "approved" if number < 4 else "won", {to: 1, issued: -1}
            )
        name = (await books.accounts(s, 1))[0].name
    async with db.read() as s:
        assert [b.id for b in await books.newest(s, limit=2)] == [6, 5]
        assert [b.id for b in await books.newest(s, before=5, limit=2)] == [4, 3]
        assert [b.id for b in await books.newest(s, account=name, limit=2)] == [6, 4]
        assert [b.id for b in await books.newest(s, person_id=1, before=4, limit=2)] == [2]
        assert [b.id for b in await books.newest(s, account=name, kinds=["approved"], limit=1)] == [
            4
        ]
        assert [b.id async for b in books.oldest(s, after=3)] == [4, 5, 6]
        assert await books.holders(s, [name, "issued"]) == {name: 1}
