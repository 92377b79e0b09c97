"""What there is room for: how much of a limit is used, when it frees, and what is said then.

A day is the last 24 hours and an hour the last 60 minutes, so that limits free bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, true
from sqlalchemy.ext.asyncio import AsyncSession

from db import speed, usage, workers
from db.line import PERSON
from db.models import Job, utcnow
from db.session import one_at_a_time
from db.speed import Shape
from db.states import PUT_TOGETHER
from db.usage import Use
from moderation.limits import COMMUNITY, WINDOW, Figures, Limits, What
from moderation.people import Person
from moderation.rules import Refused

GPU = What.GPU_SECONDS_PER_DAY
NEARLY = 0.2
"""Whoever has no more than this share of a limit left is told so."""
ROUNDING = 1e-6
"""What sums of the same seconds in another order may differ by."""
PAGE = 500
SOON, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
SPAN = {timedelta(hours=1): "60 minutes", timedelta(days=1): "24 hours"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose use is counted, and how much there may be."""

    name: str
    """Of the limit's row; empty for a person's own."""
    whose: ColumnElement[bool]
    figures: Figures

    @property
    def called(self) -> str:
        if not self.name:
            return "You"
        return {COMMUNITY: "The studio", "web": "The page"}.get(self.name, "This channel")


@dataclass(frozen=True, slots=True)
class Full:
    """A limit without room for what is asked for."""

    sentence: str
    frees: datetime
    """When there is room again, as far as is known; ``NEVER`` for more than there ever is."""


def has_room(used: float, need: float, limit: float) -> bool:
    """Whether so much more fits; of what nobody knows how much it is, as long as anything does."""
    fits = used + need <= limit + ROUNDING
    return fits and (need > 0 or used < limit - ROUNDING)


def frees(
    what: What, oldest: Iterable[Use], used: float, need: float, limit: float
) -> datetime | None:
    """When there is room for so much more, if nothing else is asked for until then.

    ``oldest``: what is used, oldest first; None where all of it together is too little.
    """
    for use in oldest:
        used -= use.seconds if what is GPU else 1
        if has_room(used, need, limit):
            return use.at + WINDOW[what]
    return None


async def used_by(s: AsyncSession, scope: Scope, now: datetime) -> dict[What, float]:
    """How much is used of what fills as time goes by and has a limit here."""
    limited = [what for what in WINDOW if what in scope.figures]
    spans = sorted({WINDOW[what] for what in limited}, reverse=True)
    if not spans:
        return {}
    found = await usage.since(s, scope.whose, [now - span for span in spans])
    used = dict(zip(spans, found, strict=True))
    return {
        what: used[WINDOW[what]].seconds if what is GPU else used[WINDOW[what]].jobs
        for what in limited
    }


def own(limits: Limits, person: Person) -> Scope:
    return Scope("", usage.of_person(person.id), limits.of(person))


def _scopes(limits: Limits, person: Person, job: Job) -> list[Scope]:
    scopes = [own(limits, person)]
    for name, figures in limits.shared(usage.channel_of(job.room, job.place)).items():
        if figures.keys() - {What.AT_ONCE}:
            whose = true() if name == COMMUNITY else usage.of_channel(name)
            scopes.append(Scope(name, whose, figures))
    return scopes


async def admit(
    s: AsyncSession, limits: Limits, person: Person, job: Job, coming: Sequence[Job]
) -> None:
    """Let these jobs count, or raise ``Refused`` with the limit that frees last.

    ``job``: what they are asked for as, a film say. Under ``one_at_a_time`` of the person; what people
    share is held here, always in one order.
    """
    coming = [one for one in coming if one.task not in PUT_TOGETHER]
    if not limits.rows or not coming:
        return
    needs = await _needs(s, limits, coming)
    need = {what: sum(needs) if what is GPU else len(coming) for what in WINDOW}
    full: list[Full] = []
    for scope in _scopes(limits, person, job):
        if scope.name:
            await one_at_a_time(s, f"limit {scope.name}")
            full += await _full_line(s, scope, len(coming))
        now = utcnow()
        used = await used_by(s, scope, now)
        full += [
            await _full(s, scope, what, used[what], need[what], now)
            for what in used
            if not has_room(used[what], need[what], scope.figures[what])
        ]
        if not scope.name:
            left = {what: scope.figures[what] - used[what] - need[what] for what in used}
            job.nearly = {
                what.value: [int(left[what]), scope.figures[what]]
                for what in left
                if left[what] <= NEARLY * scope.figures[what]
            }
    if full:
        raise Refused(max(full, key=lambda one: one.frees).sentence)
    _count(limits, person, job, coming, needs)


async def count(
    s: AsyncSession, limits: Limits, person: Person, job: Job, coming: Sequence[Job]
) -> None:
    """Let these jobs count, however much is used: nobody loses their turn in a chain by a limit."""
    if limits.rows:
        _count(limits, person, job, coming, await _needs(s, limits, coming))


def _count(
    limits: Limits, person: Person, job: Job, coming: Sequence[Job], needs: Sequence[float]
) -> None:
    most = {PERSON: limits.of(person), **limits.shared(usage.channel_of(job.room, job.place))}
    at_once = {name: row[What.AT_ONCE] for name, row in most.items() if What.AT_ONCE in row}
    for one, seconds in zip(coming, needs, strict=True):
        one.spent_seconds = usage.spent(one)
        one.reserved_seconds, one.at_once = seconds, at_once


async def _needs(s: AsyncSession, limits: Limits, coming: Sequence[Job]) -> list[float]:
    """Seconds that each is thought to take; of what was never rendered nothing, until it is."""
    if not limits.counts(GPU):
        return [0.0] * len(coming)
    recent = {model: await workers.recent_renders(s, model) for model in {j.model for j in coming}}
    shapes = [Shape.of(job) for job in coming]
    return [
        speed.estimate(shape, recent[job.model]) or 0.0
        for job, shape in zip(coming, shapes, strict=True)
    ]


async def _full_line(s: AsyncSession, scope: Scope, need: int) -> list[Full]:
    """Of what people share; a person's own has ``queueing.may_submit``."""
    most = scope.figures.get(What.IN_LINE)
    if most is None or (queued := await usage.in_line(s, scope.whose)) + need <= most:
        return []
    sentence = (
        f"{scope.called} has {queued:,} of {most:,} jobs in line; try again once some are rendered."
    )
    return [Full(sentence, SOON)]


async def _full(
    s: AsyncSession, scope: Scope, what: What, used: float, need: float, now: datetime
) -> Full:
    limit, span = scope.figures[what], SPAN[WINDOW[what]]
    asked = f"{math.ceil(need):,}"
    unit = "GPU-seconds" if what is GPU else "jobs"
    if need > limit:
        whom = scope.called.lower() if scope.name else "one person"
        return Full(
            f"This takes {asked} {unit}, and {limit:,} in {span} is the most for {whom}; ask for less.",
            NEVER,
        )
    at = await _frees(s, scope, what, used, need, now)
    more = "one more" if need == 1 else f"{asked} more" if need else "more"
    return Full(
        f"{scope.called} {'has' if scope.name else 'have'} {'used' if what is GPU else 'had'} {round(used):,} of {limit:,} {unit} in "
        f"the last {span}; there is room for {more} {_in(at - now)}.",
        at,
    )


async def _frees(
    s: AsyncSession, scope: Scope, what: What, used: float, need: float, now: datetime
) -> datetime:
    """The oldest are read first, and of many only as many as it takes."""
    page, limit = PAGE, scope.figures[what]
    while True:
        oldest = await usage.oldest(s, scope.whose, now - WINDOW[what], page)
        at = frees(what, oldest, used, need, limit)
        if at is not None or len(oldest) < page:
            return at or now + WINDOW[what]
        page *= 10


def _in(wait: timedelta) -> str:
    """Rounded up, so that there is room then."""
    minutes = max(math.ceil(wait.total_seconds() / 60), 1)
    hours, minutes = divmod(minutes, 60)
    said = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours else []
    said += [f"{minutes} minute{'' if minutes == 1 else 's'}"] if minutes else []
    return f"in {' and '.join(said)}"
