"""Hits: what the screen found in jobs, and how often it was right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.grouped import by_job
from db.models import Hit, Job, utcnow
from db.states import Status


class Count(NamedTuple):
    """How many jobs one rule has found that now stand alike."""

    rule: str
    hard: bool
    overturned: bool
    status: Status
    was_published: bool
    jobs: int


async def of(s: AsyncSession, job_id: int) -> Sequence[Hit]:
    """Every hit of a job, the overturned ones too: those of its prompt first, then clip by clip; of each
    the hard ones first."""
    return (await of_jobs(s, [job_id]))[job_id]


async def of_jobs(s: AsyncSession, job_ids: Collection[int]) -> dict[int, list[Hit]]:
    """Every hit of each of these jobs, in the same order."""
    query = select(Hit).where(col(Hit.job_id).in_(job_ids))
    query = query.order_by(col(Hit.clip), col(Hit.hard).desc(), col(Hit.rule))
    return by_job(await s.scalars(query), job_ids)


async def standing(s: AsyncSession, job_id: int) -> list[str]:
    """The rules that have found something in a job, and were not overturned."""
    return sorted({hit.rule for hit in await of(s, job_id) if hit.overturned_at is None})


async def add(s: AsyncSession, found: Sequence[Hit]) -> None:
    s.add_all(found)
    await s.flush()


async def forgiven(s: AsyncSession, person_id: int, prompt: str) -> set[tuple[str, int]]:
    """(rule, version) that moderators overturned in these very words of this person before."""
    rows = await s.execute(
        select(col(Hit.rule), col(Hit.version))
        .join(Job, col(Job.id) == col(Hit.job_id))
        .where(
            col(Job.person_id) == person_id,
            col(Job.prompt) == prompt,
            col(Hit.clip) == 0,
            col(Hit.overturned_at).is_not(None),
        )
    )
    return {(rule, version) for rule, version in rows.all()}


async def overturn(s: AsyncSession, job_id: int) -> Sequence[str]:
    """From now on what blocked a job counts no more; the rules that this is about."""
    overturned = await s.scalars(
        update(Hit)
        .where(col(Hit.job_id) == job_id, col(Hit.hard), col(Hit.overturned_at).is_(None))
        .values(overturned_at=utcnow())
        .returning(col(Hit.rule))
        .execution_options(synchronize_session=False)
    )
    return sorted(set(overturned.all()))


async def counts(s: AsyncSession, since: datetime, until: datetime) -> list[Count]:
    """What was found from ``since`` until before ``until``, and how those jobs stand now.

    A job counts once for a rule, however many of its clips the rule is about.
    """
    published = col(Job.published_at).is_not(None)
    overturned = col(Hit.overturned_at).is_not(None)
    rows = await s.execute(
        select(
            col(Hit.rule),
            col(Hit.hard),
            overturned,
            col(Job.status),
            published,
            func.count(func.distinct(col(Hit.job_id))),
        )
        .join(Job, col(Job.id) == col(Hit.job_id))
        .where(col(Hit.at) >= since, col(Hit.at) < until)
        .group_by(col(Hit.rule), col(Hit.hard), overturned, col(Job.status), published)
    )
    return [
        Count(rule, hard, bool(gone), status, bool(shown), jobs)
        for rule, hard, gone, status, shown, jobs in rows.all()
    ]
