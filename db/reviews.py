"""Reviews: what each moderator decided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Review


async def of(s: AsyncSession, job_id: int) -> Sequence[Review]:
    """Every review of a job, oldest first."""
    found = await s.scalars(
        select(Review)
        .where(col(Review.job_id) == job_id)
        .order_by(col(Review.round), col(Review.at))
    )
    return found.all()


async def put(s: AsyncSession, review: Review) -> None:
    """Store a moderator's review, in place of an earlier one of theirs in the same round."""
    await take_back(s, review.job_id, review.person_id, review.round)
    s.add(review)
    await s.flush()


async def take_back(s: AsyncSession, job_id: int, person_id: int, round: int) -> bool:
    gone = await s.execute(
        delete(Review)
        .where(
            col(Review.job_id) == job_id,
            col(Review.person_id) == person_id,
            col(Review.round) == round,
        )
        .returning(col(Review.job_id))
        .execution_options(synchronize_session="fetch")
    )
    return gone.first() is not None
