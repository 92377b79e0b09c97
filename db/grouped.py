"""Rows of many jobs read at once, sorted to their jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar


class OfJob(Protocol):
    """A row that belongs to a job."""

    job_id: int


Row = TypeVar("Row", bound=OfJob)


def by_job(rows: Iterable[Row], job_ids: Collection[int]) -> dict[int, list[Row]]:
    """The rows of each of these jobs, in the order in which they come."""
    found: dict[int, list[Row]] = {job_id: [] for job_id in job_ids}
    for row in rows:
        found[row.job_id].append(row)
    return found
