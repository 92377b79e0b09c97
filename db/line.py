"""The fair line: who is next, at which place a job stands, and when it will be done. Pure functions.

Round-robin over people: everybody's first job comes before anybody's second, and among people the
least recently served goes first. Every ``AGEING`` that a job has waited moves it up by one round,
beyond the first too, so that newcomers can't keep anybody waiting for ever. People who have as many
jobs rendering as they may are passed over until one of them ends, and so is what comes from a channel
that has. What is rendered when the workers are idle comes after all others, until it has waited for a
day.
"""

from __future__ import annotations

import heapq
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from db.speed import Shape
from db.states import PUT_TOGETHER

AGEING = timedelta(minutes=10)
IDLE_FOR = timedelta(days=1)
LAST = sys.maxsize
PERSON = "person"
"""Under this a job says how many of its artist's may be rendered at once."""
NEVER = datetime.min.replace(tzinfo=UTC)
NOMINAL_SECONDS = 60.0
"""What a render of unknown length is taken for when only the order matters."""


Counted = int | str
"""What renders are counted under: a person's id, or the name of a limit that holds for several."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as the line cares."""

    job_id: int
    person_id: int
    queued_at: datetime
    served_at: datetime | None
    model: str
    shape: Shape
    idle: bool = False
    """Whether it is for when nobody else waits."""
    at_once: Mapping[str, int] = field(default_factory=dict)
    """As in ``Job.at_once``."""
    private: bool = False
    inputs: bool = False
    """Whether it is made from an artist's pictures or clips."""


@dataclass(frozen=True, slots=True)
class Running:
    """A render that is going on; ``seconds`` until it ends, None when unknown."""

    person_id: int
    seconds: float | None
    at_once: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a queued job stands: 1 is next. ``seconds`` until it is done, None when unknown."""

    place: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Hand:
    """What one worker can make, and may."""

    models: Collection[str]
    own: bool = True
    """Whether it is the studio's own: no other makes what is private, or puts clips together."""
    inputs: bool = True
    """Whether it may have the pictures and clips of artists."""


def order(waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """The whole line, next first."""
    turns: Counter[int] = Counter()
    keyed = []
    for job in sorted(waiting, key=lambda w: (w.queued_at, w.job_id)):
        if job.idle and now - job.queued_at < IDLE_FOR:
            # Nobody asked for it just now, so it takes nobody's turn, its artist's neither.
            keyed.append((LAST, NEVER, job.queued_at, job.job_id, job))
            continue
        turns[job.person_id] += 1
        rounds_waited = (now - job.queued_at) // AGEING
        turn = turns[job.person_id] - rounds_waited
        keyed.append((turn, job.served_at or NEVER, job.queued_at, job.job_id, job))
    return [key[-1] for key in sorted(keyed, key=lambda key: key[:-1])]


def claimable(
    line: Sequence[Waiting], running: Mapping[Counted, int], cap: int, hand: Hand
) -> Iterator[Waiting]:
    """What this worker may take, next first. ``running``: how many render now of each that they are counted
    under; ``cap``: how many of one person may, where a job says nothing else."""
    able = (job for job in line if can(job, hand))
    return (job for job in able if _has_room(job, running, cap))


def counted(person_id: int, at_once: Mapping[str, int]) -> list[Counted]:
    """Under what a render is counted: its artist, and whatever else has a limit for it."""
    return [person_id, *(name for name in at_once if name != PERSON)]


def _has_room(job: Waiting, running: Mapping[Counted, int], cap: int) -> bool:
    own = running.get(job.person_id, 0) < job.at_once.get(PERSON, cap)
    shared = ((name, most) for name, most in job.at_once.items() if name != PERSON)
    return own and all(running.get(name, 0) < most for name, most in shared)


def can(job: Waiting, hand: Hand) -> bool:
    """Whether this worker can make it, and may: a film needs no model."""
    together = job.shape.task in PUT_TOGETHER
    if not hand.own and (job.private or together):
        return False
    if job.inputs and not hand.inputs:
        return False
    return job.model in hand.models or together


def forecast(
    line: Sequence[Waiting],
    needs: Mapping[int, float | None],
    running: Sequence[Running],
    workers: int,
    cap: int,
    models: Collection[str],
) -> dict[int, Forecast]:
    """Walk the line as the workers will; jobs whose model nobody offers are in nobody's way.

    ``needs``: seconds each waiting job renders for, None when unknown. One unknown figure makes
    everything behind it unknown, rather than wrong.
    """
    under = [counted(render.person_id, render.at_once) for render in running]
    counts = Counter(name for names in under for name in names)
    known = all(render.seconds is not None for render in running)
    nth = count()  # what ends at the same time ends in the order in which it began
    ends = [
        (NOMINAL_SECONDS if render.seconds is None else render.seconds, next(nth), names)
        for render, names in zip(running, under, strict=True)
    ]
    heapq.heapify(ends)
    idle = max(workers - len(running), 0)
    now = 0.0
    hand = Hand(models)
    left = [job for job in line if can(job, hand)]
    forecasts: dict[int, Forecast] = {}
    while left:
        job = next(claimable(left, counts, cap, hand), None) if idle else None
        if job is not None:
            left.remove(job)
            idle -= 1
            names = counted(job.person_id, job.at_once)
            counts.update(names)
            need = needs.get(job.job_id)
            known = known and need is not None
            done = now + (NOMINAL_SECONDS if need is None else need)
            heapq.heappush(ends, (done, next(nth), names))
            forecasts[job.job_id] = Forecast(len(forecasts) + 1, done if known else None)
        elif ends:
            now, _, names = heapq.heappop(ends)
            counts.subtract(names)
            idle += 1
        else:
            for job in left:
                forecasts[job.job_id] = Forecast(len(forecasts) + 1, None)
            break
    return forecasts
