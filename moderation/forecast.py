"""Place and ETA of every waiting job, from the line itself and from measured speed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from db import jobs, line, speed, workers
from db.line import Forecast, Running
from db.models import Job, utcnow
from db.speed import Render, Shape
from db.states import Status


async def of_line(s: AsyncSession) -> dict[int, Forecast]:
    """Job id -> forecast. Jobs whose model no worker that is here offers are left out."""
    waiting = await jobs.line(s)
    if not waiting:
        return {}
    rendering = await jobs.with_status(s, Status.RENDERING)
    living = [worker for worker in await workers.every(s) if workers.takes_jobs(worker)]
    hands = {workers.hand(worker) for worker in living}
    if hands:
        waiting = [job for job in waiting if any(line.can(job, hand) for hand in hands)]
    recent = await _recent(s, {w.model for w in waiting} | {job.model for job in rendering})
    kinds = {(w.model, w.shape) for w in waiting}
    estimates = {kind: speed.estimate(kind[1], recent[kind[0]]) for kind in kinds}
    needs = {w.job_id: estimates[w.model, w.shape] for w in waiting}
    running = [
        Running(job.person_id, _left(job, recent[job.model]), job.at_once) for job in rendering
    ]
    offered = {offer["name"] for worker in living for offer in worker.offers}
    models = offered if living else {w.model for w in waiting}
    cap = min((worker.running_cap for worker in living), default=1)
    return line.forecast(waiting, needs, running, len(living), cap, models)


async def remaining(s: AsyncSession, job: Job) -> float | None:
    """Seconds until a job that is being rendered will be done, or None when unknown."""
    return _left(job, await workers.recent_renders(s, job.model))


def _left(job: Job, recent: list[Render]) -> float | None:
    shape = Shape(*(getattr(job, name) for name in Shape._fields))
    need = speed.estimate(shape, recent)
    if need is None or job.started_at is None:
        return None
    return max(need - (utcnow() - job.started_at).total_seconds(), 0.0)


async def _recent(s: AsyncSession, models: Collection[str]) -> dict[str, list[Render]]:
    return {model: await workers.recent_renders(s, model) for model in models}
