"""Statements: who is in a picture or named in a prompt, and whether they agreed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Hit, Job, Part, Statement
from db.states import PUT_TOGETHER

LIKENESS = "likeness"
"""The screen's rule that finds living people in a prompt."""


async def latest(s: AsyncSession, job_id: int) -> Statement | None:
    """What was said last; where its ``depicts`` is None, nothing stands."""
    return (await latest_of(s, [job_id])).get(job_id)


async def latest_of(s: AsyncSession, job_ids: Collection[int]) -> dict[int, Statement]:
    """What was said last of each of these jobs; those of which nothing was are absent."""
    said = select(Statement).where(col(Statement.job_id).in_(job_ids)).order_by(col(Statement.id))
    return {statement.job_id: statement for statement in await s.scalars(said)}


async def stands(s: AsyncSession, job_id: int) -> bool:
    said = await latest(s, job_id)
    return said is not None and said.depicts is not None


def revoked(latest: Mapping[int, Statement]) -> frozenset[int]:
    """The jobs of which a statement was taken back, by what was said of each last."""
    return frozenset(job_id for job_id, said in latest.items() if said.depicts is None)


async def add(s: AsyncSession, statement: Statement) -> None:
    s.add(statement)
    await s.flush()


def may_owe(job: Job, found: Iterable[Hit]) -> bool:
    """Whether it could need a statement at all, which takes no look at the database.

    ``found``: what the screen has found in it.
    """
    grown = job.parent_id is not None or job.source_id is not None or job.task in PUT_TOGETHER
    return grown or bool(_pictures([job])) or any(hit.rule == LIKENESS for hit in found)


async def is_owed(s: AsyncSession, job: Job) -> bool:
    """Whether a statement is missing without which the job may not be shown.

    It takes one where a picture was given or the prompt names somebody living; what is made from other
    clips rests on the statements of those, unless there is a picture or a name in it that they haven't.
    One that was taken back is missing even where its picture and words are gone, with whoever gave them.
    """
    waiting, known = [job], {job.id}
    while waiting:
        one = waiting.pop()
        said = await latest(s, one.id)
        if said is not None and said.depicts is None:
            return True
        if said is not None:
            continue
        above = await _made_from(s, one)
        if _pictures([one]) - _pictures(above):
            return True
        if await _names(s, [one.id]) - await _names(s, [n.id for n in above]):
            return True
        waiting += [parent for parent in above if parent.id not in known]
        known |= {parent.id for parent in above}
    return False


async def resting_on(s: AsyncSession, job: Job) -> list[int]:
    """The artist's own jobs that were made from this one, by whatever steps, and all films that its clip
    is in; the oldest first."""
    found: set[int] = set()
    further = {job.id}
    while further:
        grown = (col(Job.parent_id).in_(further)) | (col(Job.source_id).in_(further))
        own = select(col(Job.id)).where(grown, col(Job.person_id) == job.person_id)
        films = select(col(Part.film_id)).where(col(Part.job_id).in_(further))
        further = {*(await s.scalars(own)), *(await s.scalars(films))} - found
        found |= further
    return sorted(found)


async def _made_from(s: AsyncSession, job: Job) -> Sequence[Job]:
    ids = {job.parent_id, job.source_id} - {None}
    if job.task in PUT_TOGETHER:
        ids |= set(await s.scalars(select(col(Part.job_id)).where(col(Part.film_id) == job.id)))
    if not ids:
        return ()
    return (await s.scalars(select(Job).where(col(Job.id).in_(ids)))).all()


def _pictures(jobs: Iterable[Job]) -> set[str]:
    return {key for job in jobs for key in (job.first_key, job.last_key) if key}


async def _names(s: AsyncSession, job_ids: Collection[int]) -> set[str]:
    """The living people that the prompts of these jobs name."""
    if not job_ids:
        return set()
    of_rule = select(Hit).where(col(Hit.job_id).in_(job_ids), col(Hit.rule) == LIKENESS)
    return {word.casefold() for hit in await s.scalars(of_rule) for word in hit.words}
