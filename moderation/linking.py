"""One person of two: the codes, and what may no longer count once the two are one.

All links are made and undone one at a time; there are few.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from db import events, links, people, reviews
from db.broker import Broker
from db.links import LINKS
from db.models import Link
from db.session import Db, alongside, one_at_a_time
from db.states import WAITING_FOR_REVIEW, Kind
from moderation import bookkeeping, rules
from moderation.people import Person
from moderation.rules import Refused

LETTERS = "CDFGHJKMNPQRTVWXY34679"
"""None that looks like another, and no vowel, so that no code is a word."""
GROUP, GROUPS = 4, 2
TYPED_LIMIT = 20
MOST_GUESSES = 5
GONE = "You asked to be forgotten, and are somebody new from now on; please do that once more."


@dataclass(frozen=True, slots=True)
class Linked:
    """Two are one; how many votes, reports and reviews no longer count for that."""

    name: str
    """Which both go by: that of whoever was shown the code."""
    votes: int = 0
    reports: int = 0
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class Unlinked:
    """One is two again."""

    first: str
    second: str


async def as_now(s: AsyncSession, person: Person) -> Person:
    """Who somebody is now, and is until the transaction ends. Raises ``Refused`` for whoever is gone."""
    await alongside(s, alone(person.id))
    now = await links.now(s, person.id)
    await _insist_on_here(s, now)
    return replace(person, id=now)


async def code_for(db: Db, person: Person) -> str:
    """The code of somebody; asked for again, the same for as long as it lives."""
    fresh = "".join(secrets.choice(LETTERS) for _ in range(GROUP * GROUPS))
    async with db.begin() as s:
        await one_at_a_time(s, LINKS)
        await _may_link(s, person.id)
        code = await links.show_code(s, person.id, fresh)
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


async def link(db: Db, broker: Broker, person: Person, typed: str) -> Linked:
    """Make one of whoever was shown this code, and whoever types it."""
    code = "".join(filter(str.isalnum, typed.upper()))[:TYPED_LIMIT]
    async with db.begin() as s:
        await one_at_a_time(s, LINKS)
        done, told = await _link(s, person, code)
    await asyncio.gather(*map(broker.spread, told))
    if done is None:  # said only now, because a wrong code must stay counted
        raise Refused(
            "There is no such code: it lasts for ten minutes and works once; ask for another in the "
            "other room."
        )
    return done


async def unlink(db: Db, broker: Broker, person: Person) -> Unlinked:
    """Make two of them again."""
    async with db.begin() as s:
        await one_at_a_time(s, LINKS)
        done, told = await _unlink(s, person)
    await asyncio.gather(*map(broker.spread, told))
    return done


async def _link(
    s: AsyncSession, person: Person, code: str
) -> tuple[Linked | None, Collection[int]]:
    """What came of it, None for a wrong code, and the jobs whose cards change."""
    standing = await links.of(s, person.id)
    if standing is not None and standing.code == code:  # it was delivered twice
        return Linked((await people.get(s, standing.person_id)).name), ()
    await _may_link(s, person.id)
    if await links.guesses(s, person.id) >= MOST_GUESSES:
        raise Refused(f"{MOST_GUESSES} wrong codes are the most in ten minutes; wait a little.")
    first = await links.shown_to(s, code)
    if first is None:
        await links.note_guess(s, person.id, code)
        return None, ()
    if first == person.id:
        raise Refused("This is your own code; type it in the other room.")
    await _insist_on_here(s, first)
    await one_at_a_time(s, alone(person.id))
    await one_at_a_time(s, "claim")  # the line is read person by person
    merged = await links.merge(s, first, person.id, code)
    unheard = await _unsay(s, first, merged.touched)
    changed = merged.votes | merged.reports | unheard
    told = await _tell(s, first, Kind.LINKED, merged.touched, changed)
    await bookkeeping.bring(s, person.id, first, code)
    name = (await people.get(s, first)).name
    return Linked(name, len(merged.votes), len(merged.reports), len(unheard)), told


async def _unlink(s: AsyncSession, person: Person) -> tuple[Unlinked, Collection[int]]:
    standing = await links.of(s, person.id)
    if standing is None:
        raise Refused("There is nothing to undo: you are linked to nobody.")
    await _insist_on_here(s, person.id)
    first, second = standing.person_id, standing.second_id
    await one_at_a_time(s, alone(second))
    await one_at_a_time(s, "claim")
    held = await links.hold_brought(s, standing)
    await links.part(s, standing, await _said_by_both(s, standing, held))
    told = await _tell(s, first, Kind.UNLINKED, held)
    await bookkeeping.give_back(s, standing.code)
    names = await people.names(s, [first, second])
    return Unlinked(names[first], names[second]), told


def alone(person_id: int) -> str:
    """What whoever links, parts or forgets somebody is alone with."""
    return f"person {person_id}"


async def _insist_on_here(s: AsyncSession, person_id: int) -> None:
    if await people.leaving(s, [person_id]):
        raise Refused(GONE)


async def _may_link(s: AsyncSession, person_id: int) -> None:
    await _insist_on_here(s, person_id)
    if await links.of(s, person_id) is not None:
        raise Refused("You are linked already; unlink first.")


async def _unsay(s: AsyncSession, person_id: int, touched: Collection[int]) -> frozenset[int]:
    """Take back what they said in rounds that are not decided and in which they have no say now: of
    their own work, and in an appeal against what they decided themselves. Returns the jobs.

    What is decided stays decided.
    """
    unsaid = set()
    for job in await links.still_open(s, touched):
        given = await reviews.of(s, job.id)
        barred = job.person_id == person_id or person_id in rules.decided_before(job, given)
        decides = job.status in WAITING_FOR_REVIEW
        if decides and barred and await reviews.take_back(s, job.id, person_id, job.round):
            unsaid.add(job.id)
    return frozenset(unsaid)


async def _said_by_both(s: AsyncSession, link: Link, held: Collection[int]) -> set[int]:
    """What the second brought of rounds that are not decided, where the first had a say as well.

    They counted as one, and two again might be the quorum that nobody has carried out.
    """
    found: set[int] = set()
    for job in await links.still_open(s, held):
        if job.status in WAITING_FOR_REVIEW:
            given = await reviews.of(s, job.id)
            said = {r.id for r in given if (r.person_id, r.round) == (link.person_id, job.round)}
            if said - {*link.reviews}:
                found |= said
    return found


async def _tell(
    s: AsyncSession,
    person_id: int,
    kind: Kind,
    touched: Collection[int],
    changed: Collection[int] = (),
) -> list[int]:
    """Let every room look at the jobs that people still wait for, and at those that count otherwise."""
    told = sorted({*changed, *(job.id for job in await links.still_open(s, touched))})
    for job_id in told:
        await events.record(s, job_id, kind, person_id)
    return told
