"""What waits for moderators: for how long, and in whose hands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.grouped import by_job
from db.models import Job, Look, utcnow
from db.states import WAITING_FOR_REVIEW, Called, Status
from db.upsert import upsert


async def count(s: AsyncSession) -> int:
    """How many jobs wait for a decision."""
    found = await s.scalar(
        select(func.count()).select_from(Job).where(col(Job.status).in_(WAITING_FOR_REVIEW))
    )
    return found or 0


async def held(s: AsyncSession) -> Sequence[int]:
    """The jobs that wait for room in review, the oldest first."""
    found = await s.scalars(
        select(col(Job.id))
        .where(col(Job.status) == Status.READY, col(Job.held))
        .order_by(col(Job.finished_at), col(Job.id))
    )
    return found.all()


async def overdue(s: AsyncSession, since: datetime, called: Called) -> Sequence[int]:
    """The jobs that have waited since then or longer and to which nobody was called so loudly."""
    found = await s.scalars(
        select(col(Job.id))
        .where(
            col(Job.status).in_(WAITING_FOR_REVIEW),
            col(Job.status_since) <= since,
            col(Job.raised) < called,
        )
        .order_by(col(Job.id))
    )
    return found.all()


async def call(s: AsyncSession, job_id: int, since: datetime, called: Called) -> bool:
    """Note that moderators are called to a job; of any number of callers one is told True."""
    noted = await s.scalar(
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.status).in_(WAITING_FOR_REVIEW),
            col(Job.status_since) <= since,
            col(Job.raised) < called,
        )
        .values(raised=called)
        .returning(col(Job.id))
        .execution_options(synchronize_session=False)
    )
    return noted is not None


async def look(s: AsyncSession, job_id: int, person_id: int, until: datetime) -> None:
    """A moderator has a job in hand until then, or longer than they had it already."""
    key = {"job_id": job_id, "person_id": person_id}
    await s.execute(
        upsert(s, Look)
        .values(until=until, **key)
        .on_conflict_do_update(index_elements=list(key), set_={"until": until})
    )


async def looks(s: AsyncSession, job_ids: Collection[int]) -> dict[int, list[Look]]:
    """Who has each of these jobs in hand now."""
    query = select(Look).where(col(Look.job_id).in_(job_ids), col(Look.until) > utcnow())
    return by_job(await s.scalars(query.order_by(col(Look.until), col(Look.person_id))), job_ids)


async def look_away(s: AsyncSession, job_id: int, person_id: int | None = None) -> bool:
    """Somebody hasn't a job in hand any more, or nobody has; says whether that is news."""
    gone = delete(Look).where(col(Look.job_id) == job_id)
    if person_id is not None:
        gone = gone.where(col(Look.person_id) == person_id)
    return bool((await s.scalars(gone.returning(col(Look.person_id)))).all())


async def is_over(s: AsyncSession) -> bool:
    """Whether somebody had a job in hand for long enough."""
    return await s.scalar(select(col(Look.job_id)).where(_over()).limit(1)) is not None


async def looked(s: AsyncSession) -> Sequence[int]:
    """Forget who had jobs in hand for long enough; the jobs, each once."""
    over = delete(Look).where(_over()).returning(col(Look.job_id))
    return sorted(set((await s.scalars(over)).all()))


def _over() -> ColumnElement[bool]:
    return col(Look.until) <= utcnow()
