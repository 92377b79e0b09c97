"""Votes: one person, one vote per job."""

from __future__ import annotations

from collections.abc import Collection

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
    return (await tallies(s, [job_id]))[job_id]


async def tallies(s: AsyncSession, job_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """The tally of each of these jobs."""
    rows = await s.execute(
        select(col(Vote.job_id), col(Vote.clip), func.count())
        .where(col(Vote.job_id).in_(job_ids))
        .group_by(col(Vote.job_id), col(Vote.clip))
    )
    found: dict[int, dict[int, int]] = {job_id: {} for job_id in job_ids}
    for job_id, clip, number in rows.all():
        found[job_id][clip] = number
    return found


async def by(s: AsyncSession, job_id: int, person_id: int) -> int | None:
    """The clip number this person voted for."""
    return (await all_by(s, person_id, [job_id])).get(job_id)


async def all_by(s: AsyncSession, person_id: int, job_ids: Collection[int]) -> dict[int, int]:
    """Job -> the clip that this person voted for; jobs without their vote are absent."""
    mine = select(col(Vote.job_id), col(Vote.clip)).where(col(Vote.person_id) == person_id)
    rows = await s.execute(mine.where(col(Vote.job_id).in_(job_ids)))
    return dict(rows.all())
