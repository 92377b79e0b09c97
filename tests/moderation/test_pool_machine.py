"""Whatever happens to pools: nothing is lost, and nobody gets what they did not want."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import pools
from db.broker import Broker
from db.models import utcnow
from db.session import Db
from moderation import pools as pooling
from moderation.desk import Desk
from moderation.people import Person
from moderation.pools import CLAIMED_WITHIN, close_due, pay, return_unclaimed, withdraw
from moderation.rules import Refused, Rules
from tests.moderation.test_pools import earn, held, over, proposed, shares, splits, take_back
from tests.support.databases import Sqlite
from tests.support.studio import person

WHO = st.integers(0, 3)
ALONE = st.just(0)
STEPS = st.one_of(
    st.tuples(st.just("earn"), WHO, st.integers(1, 60)),
    st.tuples(st.just("lose"), ALONE, ALONE),
    st.tuples(st.just("say"), WHO, st.integers(0, 1)),
    st.tuples(st.just("propose"), st.integers(1, 200), ALONE),
    st.tuples(st.just("withdraw"), ALONE, ALONE),
    st.tuples(st.just("close"), ALONE, ALONE),
    st.tuples(st.just("claim"), WHO, ALONE),
    st.tuples(st.just("pay"), WHO, ALONE),
    st.tuples(st.just("return"), ALONE, ALONE),
)
Step = tuple[str, int, int]


@settings(max_examples=10)
@given(st.lists(STEPS, min_size=8, max_size=18))
def test_whatever_happens_nothing_is_lost_and_nobody_gets_what_they_did_not_want(
    _sqlite: Sqlite,  # noqa: PT019 -- a fixture of the session, as an example needs it
    steps: list[Step],
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "utcnow", lambda: utcnow() + timedelta(days=2))
        asyncio.run(_lead(_sqlite.migrated(Path(folder)), steps))


async def _lead(url: str, steps: list[Step]) -> None:
    db = Db(url)
    try:
        await _through(Life(db), steps)
    finally:
        await db.close()


async def _through(life: Life, steps: list[Step]) -> None:
    for name in "abcd":
        life.people.append(await person(life.db, name))
    # Most of what is interesting begins with somebody who takes part and has earned something.
    for step in [("earn", 0, 7), ("earn", 1, 5), ("say", 0, 1), ("propose", 100, 0), *steps]:
        try:
            await life.step(*step)
        except Refused:
            continue
        await life.adds_up()


class Life:
    """Pools of one unit, one after another, and what they must have become."""

    def __init__(self, db: Db) -> None:
        self.people: list[Person] = []
        self.open = self.earned = 0
        self.wants: set[int] = set()
        self.db, self.desk = db, Desk(db, cast(Broker, None), Rules())

    async def adds_up(self) -> None:
        sums = await held(self.db)
        assert sum(sums.values()) == 0
        assert all(n >= 0 for name, n in sums.items() if name != "outside")

    async def step(self, what: str, who: int, number: int) -> None:
        match what:
            case "earn":
                self.earned = await earn(self.db, self.people[who], number)
            case "lose" if self.earned:
                await take_back(self.db, self.earned)
                self.earned = 0
            case "say":
                await self.desk.take_part_in_pools(self.people[who], bool(number))
                (self.wants.add if number else self.wants.discard)(self.people[who].id)
            case "propose" if not self.open:
                self.open = await proposed(self.db, who)
            case "withdraw":
                await withdraw(self.db, self.open)
                self.open = 0
            case "close" if self.open:
                await self.close()
            case "claim":
                await self.desk.claim_shares(self.people[who])
            case "pay":
                await self.pay(self.people[who].id)
            case "return":
                await over(self.db, closed_at=utcnow() - CLAIMED_WITHIN)
                await return_unclaimed(self.db)

    async def close(self) -> None:
        expected = await splits(self.db, self.open)
        await over(self.db)
        for _ in range(2):
            await close_due(self.db)
        got = await shares(self.db, self.open)
        assert got == {who: amount for who, amount in expected.items() if amount}
        assert got.keys() <= self.wants
        async with self.db.begin() as s:
            pool = await pools.get(s, self.open)
            assert pool is not None
            assert sum(got.values()) in {0, pool.amount}
            # Out of the way of the next pool, which is for the same days.
            pool.since = pool.until = date(2000, 1, 1)
        self.open = 0

    async def pay(self, who: int) -> None:
        async with self.db.read() as s:
            every = [
                one for pool in await pools.newest(s) for one in await pools.shares(s, pool.id)
            ]
        for share, name in every:
            if share.person_id == who and share.claimed_at and not share.paid_at:
                await pay(self.db, share.pool_id, name)
