"""Weeks, what was best in them, and what could be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.models import Best, Clip, Job, Person, Vote, Week
from db.states import Descent, Status
from db.upsert import upsert


class Winner(NamedTuple):
    """A job whose ballot is closed, and the votes of the clip that won it."""

    job: Job
    votes: int


class Shown(NamedTuple):
    """One of a week's best that everybody may still see."""

    best: Best
    job: Job
    artist: str


async def add(s: AsyncSession, year: int, number: int) -> bool:
    """Of any number who add a week exactly one is told True."""
    added = await s.execute(
        upsert(s, Week)
        .values(year=year, number=number)
        .on_conflict_do_nothing()
        .returning(col(Week.number))
    )
    return added.first() is not None


async def get(s: AsyncSession, year: int, number: int, *, lock: bool = False) -> Week | None:
    query = select(Week).where(col(Week.year) == year, col(Week.number) == number)
    query = query.execution_options(populate_existing=True)
    return await s.scalar(query.with_for_update() if lock else query)


async def known(s: AsyncSession, which: Collection[tuple[int, int]]) -> Sequence[Week]:
    """Those of these (year, number) that were drawn."""
    wanted = tuple_(col(Week.year), col(Week.number)).in_(which)
    return (await s.scalars(select(Week).where(wanted))).all()


async def newest(
    s: AsyncSession, limit: int, before: tuple[int, int] | None = None
) -> Sequence[Week]:
    """Those that have a best clip, newest first; ``before``: the (year, number) after which to go on."""
    best = (col(Best.year) == col(Week.year)) & (col(Best.number) == col(Week.number))
    query = select(Week).where(select(Best).where(best).correlate(Week).exists())
    if before is not None:
        query = query.where(tuple_(col(Week.year), col(Week.number)) < before)
    newest_first = query.order_by(col(Week.year).desc(), col(Week.number).desc())
    return (await s.scalars(newest_first.limit(limit))).all()


async def is_counting(s: AsyncSession, until: datetime) -> bool:
    """Whether a ballot whose time was over before this moment isn't closed yet."""
    found = select(col(Job.id)).where(
        col(Job.status) == Status.PUBLISHED,
        col(Job.winner).is_(None),
        col(Job.ballot_closes_at) < until,
    )
    return await s.scalar(found.limit(1)) is not None


async def winners(s: AsyncSession, since: datetime, until: datetime) -> list[Winner]:
    """What won a ballot that ended in this time and is in the showcase now. Not the full render of a
    draft that won: that one had its week."""
    draft = aliased(Job)
    had_its_week = (
        select(col(draft.id))
        .where(
            col(Job.descent) == Descent.FINAL,
            col(draft.id) == col(Job.parent_id),
            col(draft.winner) == col(Job.parent_clip),
        )
        .correlate(Job)
        .exists()
    )
    votes = (
        select(func.count())
        .where(col(Vote.job_id) == col(Job.id), col(Vote.clip) == col(Job.winner))
        .correlate(Job)
        .scalar_subquery()
    )
    rows = await s.execute(
        select(Job, votes)
        .join(Clip, (col(Clip.job_id) == col(Job.id)) & (col(Clip.number) == col(Job.winner)))
        .where(
            col(Job.winner) > 0,
            col(Job.ballot_closes_at) >= since,
            col(Job.ballot_closes_at) < until,
            col(Job.status) == Status.PUBLISHED,
            col(Clip.shown),
            ~had_its_week,
        )
    )
    return [Winner(job, count) for job, count in rows.all()]


async def best(s: AsyncSession, week: Week) -> Sequence[Best]:
    """As it was drawn, the first first."""
    found = select(Best).where(col(Best.year) == week.year, col(Best.number) == week.number)
    return (await s.scalars(found.order_by(col(Best.position)))).all()


async def shown(s: AsyncSession, weeks: Collection[Week]) -> list[Shown]:
    """The best of these weeks that are still in the showcase, the first of each week first."""
    rows = await s.execute(
        select(Best, Job, col(Person.name))
        .join(Job, col(Job.id) == col(Best.job_id))
        .join(Person, col(Person.id) == col(Job.person_id))
        .join(Clip, (col(Clip.job_id) == col(Best.job_id)) & (col(Clip.number) == col(Best.clip)))
        .where(
            tuple_(col(Best.year), col(Best.number)).in_([(w.year, w.number) for w in weeks]),
            col(Job.status) == Status.PUBLISHED,
            col(Clip.shown),
        )
        .order_by(col(Best.position))
    )
    return [Shown(*row) for row in rows.all()]


async def of_jobs(s: AsyncSession, job_ids: Collection[int]) -> dict[int, Best]:
    """Where clips of these jobs are among a week's best, of several weeks the last; jobs that are in
    none are absent."""
    found = select(Best).where(col(Best.job_id).in_(job_ids))
    oldest_first = await s.scalars(found.order_by(col(Best.year), col(Best.number)))
    return {best.job_id: best for best in oldest_first}
