"""Frames by their perceptual hashes: which clips are still to be looked at, and what is known again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Clip, KnownFrame
from db.upsert import upsert


async def unscreened(s: AsyncSession, most: int) -> Sequence[int]:
    """Jobs with finished clips that the screen has not looked at, oldest first."""
    query = select(col(Clip.job_id)).where(~col(Clip.screened)).distinct()
    return (await s.scalars(query.order_by(col(Clip.job_id)).limit(most))).all()


async def note_screened(s: AsyncSession, job_id: int) -> None:
    await s.execute(
        update(Clip)
        .where(col(Clip.job_id) == job_id)
        .values(screened=True)
        .execution_options(synchronize_session=False)
    )


async def known(s: AsyncSession) -> Sequence[KnownFrame]:
    """The block-list, oldest first."""
    query = select(KnownFrame).order_by(col(KnownFrame.at), col(KnownFrame.job_id))
    return (await s.scalars(query)).all()


async def remembered(s: AsyncSession, job_ids: Collection[int]) -> set[int]:
    """Those of these jobs of which frames are on the list."""
    query = select(col(KnownFrame.job_id)).where(col(KnownFrame.job_id).in_(job_ids))
    return set(await s.scalars(query.distinct()))


async def remember(s: AsyncSession, clip: Clip, person_id: int) -> None:
    """Put a clip's frames on the list; those that are there already stay as they are."""
    for found in clip.hashes:
        row = {"job_id": clip.job_id, "clip": clip.number, "hash": found, "person_id": person_id}
        await s.execute(upsert(s, KnownFrame).values(**row).on_conflict_do_nothing())


async def forget(s: AsyncSession, job_id: int) -> bool:
    """Take a job's frames off the list; says whether there were any."""
    gone = await s.execute(
        delete(KnownFrame)
        .where(col(KnownFrame.job_id) == job_id)
        .returning(col(KnownFrame.hash))
        .execution_options(synchronize_session=False)
    )
    return gone.first() is not None
