"""The ledger as it is read: pages of it, all of it, and whose an account is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.chain import GENESIS
from db.ledger import CREDIT, Booked
from db.models import Account, Link, MonthBooked, Posting, Transaction

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Earned:
    """What somebody has earned by one kind of thing."""

    person_id: int | None
    """Who they are now; None for all who were forgotten."""
    account: str
    """The name of their account, by the alphabet the first where they have several."""
    kind: str
    amount: int


async def head(s: AsyncSession) -> tuple[int, str]:
    """The number and the hash of the newest transaction; 0 and zeros where there is none."""
    newest = select(col(Transaction.id), col(Transaction.hash)).order_by(col(Transaction.id).desc())
    row = (await s.execute(newest.limit(1))).first()
    return (row[0], row[1]) if row else (0, GENESIS)


async def newest(
    s: AsyncSession,
    *,
    before: int | None = None,
    account: str | None = None,
    person_id: int | None = None,
    job_id: int | None = None,
    kinds: Collection[str] = (),
    limit: int = 50,
) -> list[Booked]:
    """Transactions, newest first: of an account or a person, or about a job,
    and of some kinds; ``before``: an id."""
    query = select(Transaction).order_by(col(Transaction.id).desc()).limit(limit)
    if before is not None:
        query = query.where(col(Transaction.id) < before)
    if job_id is not None:
        query = query.where(col(Transaction.job_id) == job_id)
    if kinds:
        query = query.where(col(Transaction.kind).in_(kinds))
    if account is not None or person_id is not None:
        whose = col(Account.name) == account if account else col(Account.person_id) == person_id
        ids = (await s.scalars(select(col(Account.id)).where(whose))).all()
        touching = select(col(Posting.transaction_id)).where(col(Posting.account_id).in_(ids))
        if before is not None:
            touching = touching.where(col(Posting.transaction_id) < before)
        if job_id is None and not kinds:
            # Cut here, where an index helps: some accounts are touched by almost all there is.
            touching = touching.order_by(col(Posting.transaction_id).desc()).limit(limit)
        query = query.where(col(Transaction.id).in_(touching))
    return await _whole(s, query)


async def following(s: AsyncSession, after: int) -> list[Booked]:
    """The next batch of transactions after this id, oldest first."""
    query = select(Transaction).where(col(Transaction.id) > after).order_by(col(Transaction.id))
    return await _whole(s, query.limit(BATCH))


async def oldest(s: AsyncSession, after: int = 0) -> AsyncIterator[Booked]:
    """Every transaction from there on, oldest first, a batch at a time."""
    while batch := await following(s, after):
        for booked in batch:
            yield booked
        after = batch[-1].id


async def _whole(s: AsyncSession, query: Select[Any]) -> list[Booked]:
    rows = (await s.scalars(query.execution_options(populate_existing=True))).all()
    found = await s.execute(
        select(
            col(Posting.transaction_id), col(Account.name), col(Account.unit), col(Posting.amount)
        )
        .join(Account, col(Account.id) == col(Posting.account_id))
        .where(col(Posting.transaction_id).in_([row.id for row in rows]))
    )
    postings: dict[int, list[tuple[str, str, int]]] = {}
    for number, name, unit, amount in found.all():
        postings.setdefault(number, []).append((name, unit, amount))
    return [
        Booked(
            row.id,
            row.key,
            row.kind,
            row.job_id,
            row.reference,
            row.table_version,
            row.at,
            tuple(sorted(postings.get(row.id, ()))),
            row.previous,
            row.hash,
        )
        for row in rows
    ]


async def under(s: AsyncSession, key: str) -> list[Booked]:
    """The transactions whose keys begin so."""
    return await _whole(s, select(Transaction).where(col(Transaction.key).startswith(key)))


async def times(s: AsyncSession, job_ids: Collection[int], kind: str) -> dict[int, int]:
    """How often something of a kind was booked about each of these jobs; those without are absent."""
    count = select(col(Transaction.job_id), func.count()).group_by(col(Transaction.job_id))
    about = count.where(col(Transaction.job_id).in_(job_ids), col(Transaction.kind) == kind)
    return {job_id: number for job_id, number in (await s.execute(about)).all() if job_id}


async def accounts(s: AsyncSession, person_id: int) -> Sequence[Account]:
    """What a person has, of every unit."""
    found = select(Account).where(col(Account.person_id) == person_id).order_by(col(Account.unit))
    return (await s.scalars(found.execution_options(populate_existing=True))).all()


async def touched(s: AsyncSession, transaction_id: int) -> Sequence[Account]:
    """The accounts that a transaction has changed, as they are now."""
    found = await s.scalars(
        select(Account)
        .join(Posting, col(Posting.account_id) == col(Account.id))
        .where(col(Posting.transaction_id) == transaction_id)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def holders(s: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """Account -> person, of those that belong to somebody."""
    rows = await s.execute(
        select(col(Account.name), col(Account.person_id)).where(
            col(Account.name).in_(names), col(Account.person_id).is_not(None)
        )
    )
    return {name: person_id for name, person_id in rows.all() if person_id is not None}


async def sums(s: AsyncSession) -> dict[tuple[str, str], int]:
    """(account's name, unit) -> its balance as it is kept."""
    rows = await s.execute(select(col(Account.name), col(Account.unit), col(Account.balance)))
    return {(name, unit): held for name, unit, held in rows.all()}


async def months(s: AsyncSession, month: str = "") -> dict[tuple[str, str], int]:
    """(month, kind) -> what people's credit grew by, as it is kept; of one month or of all."""
    query = select(col(MonthBooked.month), col(MonthBooked.kind), col(MonthBooked.amount))
    if month:
        query = query.where(col(MonthBooked.month) == month)
    return {(at, kind): amount for at, kind, amount in (await s.execute(query)).all()}


async def studios(s: AsyncSession) -> set[str]:
    """The names of the studio's own accounts."""
    return set(await s.scalars(select(col(Account.name)).where(col(Account.own))))


async def earned(
    s: AsyncSession,
    since: datetime,
    until: datetime,
    kinds: Collection[str],
    daily: Collection[str] = (),
) -> list[Earned]:
    """What people have earned in this time by these kinds of things, by when it was booked; of the
    ``daily`` ones, whose reference is a day, what is of a day in it."""
    at, day = col(Transaction.at), col(Transaction.reference)
    by_day = col(Transaction.kind).in_(daily) & (day != "")
    in_it = (day >= since.date().isoformat()) & (day < until.date().isoformat())
    return await _earned(
        s,
        at >= since,  # a day is booked after it has begun
        (by_day & in_it) | (~by_day & (at < until)),
        col(Transaction.kind).in_(kinds),
    )


async def taken_back(
    s: AsyncSession, since: datetime, until: datetime, kinds: Collection[str], reversal: str
) -> list[Earned]:
    """What they have earned so, at any time, and was reversed in this time.

    ``reversal``: the kind of the transactions that do it, whose reference is what they reverse.
    """
    found = await s.scalars(
        select(col(Transaction.reference)).where(
            col(Transaction.at) >= since,
            col(Transaction.at) < until,
            col(Transaction.kind) == reversal,
        )
    )
    ids = sorted(map(int, found.all()))
    back: list[Earned] = []
    for batch in (ids[at : at + BATCH] for at in range(0, len(ids), BATCH)):
        back += await _earned(s, col(Transaction.id).in_(batch), col(Transaction.kind).in_(kinds))
    return back


async def _earned(s: AsyncSession, *which: ColumnElement[bool]) -> list[Earned]:
    whose = func.coalesce(col(Link.person_id), col(Account.person_id))
    found = await s.execute(
        select(
            whose,
            func.min(Account.name),
            col(Transaction.kind),
            func.sum(Posting.amount),
        )
        .join(Posting, col(Posting.transaction_id) == col(Transaction.id))
        .join(Account, col(Account.id) == col(Posting.account_id))
        .outerjoin(Link, col(Link.second_id) == col(Account.person_id))
        .where(~col(Account.own), col(Account.unit) == CREDIT, *which)
        .group_by(whose, col(Transaction.kind))
    )
    return [Earned(who, name, kind, int(amount)) for who, name, kind, amount in found.all()]
