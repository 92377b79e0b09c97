"""The record: entries that are only ever added, who acted in them, and what is counted from them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.chain import GENESIS, canonical, digest
from db.models import Actor, Entry, Event, Statistic, utcnow
from db.states import Kind
from db.upsert import upsert

Counted = Mapping[tuple[str, str, str], int]
"""(month, name, of what) -> a number; see ``Statistic``."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that has no number yet."""

    at: str
    """ISO 8601 in UTC."""
    kind: Kind
    by: str
    """In which part somebody acted, such as moderator."""
    job: int | None = None
    actor: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the hash of the last one, which stands for them all."""

    seq: int = 0
    hash: str = GENESIS


class Link(NamedTuple):
    """An entry as it hangs in the chain; see ``Entry``."""

    seq: int
    previous: str
    body: str
    hash: str
    kind: str
    job_id: int | None


# ── writing ──────────────────────────────────────────────────────────────────────────────


async def append(s: AsyncSession, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Add these entries; what their bodies say. Call it under ``one_at_a_time(s, "record")``."""
    last, rows, said = await head(s), [], []
    seq, previous = last.seq, last.hash
    for draft in drafts:
        seq += 1
        says = {
            "seq": seq,
            "at": draft.at,
            "kind": draft.kind.value,
            "job": draft.job,
            "by": draft.by,
            "actor": draft.actor,
            "details": draft.details,
        }
        body = canonical(says)
        row = {"seq": seq, "kind": draft.kind.value, "job_id": draft.job, "body": body}
        rows.append(row | {"previous": previous, "hash": digest(previous, body)})
        said.append(says)
        previous = str(rows[-1]["hash"])
    if rows:
        await s.execute(insert(Entry), rows)
    return said


async def actors(s: AsyncSession, person_ids: Collection[int]) -> dict[int, str]:
    """Person -> what they are called in the record; drawn at random for whoever is new in it."""
    found = await s.execute(
        select(col(Actor.person_id), col(Actor.name)).where(col(Actor.person_id).in_(person_ids))
    )
    names = {person_id: name for person_id, name in found.all() if person_id is not None}
    new = {person_id: secrets.token_hex(4) for person_id in sorted(set(person_ids) - set(names))}
    s.add_all(Actor(name=name, person_id=person_id) for person_id, name in new.items())
    await s.flush()
    return names | new


async def forget(s: AsyncSession, person_id: int) -> None:
    """Cut somebody off from what they did in the record; whatever they do later is somebody else's."""
    await s.execute(update(Actor).where(col(Actor.person_id) == person_id).values(person_id=None))


async def count(s: AsyncSession, counted: Counted) -> None:
    """Add these to the statistics."""
    rows = [
        {"month": month, "name": name, "of": of, "number": number}
        for (month, name, of), number in counted.items()
    ]
    if rows:
        new = upsert(s, Statistic)
        await s.execute(
            new.on_conflict_do_update(
                index_elements=["month", "name", "of"],
                set_={"number": col(Statistic.number) + new.excluded.number},
            ),
            rows,
        )


# ── what has still to come into it ───────────────────────────────────────────────────────


async def is_behind(s: AsyncSession) -> bool:
    """Whether something has happened that nobody has looked at for the record."""
    waits = select(col(Event.id)).where(col(Event.chronicled_at).is_(None)).limit(1)
    return (await s.execute(waits)).first() is not None


async def waiting(s: AsyncSession, limit: int) -> Sequence[Event]:
    """What has happened and isn't in the record, nor left out of it; oldest first."""
    found = await s.scalars(
        select(Event).where(col(Event.chronicled_at).is_(None)).order_by(col(Event.id)).limit(limit)
    )
    return found.all()


async def mark(s: AsyncSession, event_ids: Collection[int]) -> None:
    """These are in the record, or left out of it for good."""
    await s.execute(
        update(Event)
        .where(col(Event.id).in_(event_ids))
        .values(chronicled_at=utcnow())
        .execution_options(synchronize_session=False)
    )


# ── reading ──────────────────────────────────────────────────────────────────────────────


async def head(s: AsyncSession) -> Head:
    last = select(col(Entry.seq), col(Entry.hash)).order_by(col(Entry.seq).desc()).limit(1)
    found = (await s.execute(last)).first()
    return Head(*found) if found else Head()


async def newest(
    s: AsyncSession,
    *,
    kind: str = "",
    job: int | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[Entry]:
    """Entries of this kind and job, newest first; ``before``: the number after which to go on."""
    query = select(Entry).order_by(col(Entry.seq).desc()).limit(limit)
    if kind:
        query = query.where(col(Entry.kind) == kind)
    if job is not None:
        query = query.where(col(Entry.job_id) == job)
    if before is not None:
        query = query.where(col(Entry.seq) < before)
    return (await s.scalars(query)).all()


async def after(s: AsyncSession, seq: int, limit: int) -> list[Link]:
    """The entries that follow, oldest first; as plain rows, for these are read by the thousand."""
    columns = [getattr(Entry, name) for name in Link._fields]
    query = select(*columns).where(col(Entry.seq) > seq).order_by(col(Entry.seq)).limit(limit)
    return [Link(*row) for row in (await s.execute(query)).all()]


async def latest_of(
    s: AsyncSession, job_ids: Collection[int], kinds: Collection[Kind]
) -> dict[int, int]:
    """Job -> the number of its newest entry of one of these kinds."""
    found = await s.execute(
        select(col(Entry.job_id), func.max(Entry.seq))
        .where(col(Entry.job_id).in_(job_ids), col(Entry.kind).in_([k.value for k in kinds]))
        .group_by(col(Entry.job_id))
    )
    return {job_id: seq for job_id, seq in found.all() if job_id is not None}


async def months(s: AsyncSession) -> Sequence[str]:
    """Of which there are statistics, newest first."""
    found = await s.scalars(
        select(col(Statistic.month)).distinct().order_by(col(Statistic.month).desc())
    )
    return found.all()


async def statistics(s: AsyncSession, month: str = "") -> dict[tuple[str, str, str], int]:
    """What is counted, of one month or of all."""
    query = select(
        col(Statistic.month), col(Statistic.name), col(Statistic.of), col(Statistic.number)
    )
    if month:
        query = query.where(col(Statistic.month) == month)
    rows = await s.execute(query)
    return {(at, name, of): number for at, name, of, number in rows.all()}
