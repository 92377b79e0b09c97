"""Whether the ledger is what it says: every hash, every sum, every balance, from its first line on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from db import books
from db.chain import GENESIS
from db.ledger import CREDIT, Booked, month_of
from db.session import of_one_moment


class Tampered(Exception):
    """The ledger isn't as it was written; the sentence says where."""


@dataclass(slots=True)
class Replay:
    """The ledger read once more, transaction by transaction.

    ``sums`` are the balances that it makes; ``months``, what people's credit grew by, by month and kind.
    Accounts are people's but for those named in ``own``.
    """

    own: Collection[str] = ()
    count: int = 0
    hash: str = GENESIS
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)
    months: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, booked: Booked) -> None:
        """Raises ``Tampered`` for one that can't come next."""
        if booked.id != self.count + 1:
            raise Tampered(f"Transaction {self.count + 1} is missing.")
        if booked.previous != self.hash:
            raise Tampered(f"Transaction {booked.id} doesn't follow the one before it.")
        if booked.seal() != booked.hash:
            raise Tampered(f"Transaction {booked.id} doesn't say what it said when it was booked.")
        units: Counter[str] = Counter()
        for name, unit, amount in booked.postings:
            units[unit] += amount
            self.sums[name, unit] += amount
            if unit == CREDIT and name not in self.own:
                self.months[month_of(booked.at), booked.kind] += amount
        if not booked.postings or any(units.values()):
            raise Tampered(f"The postings of transaction {booked.id} don't sum to zero.")
        self.count, self.hash = booked.id, booked.hash


async def audit(s: AsyncSession) -> AsyncIterator[Replay]:
    """Replay the ledger, in a session in which nothing was read yet; yields how far it is from time to
    time, and the whole of it at last.

    Raises ``Tampered`` at the first thing that is wrong.
    """
    await of_one_moment(s)
    replay = Replay(await books.studios(s))
    async for booked in books.oldest(s):
        replay.add(booked)
        if booked.id % books.BATCH == 0:
            yield replay
    for (name, unit), kept in (await books.sums(s)).items():
        made = replay.sums[name, unit]
        if made != kept:
            raise Tampered(f"Account {name} says {kept} {unit}, but its postings sum to {made}.")
    counted = await books.months(s)
    for month, kind in sorted(counted.keys() | replay.months.keys()):
        kept, made = counted.get((month, kind), 0), replay.months[month, kind]
        if made != kept:
            raise Tampered(f"{month} says {kept} credit of {kind}, but its postings sum to {made}.")
    yield replay
