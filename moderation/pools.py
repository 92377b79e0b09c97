"""Pools: an amount of a real unit, split by the credit that people earned in some days.

The studio moves no money. It says whose which part is, and keeps books of it beside those of credit. A
pool is a proposal first, which everybody can look at and decide whether they take part; when its time is
over it is split as it stands then. What nobody has claimed after a while is there for the next pool.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import books, days, ledger, people, pools
from db.ledger import CREDIT
from db.models import Pool, PoolShare, utcnow
from db.session import Db
from moderation import bookkeeping
from moderation.apportion import largest_remainder
from moderation.credit import Booking, Earning
from moderation.days import DAILY
from moderation.rules import Refused
from moderation.words import clean

SHOWN = timedelta(hours=72)
CLAIMED_WITHIN = timedelta(days=90)
MOST = 10**12
UNIT_LIMIT = 20
OUTSIDE, LEFT_OVER, PAID_OUT = "outside", "left_over", "paid_out"
"""The studio's accounts of each unit: where an amount comes from, what nobody got or claimed, and what
people have in their hands."""


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody will get of a pool as things stand."""

    person_id: int
    account: str
    """Of their credit."""
    points: int
    """The credit that they earned in its days."""
    amount: int


def account(pool: Pool) -> str:
    """Where the amount is kept meanwhile."""
    return f"pool-{pool.id}"


# ── proposals ────────────────────────────────────────────────────────────────────────────


async def propose(db: Db, amount: int, unit: str, since: date, until: date) -> Pool:
    """Propose to split an amount in whole smallest units by the credit of these days, the last one
    excluded.

    What was left over of this unit before is used first. Raises ``Refused``.
    """
    if not 1 <= amount <= MOST:
        raise Refused(f"The amount is a whole number from 1 to {MOST:,}.")
    if since >= until:
        raise Refused("The days of a pool end after they begin.")
    if until > utcnow().date():
        raise Refused("Wait until its days are over: what is earned in them can still change.")
    async with db.begin() as s:
        await ledger.hold(s)
        unit = _unit(unit, list(await pools.units(s)))
        other = await pools.overlapping(s, unit, since, until)
        if other is not None:
            raise Refused(f"Pool {other.id} is for some of these days already, in {unit}.")
        now = utcnow()
        pool = Pool(
            unit=unit, amount=amount, since=since, until=until, opened_at=now, ends_at=now + SHOWN
        )
        await pools.add(s, pool)
        outside, left, kept = [
            await ledger.studios(s, name, unit) for name in (OUTSIDE, LEFT_OVER, account(pool))
        ]
        used = min(left.balance, amount)
        amounts = {outside.id: used - amount, left.id: -used, kept.id: amount}
        amounts = {account_id: change for account_id, change in amounts.items() if change}
        await _book(s, pool.id, Booking.POOL_OPENED, amounts)
    return pool


async def withdraw(db: Db, pool_id: int) -> None:
    """Take a proposal back; what it was made of goes where it came from. Raises ``Refused``."""
    async with db.begin() as s:
        await ledger.hold(s)
        pool = await pools.get(s, pool_id)
        if pool is None or pool.withdrawn:
            raise Refused(f"There is no pool {pool_id}.")
        if pool.closed_at is not None:
            raise Refused(f"Pool {pool_id} is split already.")
        pool.withdrawn, pool.closed_at = True, utcnow()
        opened = await books.under(s, f"{Booking.POOL_OPENED}:{pool_id}")
        # The key of another pool may begin so as well.
        await bookkeeping.reverse(s, next(b for b in opened if b.reference == str(pool_id)))


async def split(s: AsyncSession, pool: Pool) -> list[Share]:
    """Who gets what as things stand, the largest share first; of equal quotas the account that comes
    first by the alphabet is ahead."""
    points, accounts = await _points(s, pool)
    taking_part = points.keys() & await pools.taking_part(s)
    taking_part -= await people.leaving(s, taking_part)
    weights = {accounts[who]: points[who] for who in taking_part}
    amounts = largest_remainder(pool.amount, weights)
    shares = [
        Share(who, accounts[who], points[who], amounts.get(accounts[who], 0)) for who in taking_part
    ]
    return sorted(shares, key=lambda one: (-one.amount, one.account))


async def _points(s: AsyncSession, pool: Pool) -> tuple[dict[int, int], dict[int, str]]:
    """Person -> what they earned in its days less what was taken back in them, where anything is left;
    and their accounts."""
    since, until = [datetime.combine(day, time(), UTC) for day in (pool.since, pool.until)]
    points: Counter[int] = Counter()
    accounts: dict[int, str] = {}
    earned = await books.earned(s, since, until, list(Earning), DAILY)
    back = await books.taken_back(s, since, until, list(Earning), Booking.REVERSED)
    for sign, found in ((1, earned), (-1, back)):
        for one in found:
            if one.person_id is not None:
                points[one.person_id] += sign * one.amount
                known = accounts.setdefault(one.person_id, one.account)
                accounts[one.person_id] = min(known, one.account)
    accounts |= await ledger.names(s, points)  # of two who are one, the first's
    return {who: number for who, number in points.items() if number > 0}, accounts


def _unit(typed: str, known: list[str]) -> str:
    """A unit as it was written the first time. Raises ``Refused``."""
    unit = clean(typed)
    if len(unit) > UNIT_LIMIT or not re.fullmatch(r"[^\W\d_][\w .-]*", unit):
        raise Refused(f"A unit is a few words of at most {UNIT_LIMIT} letters, such as EUR cent.")
    if unit.casefold() in {CREDIT, f"{CREDIT}s"}:
        raise Refused("Credit is nothing that could be paid; name a unit such as EUR cent.")
    return next((one for one in known if one.casefold() == unit.casefold()), unit)


# ── what time alone does ─────────────────────────────────────────────────────────────────


async def close_due(db: Db) -> None:
    """Split the pools whose time as a proposal is over."""
    async with db.read() as s:
        due = await pools.due(s)
    for pool_id in due:
        async with db.begin() as s:
            await ledger.hold(s)
            pool = await pools.get(s, pool_id)
            if pool is None or pool.closed_at is not None:
                continue
            if not await days.before(
                s, pool.until, 1
            ):  # else the books of its days are not complete
                await _close(s, pool)


async def _close(s: AsyncSession, pool: Pool) -> None:
    """Book the shares; where nobody takes part, all of it is left over."""
    pool.closed_at = utcnow()
    amounts = {(await ledger.studios(s, account(pool), pool.unit)).id: -pool.amount}
    for share in await split(s, pool):
        if share.amount:
            mine = await ledger.account_of(s, share.person_id, pool.unit)
            amounts[mine.id] = share.amount
            s.add(
                PoolShare(
                    pool_id=pool.id,
                    account_id=mine.id,
                    person_id=share.person_id,
                    points=share.points,
                    amount=share.amount,
                )
            )
    if len(amounts) == 1:
        amounts[(await ledger.studios(s, LEFT_OVER, pool.unit)).id] = pool.amount
    await s.flush()
    await _book(s, pool.id, Booking.POOL_SPLIT, amounts)


async def return_unclaimed(db: Db) -> None:
    """Put aside for the next pool what nobody has claimed in time."""
    before = utcnow() - CLAIMED_WITHIN
    async with db.read() as s:
        if not await pools.unclaimed(s, before):
            return
    async with db.begin() as s:
        await ledger.hold(s)
        for share, unit in await pools.unclaimed(s, before):
            left = await ledger.studios(s, LEFT_OVER, unit)
            share.returned_at = utcnow()
            await _move(s, share, left.id, Booking.UNCLAIMED)


# ── after it was split ───────────────────────────────────────────────────────────────────


async def pay(db: Db, pool_id: int, named: str) -> tuple[PoolShare, str]:
    """Write down that whoever has this account was paid their share, which is returned with its unit.
    Raises ``Refused``."""
    async with db.begin() as s:
        await ledger.hold(s)
        pool = await pools.get(s, pool_id)
        shares = {name: one for one, name in await pools.shares(s, pool_id)} if pool else {}
        if pool is None or named not in shares:
            raise Refused(f"Account {named} has no share in a pool {pool_id}.")
        share = shares[named]
        if share.returned_at is not None:
            raise Refused("This share wasn't claimed in time and is left over.")
        if share.claimed_at is None:
            raise Refused("This share isn't claimed yet.")
        if share.paid_at is not None:
            raise Refused("This share is paid already.")
        share.paid_at = utcnow()
        paid = await ledger.studios(s, PAID_OUT, pool.unit)
        await _move(s, share, paid.id, Booking.PAID_OUT)
        return share, pool.unit


async def _move(s: AsyncSession, share: PoolShare, to: int, kind: Booking) -> None:
    await s.flush()
    amounts = {share.account_id: -share.amount, to: share.amount}
    await _book(s, share.pool_id, kind, amounts, f":{share.account_id}")


async def _book(
    s: AsyncSession, pool_id: int, kind: Booking, amounts: Mapping[int, int], whose: str = ""
) -> None:
    """Raises ``Refused`` where the ledger has it already, which outlives the table of pools."""
    key = f"{kind}:{pool_id}{whose}"
    if await ledger.book(s, key, kind, amounts, reference=str(pool_id)) is None:
        raise Refused(f"{key} is booked already, for another pool of this number.")
