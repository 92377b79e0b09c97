"""A pool: proposed, looked at, split by credit among those who want it, claimed, paid or returned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from db import books, ledger, pools
from db.models import Pool, utcnow
from db.session import Db
from moderation import bookkeeping
from moderation import pools as pooling
from moderation.audit import audit
from moderation.people import Person
from moderation.pools import CLAIMED_WITHIN, close_due, pay, propose, return_unclaimed, withdraw
from moderation.rules import Refused
from moderation.sweep import sweep
from tests.moderation.opinions import Five, link
from tests.support.studio import Studio

UNIT = "EUR cent"


def day(later: int = 0) -> date:
    """In UTC: today, or so many days later."""
    return utcnow().date() + timedelta(days=later)


"""Of a pool for what the tests earn now; they propose it two days later."""


@pytest.fixture(autouse=True)
def two_days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooling, "utcnow", lambda: utcnow() + timedelta(days=2))


async def earn(db: Db, who: Person, amount: int, kind: str = "approved") -> int:
    async with db.begin() as s:
        mine, issued = await ledger.account_of(s, who.id), await ledger.studios(s, "issued")
        key = f"{kind}:{(await books.head(s))[0]}"
        number = await ledger.book(s, key, kind, {mine.id: amount, issued.id: -amount})
    assert number is not None
    return number


async def take_back(db: Db, number: int) -> None:
    async with db.begin() as s:
        (booked,) = [b for b in await books.newest(s) if b.id == number]
        await bookkeeping.reverse(s, booked)


async def proposed(db: Db, amount: int = 100, days: tuple[int, int] = (0, 1)) -> int:
    """``days``: from which day to before which, counted from today."""
    return (await propose(db, amount, UNIT, day(days[0]), day(days[1]))).id


async def over(db: Db, **values: object) -> None:
    """Let the time of all proposals be over, or give pools other times."""
    values = values or {"ends_at": utcnow()}
    async with db.begin() as s:
        which = col(Pool.closed_at).is_not(None) == ("closed_at" in values)
        await s.execute(update(Pool).where(which).values(**values))


async def held(db: Db) -> Mapping[str, int]:
    """What each of the studio's accounts of the unit holds, and all people together."""
    async with db.read() as s:
        assert [replay async for replay in audit(s)][-1].count >= 0
    async with db.read() as s:
        sums = {name: n for (name, unit), n in (await books.sums(s)).items() if unit == UNIT}
    found = {name: n for name, n in sums.items() if not name.startswith("p-")}
    return {name: n for name, n in found.items() if n} | {
        "people": sum(n for name, n in sums.items() if name.startswith("p-"))
    }


async def shares(db: Db, pool_id: int) -> dict[int, int]:
    async with db.read() as s:
        return {one.person_id: one.amount for one, _ in await pools.shares(s, pool_id)}


async def splits(db: Db, pool_id: int) -> dict[int, int]:
    """As things stand."""
    async with db.read() as s:
        pool = await pools.get(s, pool_id)
        assert pool is not None
        return {one.person_id: one.amount for one in await pooling.split(s, pool)}


async def test_it_is_split_by_what_those_who_take_part_have_earned(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, lin = cast
    db, desk = studio.db, studio.desk
    for who, amount in ((ada, 20), (bo, 10), (cy, 70), (lin, 5)):
        await earn(db, who, amount)
    async with db.begin() as s:  # what is given and not earned counts for nobody
        accounts = [(await ledger.account_of(s, who.id)).id for who in (cy, mo)]
        await ledger.book(s, "t", "tip", dict(zip(accounts, (-1, 1), strict=True)))
    number = await proposed(db)
    assert await splits(db, number) == {}
    for who in (ada, bo, mo, lin):
        await desk.take_part_in_pools(who, True)
    assert await splits(db, number) == {ada.id: 57, bo.id: 29, lin.id: 14}
    await desk.take_part_in_pools(lin, False)
    assert await held(db) == {"outside": -100, "pool-1": 100, "people": 0}
    await sweep(db, desk.broker)
    assert await shares(db, number) == {}, "its time isn't over"
    await over(db)
    await asyncio.gather(*(close_due(db) for _ in range(4)))
    assert await shares(db, number) == {ada.id: 67, bo.id: 33}
    await desk.take_part_in_pools(ada, False)
    await close_due(db)
    assert await held(db) == {"outside": -100, "people": 100}
    with pytest.raises(Refused, match="split already"):
        await withdraw(db, number)


async def test_what_was_taken_back_in_its_days_is_not_earned(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    db = studio.db
    first = await earn(db, ada, 20)
    await earn(db, ada, 10)
    await earn(db, bo, 10)
    gone = await earn(db, cy, 10)
    async with (
        db.begin() as s
    ):  # passed on before it was taken back: it counts for nobody all the same
        accounts = [(await ledger.account_of(s, who.id)).id for who in (cy, bo)]
        await ledger.book(s, "t", "tip", dict(zip(accounts, (-10, 10), strict=True)))
    for number in (first, gone):
        await take_back(db, number)
    for who in (ada, bo, cy):
        await studio.desk.take_part_in_pools(who, True)
    assert await splits(db, await proposed(db)) == {ada.id: 50, bo.id: 50}


async def test_what_was_earned_on_other_days_does_not_count(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    await earn(studio.db, ada, 20)
    await studio.desk.take_part_in_pools(ada, True)
    before = await proposed(studio.db, days=(-1, 0))
    after = await proposed(studio.db, days=(1, 2))
    assert await splits(studio.db, before) == await splits(studio.db, after) == {}


async def test_where_nobody_takes_part_all_of_it_is_there_for_the_next_pool(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    await earn(studio.db, ada, 20)
    await proposed(studio.db, 60, (-1, 0))
    await over(studio.db)
    await close_due(studio.db)
    assert await held(studio.db) == {"outside": -60, "left_over": 60, "people": 0}
    await propose(studio.db, 100, " eur  CENT", day(), day(1))
    assert await held(studio.db) == {"outside": -100, "pool-2": 100, "people": 0}
    await withdraw(studio.db, 2)
    assert await held(studio.db) == {"outside": -60, "left_over": 60, "people": 0}
    with pytest.raises(Refused, match="no pool 2"):
        await withdraw(studio.db, 2)
    await proposed(studio.db, 10)
    assert await held(studio.db) == {"outside": -60, "left_over": 50, "pool-3": 10, "people": 0}


async def test_a_share_is_claimed_then_paid_once(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    db, desk = studio.db, studio.desk
    for who in (ada, bo):
        await earn(db, who, 20)
        await desk.take_part_in_pools(who, True)
    number = await proposed(db)
    with pytest.raises(Refused, match="No share of a pool waits"):
        await desk.claim_shares(ada)
    await over(db)
    await close_due(db)
    async with db.read() as s:
        hers = next(n for share, n in await pools.shares(s, number) if share.person_id == ada.id)
    with pytest.raises(Refused, match="isn't claimed yet"):
        await pay(db, number, hers)
    ((share, unit),) = await desk.claim_shares(ada)
    assert (share.amount, unit) == (50, UNIT)
    with pytest.raises(Refused, match="No share of a pool waits"):
        await desk.claim_shares(ada)
    await pay(db, number, hers)
    for named, why in ((hers, "paid already"), ("p-0", "no share")):
        with pytest.raises(Refused, match=why):
            await pay(db, number, named)
    assert await held(db) == {"outside": -100, "paid_out": 50, "people": 50}
    await over(db, closed_at=utcnow() - CLAIMED_WITHIN)
    await asyncio.gather(*(return_unclaimed(db) for _ in range(4)))
    assert await held(db) == {"outside": -100, "paid_out": 50, "left_over": 50, "people": 0}
    with pytest.raises(Refused, match="No share of a pool waits"):
        await desk.claim_shares(bo)


async def test_two_who_are_one_have_one_share_and_claim_what_either_got(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    db, desk = studio.db, studio.desk
    for who, amount in ((ada, 10), (bo, 30), (cy, 40)):
        await earn(db, who, amount)
        await desk.take_part_in_pools(who, True)
    await proposed(db, 80)
    await over(db)
    await close_due(db)
    await link(studio, ada, bo)
    second = await proposed(db, 80, (1, 2))
    await withdraw(db, second)
    claimed = await desk.claim_shares(bo)
    assert sorted(share.amount for share, _ in claimed) == [10, 30]
    await desk.unlink(bo)
    async with db.read() as s:
        assert [await ledger.balance(s, who.id, UNIT) for who in (ada, bo)] == [10, 30]


async def test_what_two_earned_who_are_one_counts_together(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    for who, amount in ((ada, 10), (bo, 30), (cy, 40)):
        await earn(studio.db, who, amount)
    await link(studio, ada, bo)
    for who in (ada, cy):
        await studio.desk.take_part_in_pools(who, True)
    assert await splits(studio.db, await proposed(studio.db, 80)) == {ada.id: 40, cy.id: 40}


@pytest.mark.parametrize(
    ("amount", "unit", "days", "why"),
    [
        (0, UNIT, (0, 1), "whole number"),
        (10**12 + 1, UNIT, (0, 1), "whole number"),
        (1, "Credits", (0, 1), "Credit is nothing"),
        (1, "7 up", (0, 1), "few words"),
        (1, "x" * 21, (0, 1), "few words"),
        (1, UNIT, (0, 0), "end after they begin"),
        (1, UNIT, (0, 9), "Wait until its days are over"),
        (1, "eur CENT", (-3, 1), "some of these days"),
    ],
)
async def test_what_is_no_proposal(
    sqlite_url: str, amount: int, unit: str, days: tuple[int, int], why: str
) -> None:
    db = Db(sqlite_url)
    await proposed(db)
    with pytest.raises(Refused, match=why):
        await propose(db, amount, unit, day(days[0]), day(days[1]))
    await propose(db, 1, "GBP penny", day(), day(1))
    await db.close()
