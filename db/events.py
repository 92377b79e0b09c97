"""The outbox: every event is told once to every room, by whichever bot process claims it first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Event, Room, Telling, utcnow
from db.states import CREDITED, Kind
from db.upsert import upsert

CLAIM = timedelta(seconds=30)
MAX_TRIES = 8
BATCH = 20


async def record(
    s: AsyncSession, job_id: int, kind: Kind, person_id: int | None = None, **detail: Any
) -> None:
    """Write down that something happened, and put it into the outbox of every room."""
    booked = kind not in CREDITED
    event = Event(job_id=job_id, kind=kind, person_id=person_id, detail=detail, booked=booked)
    s.add(event)
    await s.flush()
    rooms = select(
        literal(event.id),
        col(Room.name),
        literal(job_id),
        literal(event.at),
        literal(0),
        literal(""),
    )
    columns = ["event_id", "room", "job_id", "not_before", "tries", "error"]
    await s.execute(insert(Telling).from_select(columns, rooms))


async def join(s: AsyncSession, room: str) -> None:
    """From now on events are told to this room as well."""
    await s.execute(upsert(s, Room).on_conflict_do_nothing().values(name=room, joined_at=utcnow()))


async def rooms(s: AsyncSession) -> Sequence[str]:
    """The names of those that events are told to."""
    return (await s.scalars(select(col(Room.name)).order_by(col(Room.name)))).all()


async def of(s: AsyncSession, job_id: int) -> Sequence[Event]:
    """A job's history, oldest first."""
    found = await s.scalars(
        select(Event).where(col(Event.job_id) == job_id).order_by(col(Event.id))
    )
    return found.all()


async def of_kinds(
    s: AsyncSession, job_ids: Collection[int], kinds: Collection[Kind]
) -> Sequence[Event]:
    """What has happened of these kinds to these jobs, oldest first."""
    found = await s.scalars(
        select(Event)
        .where(col(Event.job_id).in_(job_ids), col(Event.kind).in_(kinds))
        .order_by(col(Event.id))
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class Claim:
    """A job of which a room has untold events, and the events that were claimed."""

    room: str
    job_id: int
    events: tuple[int, ...]
    tries: int


def _waiting(room: str) -> Any:
    return (
        col(Telling.room) == room,
        col(Telling.told_at).is_(None),
        col(Telling.set_aside_at).is_(None),
        col(Telling.not_before) <= utcnow(),
    )


async def claim(s: AsyncSession, room: str, most: int = BATCH) -> list[Claim]:
    """Take the untold events of some jobs in a room for ``CLAIM``, grouped by job.

    ``most``: so many jobs at most; half of them new wishes, if there are any, as somebody waits for their
    receipt, and then those that have waited longest. All that is due of a job is told together, because a
    card shows how the job stands, not what changed: so a room that has fallen behind needn't tell every step
    of the way.
    """
    waiting = (
        select(col(Telling.job_id))
        .where(*_waiting(room))
        .order_by(col(Telling.event_id))
        .with_for_update(of=Telling, skip_locked=True)
    )
    is_new = col(Event.kind) == Kind.SUBMITTED, col(Telling.not_before) == col(Event.at)
    wishes = waiting.join(Event, col(Event.id) == col(Telling.event_id)).where(*is_new)
    chosen = set((await s.scalars(wishes.limit((most + 1) // 2))).all())
    others = waiting.where(col(Telling.job_id).not_in(chosen))
    chosen.update((await s.scalars(others.limit(most - len(chosen)))).all())
    due = (
        select(col(Telling.event_id))
        .where(*_waiting(room), col(Telling.job_id).in_(chosen))
        .with_for_update(skip_locked=True)
    )
    taken = await s.execute(
        update(Telling)
        .where(col(Telling.room) == room, col(Telling.event_id).in_(due))
        .values(not_before=utcnow() + CLAIM, tries=Telling.tries + 1)
        .returning(col(Telling.event_id), col(Telling.job_id), col(Telling.tries))
    )
    by_job: dict[int, list[tuple[int, int]]] = {}
    for event_id, job_id, tries in sorted(taken.all()):
        by_job.setdefault(job_id, []).append((event_id, tries))
    return [
        Claim(room, job_id, tuple(e for e, _ in rows), max(t for _, t in rows))
        for job_id, rows in by_job.items()
    ]


async def mark_told(s: AsyncSession, claim: Claim) -> None:
    await _mark(s, claim, told_at=utcnow())


async def put_off(s: AsyncSession, claim: Claim, seconds: float) -> None:
    """Tell it later, because it is too early; that is no failure."""
    not_before = utcnow() + timedelta(seconds=seconds)
    await _mark(s, claim, not_before=not_before, tries=claim.tries - 1)


async def mark_failed(s: AsyncSession, claim: Claim, error: str) -> bool:
    """Try again after a growing pause, or set it aside after ``MAX_TRIES``; says whether it was."""
    aside = claim.tries >= MAX_TRIES
    pause = timedelta(seconds=min(2**claim.tries, 300))
    await _mark(
        s,
        claim,
        error=error[:500],
        not_before=utcnow() + pause,
        set_aside_at=utcnow() if aside else None,
    )
    return aside


async def _mark(s: AsyncSession, claim: Claim, **values: Any) -> None:
    await s.execute(
        update(Telling)
        .where(col(Telling.room) == claim.room, col(Telling.event_id).in_(claim.events))
        .values(**values)
    )


async def tell_again(s: AsyncSession, room: str, job_ids: Collection[int]) -> None:
    """Let a room look at these jobs once more, because its places have changed."""
    newest = await s.execute(
        select(func.max(Event.id), col(Event.job_id))
        .where(col(Event.job_id).in_(job_ids))
        .group_by(col(Event.job_id))
    )
    fresh = {"not_before": utcnow(), "tries": 0, "told_at": None, "set_aside_at": None}
    for event_id, job_id in newest.all():
        await s.execute(
            upsert(s, Telling)
            .values(event_id=event_id, room=room, job_id=job_id, error="", **fresh)
            .on_conflict_do_update(index_elements=["event_id", "room"], set_=fresh)
        )


async def set_aside(s: AsyncSession) -> Sequence[Telling]:
    """What could not be told, newest first, for the doctor."""
    found = await s.scalars(
        select(Telling)
        .where(col(Telling.set_aside_at).is_not(None), col(Telling.told_at).is_(None))
        .order_by(col(Telling.set_aside_at).desc())
        .limit(50)
    )
    return found.all()


async def try_again(s: AsyncSession) -> int:
    """Put everything that was set aside back into the outbox; says how many."""
    result = await s.execute(
        update(Telling)
        .where(col(Telling.set_aside_at).is_not(None), col(Telling.told_at).is_(None))
        .values(set_aside_at=None, tries=0, not_before=utcnow())
        .returning(col(Telling.event_id))
    )
    return len(result.all())


async def untold(s: AsyncSession) -> int:
    """How many events are still to be told, to all rooms together."""
    count = await s.scalar(
        select(func.count())
        .select_from(Telling)
        .where(col(Telling.told_at).is_(None), col(Telling.set_aside_at).is_(None))
    )
    return count or 0
