"""Reports: what people find wrong with jobs in the showcase."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Report, utcnow


async def of(s: AsyncSession, job_id: int) -> Sequence[Report]:
    """Every report of a job, oldest first, the settled ones too."""
    found = await s.scalars(
        select(Report)
        .where(col(Report.job_id) == job_id)
        .order_by(col(Report.at), col(Report.person_id))
    )
    return found.all()


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
