"""Books what people earn by what has happened: once for each event, whoever asks and however often.

Each event that may earn something waits to be booked; booking it and marking it is one transaction, so
a process that is killed in between has done nothing, and two that book at once do it once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import books, ledger, links, parts, people, reviews
from db.ledger import CREDIT, Booked
from db.links import LINKS
from db.models import Event, Job
from db.session import Db, alongside
from db.states import Kind, Task
from moderation import credit, days
from moderation.credit import ISSUED, Booking, Earning

BATCH = 100
LONGEST = 50
"""So many parents are looked at; a long row of variations is no generation."""
MOST = 100
"""So many of a job's own transactions; each time that it goes up or comes down makes two."""
WRITTEN_OFF = "written_off"
"""The studio's account of what it can't take back."""

log = structlog.get_logger()


async def keep_books(db: Db) -> int:
    """Book what waits, oldest first, up to a batch; says how many events that were."""
    async with db.read() as s:
        waiting = select(col(Event.id)).where(~col(Event.booked)).order_by(col(Event.id))
        ids = (await s.scalars(waiting.limit(BATCH))).all()
    for event_id in ids:
        async with db.begin() as s:
            # Before the books: who link change reviews and then book, this does it the other way round.
            await alongside(s, LINKS)
            await ledger.hold(s)
            event = await s.get_one(Event, event_id, populate_existing=True)
            if not event.booked:
                await _book(s, event)
                event.booked = True
    return len(ids)


async def reverse(s: AsyncSession, booked: Booked, kind: Booking = Booking.REVERSED) -> int | None:
    """Book the contrary of a transaction; what somebody has already passed on is written off."""
    whose = {account.name: account for account in await books.touched(s, booked.id)}
    amounts: dict[int, int] = {}
    short = 0
    for name, unit, amount in booked.postings:
        account = whose[name]
        if account.person_id is not None:  # who was linked since has it on the account of the other
            account = await ledger.account_of(s, await links.now(s, account.person_id), unit)
        held = account.balance + amounts.get(account.id, 0)
        back = -amount if account.own else max(-amount, -held)
        short += -amount - back
        amounts[account.id] = amounts.get(account.id, 0) + back
    amounts = {account_id: back for account_id, back in amounts.items() if back}
    if short:
        unit = booked.postings[0][1]
        lost = await ledger.studios(s, WRITTEN_OFF, unit)
        amounts[lost.id] = amounts.get(lost.id, 0) + short
    return await ledger.book(
        s,
        f"reversed:{booked.id}",
        kind,
        amounts,
        job_id=booked.job,
        reference=str(booked.id),
    )


async def bring(s: AsyncSession, second_id: int, first_id: int, code: str) -> None:
    """Two persons are one by this code: the credit that the second has is the first's.

    Shares of pools stay where they were booked; whoever the two are now claims them.
    """
    await ledger.hold(s)
    has = await ledger.balance(s, second_id)
    if has:
        theirs, mine = [await ledger.account_of(s, one) for one in (second_id, first_id)]
        key = f"{Booking.LINKED}:{code}:{CREDIT}"
        await ledger.book(s, key, Booking.LINKED, {theirs.id: -has, mine.id: has})


async def give_back(s: AsyncSession, code: str) -> None:
    """They are two again: the second has again what they brought, as far as it is still there."""
    await ledger.hold(s)
    for brought in await books.under(s, f"{Booking.LINKED}:{code}:"):
        accounts = {account.name: account for account in await books.touched(s, brought.id)}
        (second, amount), (first, _) = sorted(
            ((accounts[name], -amount) for name, _, amount in brought.postings),
            key=lambda one: -one[1],
        )
        amount = min(amount, first.balance)
        if amount:
            key = f"{Booking.UNLINKED}:{brought.id}"
            amounts = {first.id: -amount, second.id: amount}
            await ledger.book(s, key, Booking.UNLINKED, amounts, reference=str(brought.id))


async def _book(s: AsyncSession, event: Event) -> None:
    job = await s.get_one(Job, event.job_id)
    match event.kind:
        case Kind.FINISHED:
            await _rendered(s, event, job)
        case Kind.APPROVED | Kind.OVERTURNED | Kind.REINSTATED:
            await _reviewed(s, event, job)
            await _shown(s, event, job)
        case Kind.REJECTED | Kind.UPHELD | Kind.UNBLOCKED:
            await _reviewed(s, event, job)
        case Kind.TAKEN_DOWN:
            await _reviewed(s, event, job)
            for booked in await standing(s, job.id):
                await reverse(s, booked)
        case Kind.BALLOT_CLOSED if job.winner:
            won = await _shared(s, job, credit.table().won)
            await _earn(s, f"won:{job.id}", Earning.WON, won, job)


async def _rendered(s: AsyncSession, event: Event, job: Job) -> None:
    owner = str(event.detail.get("owner", ""))
    parts = owner.split(":", 2)
    if len(parts) != 3:
        return
    person_id = await people.find(s, *parts)
    if person_id is None:
        log.warning("worker.owner_unknown", job=job.id, owner=owner)
        return
    if person_id != job.person_id:
        seconds = credit.table().seconds(event.detail.get("seconds") or 0)
        await days.rendered(s, person_id, seconds)


async def _shown(s: AsyncSession, event: Event, job: Job) -> None:
    """Its artist and those whose work it grew out of; a job that comes back after it was taken down
    earns once more what was taken back then."""
    if job.task is Task.REEL or await standing(s, job.id):
        return  # a reel shows what has earned before
    earned = await _shared(s, job, credit.table().approved)
    await _earn(s, f"approved:{event.id}", Earning.APPROVED, earned, job)
    shares = credit.shares(job, await _ancestors(s, job), credit.table())
    if shares:
        await _earn(s, f"remixed:{event.id}", Earning.REMIXED, shares, job)


async def _shared(s: AsyncSession, job: Job, amount: int) -> dict[int, int]:
    """What a job earns, for its artist, or for all whose clips are in it."""
    return credit.split(amount, sorted(await parts.artists(s, job.id)) or [job.person_id])


async def _reviewed(s: AsyncSession, event: Event, job: Job) -> None:
    """Everybody who had a say in the round that was decided, whatever they said."""
    given = [review for review in await reviews.of(s, job.id) if review.at <= event.at]
    round = max((review.round for review in given), default=0)
    decided = [review for review in given if review.round == round]
    known = {review.person_id for review in decided if review.credited}
    said = {review.person_id for review in decided}
    for person_id in sorted(said - known - await people.leaving(s, said)):
        await days.reviewed(s, person_id)
    for review in decided:
        review.credited = True


async def _earn(
    s: AsyncSession, key: str, kind: Earning, earned: Mapping[int, int], job: Job
) -> None:
    """``earned``: person -> how much; it comes from what the studio issues. Who left earns no more."""
    gone = await people.leaving(s, earned)
    earned = {person_id: amount for person_id, amount in earned.items() if person_id not in gone}
    if not earned:
        return
    amounts = {
        (await ledger.account_of(s, person_id)).id: amount for person_id, amount in earned.items()
    }
    issued = await ledger.studios(s, ISSUED)
    amounts[issued.id] = -sum(earned.values())
    version = credit.table().version
    await ledger.book(s, key, kind, amounts, job_id=job.id, table_version=version)


async def tips(s: AsyncSession, job_ids: Collection[int]) -> dict[int, int]:
    """How many credits viewers have given for each of these jobs, and not taken back; those without
    are absent."""
    given = await books.times(s, job_ids, Booking.TIP)
    back = await books.times(s, given, Booking.TIP_BACK) if given else {}
    return {job_id: number - back.get(job_id, 0) for job_id, number in given.items()}


async def tipped(s: AsyncSession, job_id: int, person_id: int) -> bool:
    """Whether somebody has given a tip for somebody else's job that they may take back."""
    kinds = (Booking.TIP, Booking.TIP_BACK)
    newest = await books.newest(s, person_id=person_id, job_id=job_id, kinds=kinds, limit=1)
    return bool(newest) and newest[0].kind == Booking.TIP


async def standing(s: AsyncSession, job_id: int) -> list[Booked]:
    """What the showing of a job has earned people, and wasn't reversed."""
    shown = (Earning.APPROVED, Earning.REMIXED)
    about = await books.newest(s, job_id=job_id, kinds=(*shown, Booking.REVERSED), limit=MOST)
    gone = {booked.reference for booked in about if booked.kind == Booking.REVERSED}
    return [b for b in about if b.kind in shown and str(b.id) not in gone]


async def _ancestors(s: AsyncSession, job: Job) -> list[Job]:
    found: list[Job] = []
    while job.parent_id is not None and len(found) < LONGEST:
        job = await s.get_one(Job, job.parent_id)
        found.append(job)
    return found
