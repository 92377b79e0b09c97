"""A studio in which only renders are made up: the line, its order and its forecast are the real ones."""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bench.demand import MODELS, Asked, Model
from db import line, speed, walk
from db.line import AGEING, Forecast, Hand, Waiting, holding, switching
from db.speed import Render
from db.walk import Running, Station
from moderation import queueing
from moderation.rules import Refused, Rules

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING_CAP = 2
"""What a worker is set to unless told otherwise."""
KNOWN = 50
"""Of each model, so many of the latest renders say how long the next will take."""


@dataclass(frozen=True, slots=True)
class Nature:
    """How renders and workers behave: ``spread`` is the standard deviation of a render's time, as a share of
    it; ``up`` and ``down``, for how many seconds a worker is there and away, on average."""

    spread: float = 0.15
    up: float = 12 * 3600.0
    down: float = 3600.0

    @property
    def there(self) -> float:
        """The share of the time that a worker is there."""
        return self.up / (self.up + self.down)


@dataclass(slots=True)
class Worker:
    """One graphics card."""

    hand: Hand
    there: bool = True
    job: Waiting | None = None
    since: float = 0.0
    loading: float = 0.0
    """Of that, seconds until it had the model."""
    attempt: int = 0
    busy: float = 0.0
    """Seconds that it rendered so far."""


@dataclass(frozen=True, slots=True)
class Served:
    """A job that was done. ``promised``: seconds until then, as its artist was told, where that was noted."""

    person: int
    waited: float
    took: float
    promised: float | None


@dataclass(slots=True)
class Simulation:
    """``promises``: of each wish, how likely the forecast is noted, which costs as much as in real life."""

    workers: Sequence[Worker]
    chance: random.Random
    nature: Nature = field(default_factory=Nature)
    promises: float = 1.0
    rules: Rules = field(default_factory=Rules)
    served: list[Served] = field(default_factory=list)
    asked: Counter[int] = field(default_factory=Counter)
    """How often each person asked."""
    refused: int = 0
    overtaken: int = 0
    """How often somebody's second job was taken while another's first waited that had waited as long."""
    longest: int = 0
    busy: float = 0.0
    """Seconds that all workers rendered while people asked."""
    now: float = 0.0
    _waiting: dict[int, Waiting] = field(default_factory=dict)
    _of: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _rendering: Counter[line.Counted] = field(default_factory=Counter)
    _served_at: dict[int, datetime | None] = field(default_factory=dict)
    _promised: dict[int, float | None] = field(default_factory=dict)
    _recent: dict[str, deque[Render]] = field(
        default_factory=lambda: {m.name: deque(maxlen=KNOWN) for m in MODELS}
    )
    _events: list[tuple[float, int, str, int, int]] = field(default_factory=list)
    _number: count[int] = field(default_factory=count)

    def run(self, asked: Iterable[Asked], until: float, *, to_the_end: bool = False) -> None:
        """Let these be asked for until then; ``to_the_end``: and until nobody waits any more."""
        if self.nature.down:
            for number in range(len(self.workers)):
                self._after(self.chance.expovariate(1 / self.nature.up), "leaves", number)
        for job_id, wish in enumerate(asked, 1):
            self._go_on_until(wish.at)
            self._ask(job_id, wish)
        self._go_on_until(until)
        self.busy = sum(worker.busy for worker in self.workers)
        while to_the_end and self.waiting:
            self._go_on_until(self._events[0][0])

    @property
    def waiting(self) -> int:
        """How many aren't done yet."""
        return len(self._waiting) + sum(worker.job is not None for worker in self.workers)

    # ── what happens ─────────────────────────────────────────────────────────────────────

    def _go_on_until(self, moment: float) -> None:
        while self._events and self._events[0][0] <= moment:
            self.now, _, kind, number, attempt = heapq.heappop(self._events)
            worker = self.workers[number]
            if kind == "ends" and attempt == worker.attempt:
                self._end(number)
            elif kind == "leaves":
                self._leave(number)
            elif kind == "comes":
                worker.there = True
                self._after(self.chance.expovariate(1 / self.nature.up), "leaves", number)
                self._claim(number)
        self.now = moment

    def _ask(self, job_id: int, wish: Asked) -> None:
        self.asked[wish.person] += 1
        try:
            queueing.may_submit(len(self._of[wish.person]), self.rules.queued_cap)
        except Refused:
            self.refused += 1
            return
        model, served = wish.model, self._served_at.get(wish.person)
        job = Waiting(job_id, wish.person, self._clock(), served, model.name, model.shape)
        self._put(job)
        if self.chance.random() < self.promises:
            told = self._forecast().get(job_id)
            self._promised[job_id] = told.seconds if told else None
        for number, worker in enumerate(self.workers):
            if worker.there and worker.job is None and job_id in self._waiting:
                self._claim(number)

    def _claim(self, number: int) -> None:
        """Give this worker what the line says."""
        worker, now = self.workers[number], self._clock()
        ordered = line.order(list(self._waiting.values()), now)
        idle = [w.hand for w in self.workers if w.there and w.job is None and w is not worker]
        found = line.claimable(ordered, self._rendering, RUNNING_CAP, worker.hand, idle, now)
        job = next(found, None)
        self.longest = max(self.longest, len(ordered))
        if job is None:
            return
        self.overtaken += self._overtakes(job, ordered, worker.hand)
        self._take(self._waiting[job.job_id])
        self._note_served(job.person_id, now)
        worker.job, worker.since, worker.attempt = job, self.now, worker.attempt + 1
        usual = next(model.seconds for model in MODELS if model.name == job.model)
        took = usual * max(self.chance.gauss(1, self.nature.spread), 0.1)
        loads = switching(job, worker.hand)
        worker.hand, worker.loading = holding(job, worker.hand, now), loads
        self._after(loads + took, "ends", number, worker.attempt)

    def _end(self, number: int) -> None:
        worker = self.workers[number]
        job = self._let_go(worker)
        took = self.now - worker.since - worker.loading
        asked = (job.queued_at - BEGAN).total_seconds()
        waited, promised = self.now - asked - took, self._promised.pop(job.job_id, None)
        self._recent[job.model].append(Render(job.shape, took, waited + took, promised))
        self.served.append(Served(job.person_id, waited, took, promised))
        self._claim(number)

    def _leave(self, number: int) -> None:
        """A worker goes; what it rendered is in line again."""
        worker = self.workers[number]
        worker.there = False
        if worker.job is not None:
            job = self._let_go(worker)
            self._note_served(job.person_id, None)
            self._put(replace(job, served_at=None))
            for other, idle in enumerate(self.workers):
                if idle.there and idle.job is None and job.job_id in self._waiting:
                    self._claim(other)
        self._after(self.chance.expovariate(1 / self.nature.down), "comes", number)

    # ── how things stand ─────────────────────────────────────────────────────────────────

    def _forecast(self) -> dict[int, Forecast]:
        ordered = line.order(list(self._waiting.values()), self._clock())
        needs = {job.job_id: self._need(job) for job in ordered}
        stations = [Station(w.hand, self._running(w)) for w in self.workers if w.there]
        return walk.forecast(ordered, needs, stations, (), RUNNING_CAP, self._clock())

    def _running(self, worker: Worker) -> Running | None:
        if worker.job is None:
            return None
        need, spent = self._need(worker.job), self.now - worker.since - worker.loading
        return Running(worker.job.person_id, None if need is None else max(need - spent, 0.0))

    def _need(self, job: Waiting) -> float | None:
        return speed.estimate(job.shape, self._recent[job.model])

    def _overtakes(self, job: Waiting, ordered: Sequence[Waiting], hand: Hand) -> bool:
        """Whether it is a second one before a first one of somebody who has waited for as many rounds."""
        firsts: dict[int, Waiting] = {}
        for waiting in sorted(ordered, key=lambda each: each.queued_at):
            firsts.setdefault(waiting.person_id, waiting)
        if firsts[job.person_id] is job:
            return False
        rounds = (self._clock() - job.queued_at) // AGEING
        return any(
            first.queued_at <= job.queued_at
            and (self._clock() - first.queued_at) // AGEING >= rounds
            and first.person_id != job.person_id
            and self._rendering[first.person_id] < RUNNING_CAP
            and line.can(first, hand)
            for first in firsts.values()
        )

    def _clock(self) -> datetime:
        return BEGAN + timedelta(seconds=self.now)

    def _after(self, seconds: float, kind: str, number: int, attempt: int = 0) -> None:
        event = self.now + seconds, next(self._number), kind, number, attempt
        heapq.heappush(self._events, event)

    def _put(self, job: Waiting) -> None:
        self._waiting[job.job_id] = job
        self._of[job.person_id].add(job.job_id)

    def _take(self, job: Waiting) -> None:
        del self._waiting[job.job_id]
        self._of[job.person_id].remove(job.job_id)
        self._rendering[job.person_id] += 1

    def _let_go(self, worker: Worker) -> Waiting:
        job = worker.job
        assert job is not None
        worker.job, worker.attempt = None, worker.attempt + 1
        worker.busy += self.now - worker.since
        self._rendering[job.person_id] -= 1
        return job

    def _note_served(self, person: int, at: datetime | None) -> None:
        self._served_at[person] = at
        for job_id in self._of[person]:
            self._waiting[job_id] = replace(self._waiting[job_id], served_at=at)


def cards(large: int, small: int) -> list[Worker]:
    """So many workers that have every model, and so many that have those of 24 GB alone."""
    some = [model for model in MODELS if model.small]
    return [_worker(MODELS) for _ in range(large)] + [_worker(some) for _ in range(small)]


def _worker(models: Sequence[Model]) -> Worker:
    """One that has loaded each of them before, and knows how long that takes."""
    loads = {model.name: float(model.load) for model in models}
    return Worker(Hand(frozenset(loads), loads=loads))
