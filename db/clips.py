"""Clips: the finished variations of a job."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.media import Media
from db.models import Clip, Job
from db.states import Status


async def of(s: AsyncSession, job_id: int) -> Sequence[Clip]:
    found = await s.scalars(
        select(Clip).where(col(Clip.job_id) == job_id).order_by(col(Clip.number))
    )
    return found.all()


async def get(s: AsyncSession, job_id: int, number: int) -> Clip | None:
    return await s.get(Clip, (job_id, number))


async def unused(s: AsyncSession, keys: Collection[str]) -> set[str]:
    """Those of these media keys that no clip and no job needs, and no running render shows."""
    found: set[str] = set()
    for key in (Clip.video_key, Clip.poster_key, Clip.preview_key, Job.first_key, Job.last_key):
        found.update(await s.scalars(select(col(key)).where(col(key).in_(keys))))
    shown = select(col(Job.preview_key)).where(
        col(Job.status) == Status.RENDERING, col(Job.preview_key).in_(keys)
    )
    found.update(await s.scalars(shown))
    return set(keys) - found


async def discard_unused(s: AsyncSession, media: Media, keys: Collection[str]) -> None:
    """Remove the files that nothing needs, while the transaction keeps others from needing them."""
    for key in await unused(s, set(keys) - {""}):
        await media.discard(key)


async def show(s: AsyncSession, job_id: int, numbers: Collection[int]) -> None:
    """Put these clips of a job into the showcase, and no others."""
    await s.execute(
        update(Clip)
        .where(col(Clip.job_id) == job_id)
        .values(shown=col(Clip.number).in_(numbers))
        .execution_options(synchronize_session=False)
    )
