"""The whole ledger as a file, oldest first, with the hash of its head; a piece at a time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from bot import csv_lines as as_csv
from db import books
from db.ledger import Booked, moment
from db.session import Db

COLUMNS = (
    "transaction",
    "at",
    "kind",
    "job",
    "reference",
    "table_version",
    "account",
    "unit",
    "amount",
    "key",
    "hash",
)


@dataclass(frozen=True, slots=True)
class Head:
    """How many transactions there are, and the hash of the last one."""

    id: int
    hash: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The JSON of the whole ledger."""

    head: Head
    transactions: list[Booked]


async def json_lines(db: Db) -> AsyncIterator[str]:
    """One ``Ledger``."""
    async with db.read() as s:
        count, head = await books.head(s)
    yield f'{{"head": {json.dumps(asdict(Head(count, head)))}, "transactions": ['
    async for booked in _up_to(db, count):
        yield f"{',' if booked.id > 1 else ''}\n{json.dumps(as_data(booked), ensure_ascii=False)}"
    yield "\n]}\n"


async def csv_lines(db: Db) -> AsyncIterator[str]:
    """A line for each posting; the last one's hash is the head."""
    async with db.read() as s:
        count, _ = await books.head(s)
    yield as_csv.lines([COLUMNS])
    async for booked in _up_to(db, count):
        for account, unit, amount in booked.postings:
            first = (booked.id, moment(booked.at), booked.kind, booked.job, booked.reference)
            more = (booked.table_version, account, unit, amount, booked.key, booked.hash)
            yield as_csv.lines([(*first, *more)])


async def _up_to(db: Db, count: int) -> AsyncIterator[Booked]:
    """What there was when it was asked for. Read in pieces, so that whoever takes it slowly holds
    nothing up; what is booked doesn't change meanwhile."""
    after = 0
    while after < count:
        async with db.read() as s:
            batch = await books.following(s, after)
        for booked in batch:
            if booked.id <= count:
                yield booked
        after = batch[-1].id


def as_data(booked: Booked) -> dict[str, object]:
    """A transaction as it is hashed, with the hash before it and its own."""
    return {**asdict(booked), "at": moment(booked.at)}
