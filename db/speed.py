"""How long a render will take, from how long its like took. Pure functions over finished jobs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from db.models import Job


def seconds(job: Job) -> float | None:
    """How long a finished job rendered."""
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()


def estimate(job: Job, recent: Sequence[Job]) -> float | None:
    """Seconds this job will render, or None when nothing like it was ever rendered.

    Renders of the same size, steps and variations are the best witnesses; failing that, time is taken
    as proportional to pixels x frames x steps x variations.
    """
    rendered = [(past, took) for past in recent if (took := seconds(past)) is not None]
    alike = [took for past, took in rendered if _shape(past) == _shape(job)]
    if alike:
        return median(alike)
    if rendered:
        return median(took / _work(past) for past, took in rendered) * _work(job)
    return None


def eta_error(finished: Sequence[Job]) -> float | None:
    """The median of |actual - promised| / actual from submission to result, or None without any."""
    errors = []
    for job in finished:
        if job.promised_seconds is not None and job.finished_at is not None and job.losses == 0:
            actual = (job.finished_at - job.created_at).total_seconds()
            errors.append(abs(actual - job.promised_seconds) / actual)
    return median(errors) if errors else None


def _shape(job: Job) -> tuple[int, ...]:
    return (job.width, job.height, job.frames, job.steps, job.variations)


def _work(job: Job) -> int:
    return job.width * job.height * job.frames * max(job.steps, 1) * job.variations
