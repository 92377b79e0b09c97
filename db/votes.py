"""Votes: one person, one vote per job."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Vote, utcnow
from db.upsert import upsert


async def cast(s: AsyncSession, job_id: int, person_id: int, clip: int) -> None:
    """Store the vote, in place of an earlier one."""
    row = {"clip": clip, "at": utcnow()}
    await s.execute(
        upsert(s, Vote)
        .values(job_id=job_id, person_id=person_id, **row)
        .on_conflict_do_update(index_elements=["job_id", "person_id"], set_=row)
    )


async def take_back(s: AsyncSession, job_id: int, person_id: int) -> bool:
    gone = await s.execute(
        delete(Vote)
        .where(col(Vote.job_id) == job_id, col(Vote.person_id) == person_id)
        .returning(col(Vote.job_id))
    )
    return gone.first() is not None


async def tally(s: AsyncSession, job_id: int) -> dict[int, int]:
    """Clip number -> votes; clips without a vote are absent."""
    rows = await s.execute(
        select(col(Vote.clip), func.count())
        .where(col(Vote.job_id) == job_id)
        .group_by(col(Vote.clip))
    )
    return dict(rows.all())


async def by(s: AsyncSession, job_id: int, person_id: int) -> int | None:
    """The clip number this person voted for."""
    vote = await s.get(Vote, (job_id, person_id))
    return vote.clip if vote else None
