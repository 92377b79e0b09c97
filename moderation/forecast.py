"""Place and ETA of every waiting job, from the line itself and from measured speed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import jobs, speed, walk, workers
from db.line import Forecast, Hand, Waiting, holding, switching
from db.models import Job, Worker, utcnow
from db.speed import Render, Shape
from db.states import Status
from db.walk import Running, Station


async def of_line(s: AsyncSession) -> dict[int, Forecast]:
    """Job id -> forecast. Jobs whose model no worker that is here offers are left out."""
    waiting = await jobs.line(s)
    if not waiting:
        return {}
    rendering = await jobs.with_status(s, Status.RENDERING)
    known = sorted(await workers.every(s), key=lambda worker: worker.name)
    recent = await _recent(s, {w.model for w in waiting} | {job.model for job in rendering})
    kinds = {(w.model, w.shape) for w in waiting}
    estimates = {kind: speed.estimate(kind[1], recent[kind[0]]) for kind in kinds}
    needs = {w.job_id: estimates[w.model, w.shape] for w in waiting}
    now = utcnow()
    hands = {worker.name: _hand(worker, recent) for worker in known}
    living = [worker for worker in known if workers.takes_jobs(worker)]
    stations = {worker.name: Station(hands[worker.name]) for worker in living}
    elsewhere = []
    for job in rendering:
        hand = hands.get(job.worker, Hand(()))
        running = Running(job.person_id, _left(job, hand, recent[job.model], now), job.at_once)
        station = stations.get(job.worker)
        if station is None or station.running is not None:
            elsewhere.append(running)
        else:
            stations[job.worker] = Station(holding(_as_claimed(job), hand, now), running)
    cap = min((worker.running_cap for worker in living), default=1)
    return walk.forecast(waiting, needs, list(stations.values()), elsewhere, cap, now)


async def remaining(s: AsyncSession, job: Job) -> float | None:
    """Seconds until a job that is being rendered will be done, or None when unknown."""
    recent = await _recent(s, {job.model})
    worker = await s.get(Worker, job.worker)
    hand = _hand(worker, recent) if worker else Hand(())
    return _left(job, hand, recent[job.model], utcnow())


def _left(job: Job, hand: Hand, recent: Sequence[Render], now: datetime) -> float | None:
    claimed = _as_claimed(job)
    need = speed.estimate(claimed.shape, recent)
    if need is None or job.started_at is None:
        return None
    began = max(job.started_at, hand.since) if job.model == hand.loaded else job.started_at
    need = need * hand.pace.get(job.model, 1.0) + switching(claimed, hand)
    return max(need - (now - began).total_seconds(), 0.0)


def _as_claimed(job: Job) -> Waiting:
    """As it stood in line."""
    return Waiting(job.id, job.person_id, job.queued_at, None, job.model, Shape.of(job))


def _hand(worker: Worker, recent: Mapping[str, Sequence[Render]]) -> Hand:
    paces = {model: speed.pace(worker.name, renders) for model, renders in recent.items()}
    return replace(workers.hand(worker), pace=paces)


async def _recent(s: AsyncSession, models: Collection[str]) -> dict[str, list[Render]]:
    return {model: await workers.recent_renders(s, model) for model in models}
