"""Themes and what takes part in them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.jobs import LARGEST_ID
from db.models import Clip, Job, Theme, Vote, utcnow
from db.states import Status, Task


async def get(s: AsyncSession, theme_id: int, *, lock: bool = False) -> Theme | None:
    if not 0 < theme_id <= LARGEST_ID:
        return None
    query = select(Theme).where(col(Theme.id) == theme_id)
    query = query.execution_options(populate_existing=True)
    return await s.scalar(query.with_for_update() if lock else query)


async def add(s: AsyncSession, theme: Theme) -> None:
    s.add(theme)
    await s.flush()


async def running(s: AsyncSession) -> Sequence[Theme]:
    """Those that are open, the one that ends next first."""
    found = select(Theme).where(col(Theme.closed_at).is_(None))
    return (await s.scalars(found.order_by(col(Theme.ends_at), col(Theme.id)))).all()


async def newest(s: AsyncSession, limit: int = 20) -> Sequence[Theme]:
    return (await s.scalars(select(Theme).order_by(col(Theme.id).desc()).limit(limit))).all()


async def due(s: AsyncSession) -> Sequence[int]:
    """The ids of those whose time is over and that nobody has closed."""
    over = select(col(Theme.id)).where(col(Theme.closed_at).is_(None))
    return (await s.scalars(over.where(col(Theme.ends_at) <= utcnow()))).all()


async def won_by(s: AsyncSession, job_id: int) -> Theme | None:
    """The theme that a clip of this job has won."""
    found = select(Theme).where(col(Theme.winner_job) == job_id)
    return await s.scalar(found.order_by(col(Theme.id)).limit(1))


async def candidates(s: AsyncSession, theme: Theme) -> Sequence[Job]:
    """What is in the showcase since a time when the theme was open, and has its word somewhere
    in the prompt; earliest first."""
    found = await s.scalars(
        select(Job)
        .where(
            col(Job.status) == Status.PUBLISHED,
            col(Job.task) != Task.REEL,
            col(Job.published_at) >= theme.starts_at,
            col(Job.published_at) < theme.ends_at,
            col(Job.prompt).icontains(theme.word, autoescape=True),
        )
        .order_by(col(Job.published_at), col(Job.id))
    )
    return found.all()


async def votes(
    s: AsyncSession, theme: Theme, job_ids: Sequence[int]
) -> dict[tuple[int, int], int]:
    """(job, clip) -> votes since the theme began, of the clips that are shown."""
    rows = await s.execute(
        select(col(Vote.job_id), col(Vote.clip), func.count())
        .join(Clip, (col(Clip.job_id) == col(Vote.job_id)) & (col(Clip.number) == col(Vote.clip)))
        .where(col(Vote.job_id).in_(job_ids), col(Clip.shown), col(Vote.at) >= theme.starts_at)
        .group_by(col(Vote.job_id), col(Vote.clip))
    )
    return {(job_id, clip): count for job_id, clip, count in rows.all()}
