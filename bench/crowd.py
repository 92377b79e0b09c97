"""A studio of some years, planted: a million clips, ten million votes, and what belongs to them.

What is planted is so as the studio's own verbs leave it: rows of jobs that were published and whose
ballots have closed, with clips, votes, reviews, events that were told, posts, the record and a ledger
whose chain verifies. SQLite only: the rows are drawn by the database itself.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from functools import reduce
from typing import Any

from sqlalchemy import CTE, ColumnElement, func, insert, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from bench.engines import NOTHING
from bench.report import say
from db import jobs, ledger
from db.chain import GENESIS
from db.ledger import Booked
from db.models import (
    Account,
    Clip,
    Event,
    Job,
    MonthBooked,
    Person,
    Post,
    Posting,
    Review,
    Telling,
    Transaction,
    Vote,
    utcnow,
)
from db.session import Db
from db.states import Kind, Purpose, Status, Verdict
from moderation.plan import plan
from moderation.wish import Request, Wish

CLIPS = 4
VOTES = 40
"""On each job."""
PEOPLE = 10_000
AT_ONCE = 10_000
KINDS = (Kind.SUBMITTED, Kind.CLAIMED, Kind.FINISHED, Kind.APPROVED, Kind.BALLOT_CLOSED)
"""What has happened to each job."""


async def plant(db: Db, count: int) -> None:
    """So many published jobs, each with four clips and forty votes. The tables must be empty."""
    async with db.begin() as s:
        s.add_all(Person(id=number, name=f"Artist {number}") for number in range(1, PEOPLE + 1))
        await s.flush()
        s.add_all(
            Account(name=f"p-{number:012x}", unit=ledger.CREDIT, person_id=number)
            for number in range(1, PEOPLE + 1)
        )
        await ledger.studios(s, "studio")
        await _pattern(s)
    for first in range(2, count + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, count)
        say(f"crowd: {last:,} of {count:,} jobs")
        async with db.begin() as s:
            await _jobs(s, first, last)
    async with db.begin() as s:
        await _transactions(s, count)


async def _pattern(s: AsyncSession) -> None:
    """The first job, of which all others are copies with numbers and people of their own."""
    wish = Wish("a red circle drifting left over a blue background")
    job = plan(wish, Request("crowd-1", "web"), 1, [NOTHING.offer])
    job.status, job.winner = Status.PUBLISHED, 1
    job.finished_at = job.published_at = job.ballot_closes_at = utcnow() - timedelta(days=400)
    job_id = await jobs.add(s, job)
    for number in range(1, CLIPS + 1):
        key = f"{number:064x}"
        s.add(
            Clip(
                job_id=job_id, number=number, seed=number, bytes=1000, shown=True, signed=True,
                shown_since=job.published_at, elsewhere=True,
                screened=True, video_key=f"{key}.mp4", poster_key=f"{key}.jpg",
                preview_key=f"{key}.webp",
            )
        )  # fmt: skip
    await s.flush()


async def _jobs(s: AsyncSession, first: int, last: int) -> None:
    numbers = _numbers(first, last)
    n: ColumnElement[int] = numbers.c.i
    artist = n % PEOPLE + 1
    await _copy(
        s,
        Job,
        {"id": n, "person_id": artist, "request_key": _text("crowd-", n)},
        col(Job.id) == 1,
        numbers,
    )
    await _copy(s, Clip, {"job_id": n}, col(Clip.job_id) == 1, numbers)
    voters = _numbers(1, VOTES, "voters")
    voter = (n * 7 + voters.c.i * 13) % PEOPLE + 1
    vote = {
        "job_id": n,
        "person_id": voter,
        "clip": voters.c.i % CLIPS + 1,
        "at": literal(utcnow()),
    }
    await _draw(s, Vote, vote, numbers, voters)
    moderator = n % 20 + 1
    await _draw(
        s,
        Review,
        {
            "job_id": n, "person_id": moderator, "round": literal(1), "of_appeal": literal(False),
            "alone": literal(False),
            "credited": literal(True), "verdict": _one(Review.verdict, Verdict.APPROVE),
            "sentence": literal(""), "clips": _one(Review.clips, []), "at": literal(utcnow()),
        },
        numbers,
    )  # fmt: skip
    for number, kind in enumerate(KINDS):
        event_id = n * len(KINDS) + number
        row = {
            "id": event_id, "job_id": n, "person_id": artist, "kind": _one(Event.kind, kind),
            "detail": _one(Event.detail, {}), "at": literal(utcnow()), "booked": literal(True),
            "chronicled_at": literal(utcnow()),
        }  # fmt: skip
        await _draw(s, Event, row, numbers)
        told = {"not_before": literal(utcnow()), "told_at": literal(utcnow())}
        told |= {"tries": literal(1), "error": literal(""), "room": literal("web")}
        await _draw(s, Telling, {"event_id": event_id, "job_id": n, **told}, numbers)
    for purpose, place in {
        Purpose.RESULT: _text("mine:", artist),
        Purpose.REVIEW: literal("review"),
        Purpose.SHOWCASE: literal("showcase"),
    }.items():
        await _draw(
            s,
            Post,
            {
                "room": literal("web"), "place": place, "purpose": _one(Post.purpose, purpose),
                "job_id": n, "message": _text(f"{purpose.value}-", n), "digest": literal("planted"),
                "created_at": literal(utcnow()), "painted_at": literal(utcnow()),
            },
            numbers,
        )  # fmt: skip


async def _transactions(s: AsyncSession, count: int) -> None:
    """Two for each job: its artist's, and its moderator's."""
    chance = random.Random(7)  # noqa: S311  # no secret
    await s.flush()
    rows = await s.execute(select(col(Account.person_id), col(Account.id), col(Account.name)))
    known = {person: (account, name) for person, account, name in rows.all()}
    previous, at = GENESIS, utcnow()
    sums: Counter[str] = Counter()
    booked: list[dict[str, Any]] = []
    posted: list[dict[str, Any]] = []
    for number in range(1, 2 * count + 1):
        job = (number + 1) // 2
        who, kind = (job % PEOPLE + 1, "approved") if number % 2 else (job % 20 + 1, "reviewed")
        amount = chance.randrange(1, 20)
        (account, name), (studio, _) = known[who], known[None]
        postings = tuple(
            sorted([(name, ledger.CREDIT, amount), ("studio", ledger.CREDIT, -amount)])
        )
        made = Booked(number, f"{kind}:{job}", kind, job, "", 1, at, postings, previous, "")
        row = asdict(replace(made, hash=made.seal()))
        row["job_id"] = row.pop("job")
        del row["postings"]
        booked.append(row)
        sums[kind] += amount
        previous = row["hash"]
        posted.append({"transaction_id": number, "account_id": account, "amount": amount})
        posted.append({"transaction_id": number, "account_id": studio, "amount": -amount})
        if len(booked) == AT_ONCE or number == 2 * count:
            await s.execute(insert(Transaction), booked)
            await s.execute(insert(Posting), posted)
            booked, posted = [], []
    held = select(func.sum(Posting.amount)).where(col(Posting.account_id) == col(Account.id))
    await s.execute(update(Account).values(balance=func.coalesce(held.scalar_subquery(), 0)))
    month = ledger.month_of(at)
    s.add_all(MonthBooked(month=month, kind=kind, amount=amount) for kind, amount in sums.items())


# ── rows that the database draws ─────────────────────────────────────────────────────────


def _numbers(first: int, last: int, name: str = "numbers") -> CTE:
    """All whole numbers from the first to the last."""
    count = select(literal(first).label("i")).cte(name, recursive=True)
    return count.union_all(select(count.c.i + 1).where(count.c.i < last))


def _text(before: str, number: ColumnElement[int]) -> ColumnElement[str]:
    return literal(before).op("||")(number)


def _one(column: Any, value: Any) -> ColumnElement[Any]:
    """A value as its column stores it."""
    return literal(value, column.type)


async def _draw(s: AsyncSession, model: type[SQLModel], row: dict[str, Any], *of: Any) -> None:
    """A row for each of these numbers, and for each pair where there are two of them."""
    first, *more = of
    together = reduce(lambda found, other: found.join(other, true()), more, first)
    drawn = select(*row.values()).select_from(together)
    await s.execute(insert(model).from_select(list(row), drawn, include_defaults=False))


async def _copy(
    s: AsyncSession, model: type[SQLModel], row: dict[str, Any], of: ColumnElement[bool], n: Any
) -> None:
    """What there is of the pattern, with other values in some columns."""
    table = model.__table__  # type: ignore[attr-defined]  # SQLModel doesn't declare it
    pattern = select(table).where(of).subquery()
    whole = {column.name: row.get(column.name, pattern.c[column.name]) for column in table.columns}
    await _draw(s, model, whole, pattern, n)
