"""Reviews: what each moderator decided, and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.grouped import by_job
from db.models import Review
from db.states import Reason, Verdict


async def of(s: AsyncSession, job_id: int) -> Sequence[Review]:
    """Every review of a job, oldest first."""
    return (await of_jobs(s, [job_id]))[job_id]


async def of_jobs(s: AsyncSession, job_ids: Collection[int]) -> dict[int, list[Review]]:
    """Every review of each of these jobs, oldest first."""
    query = select(Review).where(col(Review.job_id).in_(job_ids)).order_by(col(Review.id))
    return by_job(await s.scalars(query), job_ids)


async def add(s: AsyncSession, review: Review) -> None:
    """Store a review beside the moderator's earlier ones; on each clip their latest one counts."""
    s.add(review)
    await s.flush()


async def take_back(
    s: AsyncSession, job_id: int, person_id: int, round: int, reason: Reason | Verdict | None = None
) -> bool:
    """Remove all that a moderator said in this round; says whether there was anything.

    ``reason``: only the approval, or only the no for this reason.
    """
    told = [
        col(Review.job_id) == job_id,
        col(Review.person_id) == person_id,
        col(Review.round) == round,
    ]
    if reason is Verdict.APPROVE:
        told.append(col(Review.verdict) == reason)
    elif reason is not None:
        told.append(col(Review.reason) == reason)
    gone = await s.execute(
        delete(Review)
        .where(*told)
        .returning(col(Review.id))
        .execution_options(synchronize_session="fetch")
    )
    return gone.first() is not None
