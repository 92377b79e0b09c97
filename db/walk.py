"""At which place in the line each job stands, and when it will be done: the line is walked as the workers
will. Pure functions."""

from __future__ import annotations

import heapq
from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from db.line import (
    Counted,
    Forecast,
    Hand,
    Waiting,
    can,
    claimable,
    counted,
    has_room,
    holding,
    switching,
)

NOMINAL_SECONDS = 60.0
"""What a render of unknown length is taken for when only the order matters."""


@dataclass(frozen=True, slots=True)
class Running:
    """A render that is going on; ``seconds`` until it ends, None when unknown."""

    person_id: int
    seconds: float | None
    at_once: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Station:
    """A worker that takes jobs, and what it renders now."""

    hand: Hand
    running: Running | None = None


def forecast(
    line: Sequence[Waiting],
    needs: Mapping[int, float | None],
    stations: Sequence[Station],
    elsewhere: Sequence[Running],
    cap: int,
    now: datetime,
) -> dict[int, Forecast]:
    """Of every job in line that these workers can make; the others are in nobody's way. Where there is
    no worker, of all.

    ``needs``: seconds each waiting job renders for at the usual pace, None when unknown; ``elsewhere``:
    renders of workers that take no more. One unknown figure makes everything behind it unknown, rather
    than wrong.
    """
    if not stations:
        return {job.job_id: Forecast(place, None) for place, job in enumerate(line, 1)}
    walk = _Walk(line, stations, elsewhere, cap, now)
    forecasts: dict[int, Forecast] = {}
    while walk.left:
        claim = walk.next_claim()
        if claim is not None:
            which, job = claim
            done = walk.begin(which, job, needs.get(job.job_id))
            forecasts[job.job_id] = Forecast(len(forecasts) + 1, done)
        elif not walk.end_one():
            break
    for job in walk.left.values():
        forecasts[job.job_id] = Forecast(len(forecasts) + 1, None)
    return forecasts


class _Walk:
    """The workers on their way through the line."""

    def __init__(
        self,
        line: Sequence[Waiting],
        stations: Sequence[Station],
        elsewhere: Sequence[Running],
        cap: int,
        now: datetime,
    ) -> None:
        self._cap = cap
        self._began = self._now = now
        self._passed = 0.0
        self._known = True
        self._counts: Counter[Counted] = Counter()
        self._ends: list[tuple[float, int, list[Counted], int | None]] = []
        self._nth = count()  # what ends at the same time ends in the order in which it began
        self._hands = [station.hand for station in stations]
        self._idle: list[int] = []
        for which, station in enumerate(stations):
            if station.running is None:
                self._idle.append(which)
            else:
                self._add(station.running, which)
        for render in elsewhere:
            self._add(render, None)
        self._share_out(line)

    def _share_out(self, line: Sequence[Waiting]) -> None:
        """Find what each worker can make of this once for all; those that can make the same share it."""
        shared: dict[tuple[int, ...], dict[int, Waiting]] = {}
        self._able = []
        for hand in self._hands:
            able = {job.job_id: job for job in line if can(job, hand)}
            self._able.append(shared.setdefault(tuple(able), able))
        self._shares = list(shared.values())
        anybodys = set[int]().union(*self._shares)
        self.left = {job.job_id: job for job in line if job.job_id in anybodys}

    def next_claim(self) -> tuple[int, Waiting] | None:
        """Which idle worker takes what now, if one does."""
        shut: set[int] = set()
        for which in self._idle:
            able = self._able[which]
            if id(able) in shut or not self._has_room(able):
                shut.add(id(able))
                continue
            others = [self._hands[other] for other in self._idle if other != which]
            takes = claimable(
                able.values(), self._counts, self._cap, self._hands[which], others, self._now
            )
            job = next(takes, None)
            if job is not None:
                return which, job
        return None

    def begin(self, which: int, job: Waiting, need: float | None) -> float | None:
        """This worker renders this job; seconds until it is done, None when unknown."""
        self._idle.remove(which)
        for jobs in (self.left, *self._shares):
            jobs.pop(job.job_id, None)
        hand = self._hands[which]
        self._hands[which] = holding(job, hand, self._now)
        seconds = None
        if need is not None:
            seconds = switching(job, hand) + need * hand.pace.get(job.model, 1.0)
        done = self._add(Running(job.person_id, seconds, job.at_once), which)
        return done if self._known else None

    def end_one(self) -> bool:
        """Go on to when the next render ends; whether there is one."""
        if not self._ends:
            return False
        passed, _, names, which = heapq.heappop(self._ends)
        self._passed = passed
        self._now = self._began + timedelta(seconds=passed)
        self._counts.subtract(names)
        if which is not None:
            insort(self._idle, which)
        return True

    def _add(self, render: Running, which: int | None) -> float:
        """When it ends, in seconds from the beginning."""
        names = counted(render.person_id, render.at_once)
        self._counts.update(names)
        self._known = self._known and render.seconds is not None
        seconds = NOMINAL_SECONDS if render.seconds is None else render.seconds
        end = self._passed + seconds
        heapq.heappush(self._ends, (end, next(self._nth), names, which))
        return end

    def _has_room(self, able: Mapping[int, Waiting]) -> bool:
        return any(has_room(job, self._counts, self._cap) for job in able.values())
