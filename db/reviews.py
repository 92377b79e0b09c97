"""Reviews: what each moderator decided, and when."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Review


async def of(s: AsyncSession, job_id: int) -> Sequence[Review]:
    """Every review of a job, oldest first."""
    found = await s.scalars(
        select(Review).where(col(Review.job_id) == job_id).order_by(col(Review.id))
    )
    return found.all()


async def add(s: AsyncSession, review: Review) -> None:
    """Store a review beside the moderator's earlier ones; on each clip their latest one counts."""
    s.add(review)
    await s.flush()


async def take_back(s: AsyncSession, job_id: int, person_id: int, round: int) -> bool:
    """Remove all that a moderator said in this round; says whether there was anything."""
    gone = await s.execute(
        delete(Review)
        .where(
            col(Review.job_id) == job_id,
            col(Review.person_id) == person_id,
            col(Review.round) == round,
        )
        .returning(col(Review.id))
        .execution_options(synchronize_session="fetch")
    )
    return gone.first() is not None
