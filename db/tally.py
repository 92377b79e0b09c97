"""Counts what has ever happened, without reading it all each time.

What is older than ``SETTLED`` doesn't change and is added up once; the rest is read again whenever one
looks, because in PostgreSQL an event may be committed after one with a higher number. Every process that
counts comes to the same figures, whenever it was started.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Float, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlmodel import col

from db.models import Event, Job, utcnow
from db.states import RENDERED, Kind

SETTLED = timedelta(minutes=1)
"""Longer than any transaction lasts."""
WAITED = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 86400.0)
TOOK = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Upper bounds in seconds, of waits in line and of renders."""


class _seconds(FunctionElement[float]):
    """From the first time to the second."""

    inherit_cache = True
    type = Float()


@compiles(_seconds, "sqlite")
def _on_sqlite(element: _seconds, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(time, **more) for time in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400)"


@compiles(_seconds, "postgresql")
def _on_postgresql(element: _seconds, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(time, **more) for time in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM {end} - {begin}) AS DOUBLE PRECISION)"


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took: how often at most each of the bounds, how often in all, and the sum."""

    within: tuple[int, ...]
    count: int
    seconds: float

    def __add__(self, other: Times) -> Times:
        within = zip(self.within, other.within, strict=True)
        both = tuple(one + two for one, two in within)
        return Times(both, self.count + other.count, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Counted:
    """How often each kind of event happened, and how long finished renders waited and took, by model."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    waited: dict[str, Times] = field(default_factory=dict)
    took: dict[str, Times] = field(default_factory=dict)

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.kinds + other.kinds,
            _joined(self.waited, other.waited),
            _joined(self.took, other.took),
        )


class Tally:
    """Remembers how far it has counted; the first look reads everything."""

    def __init__(self) -> None:
        self._until = 0
        self._counted = Counted()

    async def read(self, s: AsyncSession) -> Counted:
        """All that has happened until now."""
        settled = await s.scalar(
            select(col(Event.id))
            .where(col(Event.id) > self._until, col(Event.at) < utcnow() - SETTLED)
            .order_by(col(Event.id).desc())
            .limit(1)
        )
        if settled is not None:
            self._counted += await _between(s, self._until, settled)
            self._until = settled
        return self._counted + await _between(s, self._until, None)


async def _between(s: AsyncSession, after: int, until: int | None) -> Counted:
    """What the events of these numbers say; ``until`` included."""
    these = [col(Event.id) > after]
    if until is not None:
        these.append(col(Event.id) <= until)
    kinds = await s.execute(
        select(col(Event.kind), func.count()).where(*these).group_by(col(Event.kind))
    )
    wait = _seconds(col(Job.queued_at), col(Job.started_at))
    took = _seconds(col(Job.started_at), col(Job.finished_at))
    rows = await s.execute(
        select(col(Job.model), func.count(), *_sums(wait, WAITED), *_sums(took, TOOK))
        .join(Event, col(Event.job_id) == col(Job.id))
        .where(*these, col(Event.kind) == Kind.FINISHED, col(Job.task).in_(RENDERED))
        .group_by(col(Job.model))
    )
    waits, tooks = {}, {}
    for model, count, *sums in rows.all():
        of_waits = len(WAITED) + 1
        waits[model] = _times(count, sums[:of_waits])
        tooks[model] = _times(count, sums[of_waits:])
    return Counted(Counter(dict(kinds.all())), waits, tooks)


def _sums(seconds: _seconds, bounds: Sequence[float]) -> list[Any]:
    return [func.sum(seconds), *(func.count().filter(seconds <= bound) for bound in bounds)]


def _times(count: int, sums: Sequence[Any]) -> Times:
    seconds, *within = sums
    return Times(tuple(within), count, max(float(seconds or 0), 0.0))


def _joined(one: dict[str, Times], two: dict[str, Times]) -> dict[str, Times]:
    both = dict(one)
    for model, times in two.items():
        both[model] = both[model] + times if model in both else times
    return both
