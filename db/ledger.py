"""The ledger: who has how much credit, and every transaction that made it so.

Whoever books holds off everybody else who does, until the commit: each transaction is hashed with the
one before. So it is the last thing that a verb does, or a transaction of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.chain import GENESIS, canonical, digest
from db.models import Account, MonthBooked, Posting, Transaction, utcnow
from db.session import one_at_a_time
from db.upsert import upsert

CREDIT = "credit"


class Overdrawn(Exception):
    """Somebody hasn't got what they would give."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A transaction as it is hashed: everything by value, accounts by their names."""

    id: int
    key: str
    kind: str
    job: int | None
    reference: str
    table_version: int
    at: datetime
    postings: tuple[tuple[str, str, int], ...]
    """(account's name, unit, amount), by name."""
    previous: str
    hash: str

    def seal(self) -> str:
        """The SHA-256 of the hash before and of all that the rows say, as canonical JSON."""
        said = {
            "id": self.id,
            "key": self.key,
            "kind": self.kind,
            "job": self.job,
            "reference": self.reference,
            "table_version": self.table_version,
            "at": moment(self.at),
            "postings": [list(posting) for posting in self.postings],
        }
        return digest(self.previous, canonical(said))


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def month_of(at: datetime) -> str:
    """Such as 2026-11, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m}"


# ── accounts ─────────────────────────────────────────────────────────────────────────────


async def account_of(s: AsyncSession, person_id: int, unit: str = CREDIT) -> Account:
    """A person's account, opened on first use under a name that says nothing about them, the same for
    each unit."""
    named = (await names(s, [person_id])).get(person_id) or f"p-{secrets.token_hex(6)}"
    opened = upsert(s, Account).values(
        name=named, unit=unit, person_id=person_id, own=False, balance=0
    )
    await s.execute(opened.on_conflict_do_nothing())
    found = select(Account).where(col(Account.person_id) == person_id, col(Account.unit) == unit)
    return (await s.scalars(found)).one()


async def names(s: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    """Person -> the name of their account of credit; those without one are absent."""
    of_credit = (col(Account.unit) == CREDIT, col(Account.person_id).in_(ids))
    rows = await s.execute(select(col(Account.person_id), col(Account.name)).where(*of_credit))
    return {person_id: name for person_id, name in rows.all() if person_id is not None}


async def studios(s: AsyncSession, name: str, unit: str = CREDIT) -> Account:
    """One of the studio's own accounts, e.g. the one that credit comes from."""
    opened = upsert(s, Account).values(name=name, unit=unit, own=True, balance=0)
    await s.execute(opened.on_conflict_do_nothing())
    found = select(Account).where(col(Account.name) == name, col(Account.unit) == unit)
    return (await s.scalars(found)).one()


async def balance(s: AsyncSession, person_id: int, unit: str = CREDIT) -> int:
    held = select(col(Account.balance)).where(
        col(Account.person_id) == person_id, col(Account.unit) == unit
    )
    return await s.scalar(held) or 0


async def held(s: AsyncSession, name: str) -> list[tuple[str, int]]:
    """(unit, balance) of the accounts with this name."""
    found = select(col(Account.unit), col(Account.balance)).where(col(Account.name) == name)
    return [(unit, number) for unit, number in (await s.execute(found)).all()]


# ── booking ──────────────────────────────────────────────────────────────────────────────


async def hold(s: AsyncSession) -> None:
    """Hold off everybody else who books, before what is booked is decided by what is there."""
    await one_at_a_time(s, "ledger")


async def book(
    s: AsyncSession,
    key: str,
    kind: str,
    amounts: Mapping[int, int],
    *,
    job_id: int | None = None,
    reference: str = "",
    table_version: int = 0,
) -> int | None:
    """Book what each account (by id) gains or loses; the transaction's id, None if the key was there.

    Raises ``ValueError`` for amounts that are nothing or don't sum to zero in each unit, and
    ``Overdrawn`` if a person would owe something.
    """
    await hold(s)
    if await find(s, key) is not None:
        return None
    rows = await s.scalars(select(Account).where(col(Account.id).in_(amounts)))
    touched = {account.id: account for account in rows}
    _balanced(amounts, touched)
    last = (
        await s.execute(
            select(col(Transaction.id), col(Transaction.hash))
            .order_by(col(Transaction.id).desc())
            .limit(1)
        )
    ).first()
    number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    at = utcnow()
    postings = tuple(
        sorted((touched[i].name, touched[i].unit, amount) for i, amount in amounts.items())
    )
    booked = Booked(
        number, key, kind, job_id, reference, table_version, at, postings, previous, hash=""
    )
    s.add(
        Transaction(
            id=number,
            key=key,
            kind=kind,
            job_id=job_id,
            reference=reference,
            table_version=table_version,
            at=at,
            previous=previous,
            hash=booked.seal(),
        )
    )
    await s.flush()
    s.add_all(
        Posting(transaction_id=number, account_id=account_id, amount=amount)
        for account_id, amount in amounts.items()
    )
    for account_id, amount in sorted(amounts.items()):
        await _change(s, account_id, amount)
    of_people = [a for a in touched.values() if not a.own and a.unit == CREDIT]
    await _count(s, month_of(at), kind, sum(amounts[account.id] for account in of_people))
    return number


def _balanced(amounts: Mapping[int, int], touched: Mapping[int, Account]) -> None:
    sums: dict[str, int] = {}
    for account_id, amount in amounts.items():
        unit = touched[account_id].unit
        sums[unit] = sums.get(unit, 0) + amount
    if not amounts or 0 in amounts.values() or any(sums.values()):
        raise ValueError(f"these amounts are no transaction: {dict(amounts)}")


async def _change(s: AsyncSession, account_id: int, amount: int) -> None:
    changed = await s.execute(
        update(Account)
        .where(
            col(Account.id) == account_id,
            col(Account.own) | (col(Account.balance) + amount >= 0),
        )
        .values(balance=Account.balance + amount)
        .returning(col(Account.id))
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        raise Overdrawn


async def _count(s: AsyncSession, month: str, kind: str, amount: int) -> None:
    if amount:
        new = upsert(s, MonthBooked).values(month=month, kind=kind, amount=amount)
        added = {"amount": col(MonthBooked.amount) + new.excluded.amount}
        await s.execute(new.on_conflict_do_update(index_elements=["month", "kind"], set_=added))


async def find(s: AsyncSession, key: str) -> int | None:
    """The id of the transaction with this key."""
    return await s.scalar(select(col(Transaction.id)).where(col(Transaction.key) == key))
