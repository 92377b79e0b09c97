"""Reports: what people find wrong with jobs in the showcase."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.grouped import by_job
from db.models import Report, utcnow


async def of(s: AsyncSession, job_id: int) -> Sequence[Report]:
    """Every report of a job, oldest first, the settled ones too."""
    return (await of_jobs(s, [job_id]))[job_id]


async def of_jobs(s: AsyncSession, job_ids: Collection[int]) -> dict[int, list[Report]]:
    """Every report of each of these jobs, oldest first, the settled ones too."""
    query = select(Report).where(col(Report.job_id).in_(job_ids))
    return by_job(await s.scalars(query.order_by(col(Report.at), col(Report.person_id))), job_ids)


async def add(s: AsyncSession, report: Report) -> None:
    s.add(report)
    await s.flush()


async def settle(s: AsyncSession, job_id: int) -> bool:
    """The reports that wait are dealt with; says whether there were any."""
    settled = await s.execute(
        update(Report)
        .where(col(Report.job_id) == job_id, col(Report.settled_at).is_(None))
        .values(settled_at=utcnow())
        .returning(col(Report.person_id))
        .execution_options(synchronize_session=False)
    )
    return settled.first() is not None


async def take_back(s: AsyncSession, job_id: int, persons: Collection[int]) -> None:
    """Remove what these said of a job, unless it is dealt with."""
    waits = col(Report.settled_at).is_(None) & (col(Report.job_id) == job_id)
    await s.execute(delete(Report).where(waits, col(Report.person_id).in_(persons)))
