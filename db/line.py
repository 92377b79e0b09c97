"""The fair line: who is next, at which place a job stands, and when it will be done. Pure functions.

Round-robin over people: everybody's first job comes before anybody's second, and among people the
least recently served goes first. Every ``AGEING`` that a job has waited moves it up by one round,
beyond the first too, so that newcomers can't keep anybody waiting for ever.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

AGEING = timedelta(minutes=10)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job, as far as the line cares."""

    job_id: int
    person_id: int
    queued_at: datetime
    served_at: datetime | None
    model: str = ""
    """Only a worker that offers this model may take it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a queued job stands: 1 is next. ``seconds`` until it is done, None when unknown."""

    place: int
    seconds: float | None


def order(waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """The whole line, next first."""
    turns: Counter[int] = Counter()
    keyed = []
    for job in sorted(waiting, key=lambda w: (w.queued_at, w.job_id)):
        turns[job.person_id] += 1
        rounds_waited = (now - job.queued_at) // AGEING
        keyed.append(
            (
                turns[job.person_id] - rounds_waited,
                job.served_at or NEVER,
                job.queued_at,
                job.job_id,
                job,
            )
        )
    return [key[-1] for key in sorted(keyed, key=lambda key: key[:-1])]


def forecast(
    line: Sequence[Waiting],
    needs: Mapping[int, float | None],
    busy: Sequence[float | None],
) -> dict[int, Forecast]:
    """Walk the line as the workers will.

    ``needs``: seconds each waiting job renders for. ``busy``: for each worker, the seconds until it is
    free (0 when idle). One unknown figure makes everything behind it unknown, rather than wrong.
    """
    free: list[float] | None = None
    if busy and None not in busy:
        free = [seconds for seconds in busy if seconds is not None]
        heapq.heapify(free)
    forecasts = {}
    for place, job in enumerate(line, start=1):
        need = needs.get(job.job_id)
        if free is None or need is None:
            free = None
            forecasts[job.job_id] = Forecast(place, None)
        else:
            done = heapq.heappop(free) + need
            heapq.heappush(free, done)
            forecasts[job.job_id] = Forecast(place, done)
    return forecasts
