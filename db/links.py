"""Links: two persons who are one. All that the second has becomes the first's, and is remembered.

Every other table knows only whose a row is now, so nothing else has to know of links. Whoever links or
parts two is the only one who does at that moment, and alone with the second person (``one_at_a_time``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import chains, clips, consents, duty
from db.models import Code, Guess, Identity, Job, Link, Person, Report, Review, Vote, utcnow
from db.states import WAITING_FOR_REVIEW, Status
from db.upsert import upsert

LINKS = "links"
"""What whoever links, parts or forgets people is alone with (``session.one_at_a_time``)."""
CODE_LASTS = timedelta(minutes=10)
GUESSES_COUNT = timedelta(minutes=10)
AT_ONCE = 1000
"""Ids in one statement; databases take only so many."""

Opinion = type[Vote] | type[Report]
"""Of which a person has at most one on a job."""
QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Merged:
    """What a link has changed."""

    touched: frozenset[int]
    """The jobs of which anything changed hands or went."""
    votes: frozenset[int]
    reports: frozenset[int]
    """The jobs on which one of these went: of two on one job the older, and what was on one's own."""


async def now(s: AsyncSession, person_id: int) -> int:
    """Who somebody is now: the first person of a link for its second."""
    first = select(col(Link.person_id)).where(col(Link.second_id) == person_id)
    return await s.scalar(first) or person_id


async def of(s: AsyncSession, person_id: int) -> Link | None:
    """The link that somebody is in, as the one or the other."""
    either = (col(Link.person_id) == person_id) | (col(Link.second_id) == person_id)
    return await s.scalar(select(Link).where(either))


# ── codes ────────────────────────────────────────────────────────────────────────────────


async def show_code(s: AsyncSession, person_id: int, fresh: str) -> str:
    """The code of a person that still lives, for its full time once more, or else this fresh one."""
    await s.execute(delete(Code).where(col(Code.expires_at) <= utcnow()))
    return str(
        await s.scalar(
            upsert(s, Code)
            .values(code=fresh, person_id=person_id, expires_at=utcnow() + CODE_LASTS)
            .on_conflict_do_update(
                index_elements=["person_id"], set_={"expires_at": utcnow() + CODE_LASTS}
            )
            .returning(col(Code.code))
        )
    )


async def shown_to(s: AsyncSession, code: str) -> int | None:
    """Whom a living code was shown to."""
    living = select(col(Code.person_id)).where(col(Code.code) == code)
    return await s.scalar(living.where(col(Code.expires_at) > utcnow()))


async def guesses(s: AsyncSession, person_id: int) -> int:
    """How many codes that were none somebody has typed lately."""
    count = select(func.count()).select_from(Guess).where(col(Guess.person_id) == person_id)
    return await s.scalar(count.where(col(Guess.at) > utcnow() - GUESSES_COUNT)) or 0


async def note_guess(s: AsyncSession, person_id: int, code: str) -> None:
    """Count it; the same one typed again is no other guess."""
    await s.execute(delete(Guess).where(col(Guess.at) <= utcnow() - GUESSES_COUNT))
    await s.execute(
        upsert(s, Guess)
        .values(person_id=person_id, code=code, at=utcnow())
        .on_conflict_do_nothing()
    )


# ── one of two ───────────────────────────────────────────────────────────────────────────


async def merge(s: AsyncSession, first: int, second: int, code: str) -> Merged:
    """Make all that is the second's the first's. The codes of both are used up."""
    await s.execute(delete(Code).where(col(Code.person_id).in_([first, second])))
    await chains.hold_all_of(s, second)
    held = await _hold(s, _concerns(second))
    await s.execute(
        update(Identity)
        .where(col(Identity.person_id) == second)
        .values(person_id=first)
        .execution_options(**QUIET)
    )
    # Not by the ids that are held: a ballot that closes meanwhile gives its artist one more.
    jobs = await _ids(
        s, update(Job).where(col(Job.person_id) == second).values(person_id=first), Job.id
    )
    for ids in _some(jobs):
        await clips.unsign_named(s, ids)
    await consents.bring(s, first, second)
    await duty.bring(s, first, second)
    await chains.bring(s, first, second)
    votes, no_votes = await _merge(s, Vote, first, second)
    reports, no_reports = await _merge(s, Report, first, second)
    reviews = await _ids(
        s, update(Review).where(col(Review.person_id) == second).values(person_id=first), Review.id
    )
    served = (
        await s.scalars(select(col(Person.served_at)).where(col(Person.id).in_([first, second])))
    ).all()
    latest = max((at for at in served if at is not None), default=None)
    await s.execute(_served(first, latest))
    link = Link(
        second_id=second, person_id=first, code=code,
        jobs=jobs, votes=votes, reports=reports, reviews=reviews,
    )  # fmt: skip
    s.add(link)
    await s.flush()
    touched = frozenset([*held, *jobs, *no_votes, *no_reports])
    return Merged(touched, frozenset(no_votes), frozenset(no_reports))


async def _merge(
    s: AsyncSession, table: Opinion, first: int, second: int
) -> tuple[list[int], set[int]]:
    """Hand over what the second had to say; the jobs it is about, and those on which one went."""
    own = select(col(Job.id)).where(col(Job.person_id) == first)
    gone = await _ids(
        s,
        delete(table).where(col(table.person_id).in_([first, second]), col(table.job_id).in_(own)),
        table.job_id,
    )
    theirs = await _said(s, table, col(table.person_id) == second)
    also = col(table.job_id).in_(select(col(table.job_id)).where(col(table.person_id) == second))
    ours = await _said(s, table, (col(table.person_id) == first) & also)
    for job_id, at in ours.items():
        older = first if at < theirs[job_id] else second
        await s.execute(
            delete(table)
            .where(col(table.job_id) == job_id, col(table.person_id) == older)
            .execution_options(**QUIET)
        )
    handed = update(table).where(col(table.person_id) == second).values(person_id=first)
    return await _ids(s, handed, table.job_id), {*gone, *ours}


async def _said(s: AsyncSession, table: Opinion, which: ColumnElement[bool]) -> dict[int, Any]:
    """Job -> when something was said of it."""
    rows = await s.execute(select(col(table.job_id), col(table.at)).where(which))
    return dict(rows.all())


# ── and two again ────────────────────────────────────────────────────────────────────────


async def part(s: AsyncSession, link: Link, staying: Collection[int]) -> None:
    """Give the second person back what they brought, as far as it is as it was.

    The jobs concerned are held (``hold_brought``). ``staying``: reviews that the first person keeps.
    """
    first, second = link.person_id, link.second_id
    reviews = sorted({*link.reviews} - {*staying})
    await s.execute(
        update(Identity)
        .where(col(Identity.person_id) == first, col(Identity.own_id) == second)
        .values(person_id=second)
        .execution_options(**QUIET)
    )
    for ids in _some(link.jobs):
        await s.execute(
            update(Job)
            .where(col(Job.id).in_(ids), col(Job.person_id) == first)
            .values(person_id=second)
            .execution_options(**QUIET)
        )
    # What was said anew since then was said as the first person.
    for table, key, brought in (
        (Vote, Vote.job_id, link.votes),
        (Report, Report.job_id, link.reports),
        (Review, Review.id, reviews),
    ):
        for ids in _some(brought):
            await s.execute(
                update(table)
                .where(
                    col(key).in_(ids),
                    col(table.person_id) == first,
                    col(table.at) <= link.at,
                )
                .values(person_id=second)
                .execution_options(**QUIET)
            )
    for ids in _some(link.jobs):
        await clips.unsign_named(s, ids)
        await chains.give_back(s, first, second, ids)
    served = select(col(Person.served_at)).where(col(Person.id) == first)
    await s.execute(_served(second, await s.scalar(served)))
    await s.delete(link)
    await s.flush()


async def hold_brought(s: AsyncSession, link: Link) -> list[int]:
    """Hold all jobs that a link's second person brought something to, and before them the chains."""
    await chains.hold_all_of(s, link.person_id)
    about = {*link.jobs, *link.votes, *link.reports}
    for ids in _some(link.reviews):
        found = select(col(Review.job_id)).where(col(Review.id).in_(ids))
        about.update((await s.scalars(found)).all())
    held: list[int] = []
    for ids in _some(sorted(about)):
        held += await _hold(s, col(Job.id).in_(ids))
    return held


async def still_open(s: AsyncSession, job_ids: Collection[int]) -> list[Job]:
    """Those of these jobs that somebody still waits for, decides about or votes on."""
    moving = {Status.QUEUED, Status.RENDERING, *WAITING_FOR_REVIEW}
    voted_on = (col(Job.status) == Status.PUBLISHED) & col(Job.winner).is_(None)
    found: list[Job] = []
    for ids in _some(sorted(job_ids)):
        query = select(Job).where(col(Job.id).in_(ids), col(Job.status).in_(moving) | voted_on)
        found += (await s.scalars(query.order_by(col(Job.id)))).all()
    return found


# ── how ──────────────────────────────────────────────────────────────────────────────────


def _concerns(person_id: int) -> ColumnElement[bool]:
    """A person's own jobs, and those that they have said something of."""
    which = col(Job.person_id) == person_id
    for table in (Vote, Report, Review):
        which |= col(Job.id).in_(select(col(table.job_id)).where(col(table.person_id) == person_id))
    return which


async def _hold(s: AsyncSession, which: ColumnElement[bool]) -> list[int]:
    """Hold these jobs, in one order, so that nobody waits in a circle."""
    query = select(col(Job.id)).where(which).order_by(col(Job.id)).with_for_update(key_share=True)
    return list((await s.scalars(query)).all())


async def _ids(s: AsyncSession, change: Any, key: Any) -> list[int]:
    """Make a change; these ids of the rows that it changed."""
    made = await s.scalars(change.returning(col(key)).execution_options(**QUIET))
    return sorted(made.all())


def _served(person_id: int, at: Any) -> Any:
    return (
        update(Person)
        .where(col(Person.id) == person_id)
        .values(served_at=at)
        .execution_options(**QUIET)
    )


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
