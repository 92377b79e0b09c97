"""Who gets what of a pool: of which days, under which names, and not whoever left."""

from __future__ import annotations

import pytest

from db import ledger, pools
from db.models import DayEarned
from db.session import Db
from moderation import pools as pooling
from moderation.days import book_days
from moderation.pools import close_due, pay
from moderation.rules import Refused
from tests.moderation.opinions import Five, link
from tests.moderation.test_pools import (
    UNIT,
    day,
    earn,
    over,
    proposed,
    shares,
    splits,
    two_days_later,
)
from tests.support.studio import Studio

__all__ = ["two_days_later"]


async def test_whoever_leaves_gets_no_share(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    for who in (ada, bo):
        await earn(studio.db, who, 20)
        await studio.desk.take_part_in_pools(who, True)
    number = await proposed(studio.db)
    await studio.desk.leave(ada)
    async with studio.db.begin() as s:
        assert not await pools.takes_part(s, ada.id)
        await pools.say(s, ada.id, True)  # as if it came a moment later
    assert await splits(studio.db, number) == {bo.id: 100}


async def test_of_equals_the_first_by_the_names_that_all_may_read_is_ahead(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, _ = cast
    for who in (ada, bo, cy, mo):
        await earn(studio.db, who, 20)
    await link(studio, ada, mo)  # the name is that of the one that both are
    for who in (ada, bo, cy):
        await studio.desk.take_part_in_pools(who, True)
    number = await proposed(studio.db, 102)
    async with studio.db.read() as s:
        pool = await pools.get(s, number)
        assert pool is not None
        told = [(one.account, one.amount) for one in await pooling.split(s, pool)]
        hers = await ledger.account_of(s, ada.id)
    assert hers.name == told[0][0]
    assert [amount for _, amount in told] == [51, 26, 25]
    assert told[1][0] < told[2][0]
    await over(studio.db)
    await close_due(studio.db)
    async with studio.db.read() as s:
        assert [(name, one.amount) for one, name in await pools.shares(s, number)] == told


async def test_a_day_counts_by_when_it_was_and_is_waited_for(studio: Studio, cast: Five) -> None:
    ada, mo = cast[0], cast[3]
    await earn(studio.db, ada, 3)
    async with studio.db.begin() as s:
        for ago in (0, 1):
            s.add(
                DayEarned(
                    key=f"reviewed:{ago}",
                    day=day(-ago),
                    person_id=mo.id,
                    kind="reviewed",
                    table_version=1,
                    amount=6 + ago,
                )
            )
    for who in (ada, mo):
        await studio.desk.take_part_in_pools(who, True)
    before = await proposed(studio.db, 70, (-1, 0))
    number = await proposed(studio.db, 90)
    await over(studio.db)
    await close_due(studio.db)
    assert await shares(studio.db, before) == {}, "yesterday isn't booked"
    await book_days(studio.db, day())
    await close_due(studio.db)
    assert await shares(studio.db, before) == {mo.id: 70}
    assert await shares(studio.db, number) == {}, "today isn't booked"
    await book_days(studio.db, day(1))
    await close_due(studio.db)
    assert await shares(studio.db, number) == {ada.id: 30, mo.id: 60}


@pytest.mark.parametrize("number", [10**20, 0])
async def test_no_share_of_a_pool_that_cannot_be(sqlite_url: str, number: int) -> None:
    db = Db(sqlite_url)
    with pytest.raises(Refused, match="no share in a pool"):
        await pay(db, number, "p-1")
    await db.close()


async def test_what_was_booked_under_a_pools_name_before_is_no_part_of_it(sqlite_url: str) -> None:
    """The ledger stays where the tables of pools were made anew."""
    db = Db(sqlite_url)
    async with db.begin() as s:
        accounts = [(await ledger.studios(s, name, UNIT)).id for name in ("outside", "pool-1")]
        amounts = dict(zip(accounts, (-5, 5), strict=True))
        await ledger.book(s, "pool_opened:1", "pool_opened", amounts, reference="1")
    with pytest.raises(Refused, match="pool_opened:1 is booked already"):
        await proposed(db)
    async with db.read() as s:
        assert not await pools.newest(s)
    await db.close()
