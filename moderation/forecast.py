"""Place and ETA of every waiting job, from the line itself and from measured speed."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db import jobs, line, speed, workers
from db.line import Forecast
from db.models import Job, utcnow
from db.states import Status


async def of_line(s: AsyncSession) -> dict[int, Forecast]:
    """Job id -> forecast, for all that are queued."""
    waiting = await jobs.line(s)
    queued = {job.id: job for job in await jobs.with_status(s, Status.QUEUED)}
    estimates = await _estimates(s, {job.model for job in queued.values()})
    needs = {
        w.job_id: speed.estimate(queued[w.job_id], estimates[w.model])
        for w in waiting
        if w.job_id in queued
    }
    return line.forecast(waiting, needs, await _busy(s))


async def remaining(s: AsyncSession, job: Job) -> float | None:
    """Seconds until a job that is being rendered will be done, or None when unknown."""
    recent = await workers.recent_renders(s, job.model)
    needs = speed.estimate(job, recent)
    if needs is None or job.started_at is None:
        return None
    return max(needs - (utcnow() - job.started_at).total_seconds(), 0.0)


async def _busy(s: AsyncSession) -> list[float | None]:
    rendering = await jobs.with_status(s, Status.RENDERING)
    busy = [await remaining(s, job) for job in rendering]
    living = sum(workers.alive(worker) for worker in await workers.every(s))
    return busy + [0.0] * (living - len(busy))


async def _estimates(s: AsyncSession, models: set[str]) -> dict[str, list[Job]]:
    return {model: list(await workers.recent_renders(s, model)) for model in models}
