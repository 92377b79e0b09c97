"""Parts: which clips a film is put together from, in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.models import Clip, Job, Part
from db.states import Status, Task


def are_made() -> ColumnElement[bool]:
    """Of a job in a query: whether all clips are there that it is put together from."""
    return ~(
        select(col(Part.film_id))
        .outerjoin(
            Clip, (col(Clip.job_id) == col(Part.job_id)) & (col(Clip.number) == col(Part.clip))
        )
        .where(col(Part.film_id) == col(Job.id), col(Clip.number).is_(None))
        .correlate(Job)
        .exists()
    )


def is_shot() -> ColumnElement[bool]:
    """Of a job in a query: whether it was asked for with a film, as one of its shots."""
    part = select(col(Part.film_id)).where(col(Part.job_id) == col(Job.id), col(Part.is_shot))
    return part.correlate(Job).exists()


async def hold(s: AsyncSession, film_id: int) -> None:
    """Hold the jobs that a film is made of. Whoever holds a film does this first: what happens to one of
    them happens to the film, and so nobody waits in a circle. Their chain comes before them
    (``chains.hold``)."""
    of_film = select(col(Part.job_id)).where(col(Part.film_id) == film_id)
    query = select(col(Job.id)).where(col(Job.id).in_(of_film)).order_by(col(Job.id))
    await s.execute(query.with_for_update(key_share=True))


async def of(s: AsyncSession, film_id: int) -> list[tuple[Part, Job]]:
    """The parts of a film and the jobs that they are clips of, in their order."""
    return (await of_films(s, [film_id]))[film_id]


async def of_films(s: AsyncSession, film_ids: Collection[int]) -> dict[int, list[tuple[Part, Job]]]:
    """The parts of each of these films, and the jobs that they are clips of, in their order."""
    rows = await s.execute(
        select(Part, Job)
        .join(Job, col(Job.id) == col(Part.job_id))
        .where(col(Part.film_id).in_(film_ids))
        .order_by(col(Part.position))
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[tuple[Part, Job]]] = {film_id: [] for film_id in film_ids}
    for part, job in rows.all():
        found[part.film_id].append((part, job))
    return found


async def waiting_for(s: AsyncSession, job_id: int) -> Sequence[int]:
    """The films that wait for a clip of this job."""
    return await _films(s, job_id, col(Job.status) == Status.QUEUED)


async def standing(s: AsyncSession, job_id: int) -> Sequence[int]:
    """The films that a clip of this job is in and that are not withdrawn; those too that came to nothing,
    which could be retried. Reels go by ``reels_without_leave``."""
    there = (col(Job.status) != Status.WITHDRAWN) & (col(Job.task) != Task.REEL)
    return await _films(s, job_id, there)


async def reels_without_leave(s: AsyncSession, job_id: int) -> Sequence[int]:
    """The reels that stand though a clip of this job, which is in them, isn't in the showcase any more,
    or though they name its artist, who doesn't want that any more."""
    of_clip = aliased(Job)
    no_leave = (
        (col(of_clip.status) != Status.PUBLISHED)
        | ~col(Clip.shown)
        | (col(Part.named) & ~col(Clip.named))
    )
    found = await s.scalars(
        select(col(Job.id))
        .join(Part, col(Part.film_id) == col(Job.id))
        .join(of_clip, col(of_clip.id) == col(Part.job_id))
        .join(Clip, (col(Clip.job_id) == col(Part.job_id)) & (col(Clip.number) == col(Part.clip)))
        .where(
            col(Part.job_id) == job_id,
            col(Job.task) == Task.REEL,
            col(Job.status) != Status.WITHDRAWN,
            no_leave,
        )
        .order_by(col(Job.id))
    )
    return found.all()


async def film_of_shot(s: AsyncSession, job_id: int) -> int | None:
    """The film that this job was asked for with, as one of its shots."""
    found = select(col(Part.film_id)).where(col(Part.job_id) == job_id, col(Part.is_shot))
    return await s.scalar(found.limit(1))


async def shots(s: AsyncSession, job_ids: Collection[int]) -> set[int]:
    """Those of these jobs that were asked for as the shot of a film."""
    found = select(col(Part.job_id)).where(col(Part.job_id).in_(job_ids), col(Part.is_shot))
    return set(await s.scalars(found))


async def of_rendering_shots(s: AsyncSession) -> set[int]:
    """The films of which a shot is being rendered."""
    found = select(col(Part.film_id)).join(Job, col(Job.id) == col(Part.job_id))
    return set(await s.scalars(found.where(col(Job.status) == Status.RENDERING, col(Part.is_shot))))


async def artists(s: AsyncSession, film_id: int) -> frozenset[int]:
    """Whose clips are in a film."""
    found = select(col(Job.person_id)).join(Part, col(Part.job_id) == col(Job.id))
    return frozenset(await s.scalars(found.where(col(Part.film_id) == film_id)))


async def is_shared(s: AsyncSession, job: Job) -> bool:
    """Whether it is put together from clips of others, too."""
    return bool(await artists(s, job.id) - {job.person_id})


async def _films(s: AsyncSession, job_id: int, which: ColumnElement[bool]) -> Sequence[int]:
    found = await s.scalars(
        select(col(Job.id))
        .join(Part, col(Part.film_id) == col(Job.id))
        .where(col(Part.job_id) == job_id, which)
        .order_by(col(Job.id))
        .distinct()
    )
    return found.all()
