"""Lineage: what a job grew out of and what grew out of it, as far as somebody may know of it.

Each way is one recursive walk, bounded in depth and in number. It tells of every job on the way only
that it is there and whether it may be seen; what it says is told of those alone that may.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Clip, Job, Person
from db.states import Descent, Status

MOST_DEEP = 50
"""Generations that are walked, either way."""
MOST_JOBS = 5000
"""Jobs that are walked below one."""


class Eyes(NamedTuple):
    """Who looks, and how the jobs of others stand that they may know of."""

    person_id: int
    others: frozenset[Status]


class Kin(NamedTuple):
    """One job on the way."""

    job_id: int
    parent_id: int | None
    seen: bool


@dataclass(frozen=True, slots=True)
class Relative:
    """What may be told of a job to whoever may see it."""

    job_id: int
    person_id: int
    artist: str
    prompt: str
    status: Status
    descent: Descent | None
    parent_clip: int | None
    poster: int
    """The clip of it whose picture they may see; 0 for none."""


async def ancestors(
    s: AsyncSession, job_id: int, eyes: Eyes, most_deep: int = MOST_DEEP
) -> list[Kin]:
    """The job itself, its parent, and so on."""
    own = select(
        col(Job.id), col(Job.parent_id), _seen(eyes).label("seen"), literal(0).label("depth")
    )
    up = own.where(col(Job.id) == job_id).cte("up", recursive=True)
    above = (
        select(col(Job.id), col(Job.parent_id), _seen(eyes), up.c.depth + 1)
        .join(up, col(Job.id) == up.c.parent_id)
        .where(up.c.depth < most_deep)
    )
    up = up.union_all(above)
    rows = await s.execute(select(up.c.id, up.c.parent_id, up.c.seen).order_by(up.c.depth))
    return [Kin(*row) for row in rows.all()]


async def descendants(
    s: AsyncSession,
    job_id: int,
    eyes: Eyes,
    most_deep: int = MOST_DEEP,
    most_jobs: int = MOST_JOBS,
) -> list[Kin]:
    """The job itself and what grew out of it, parents before their children.

    Where there are more than ``most_jobs``, those that come first: both databases walk generation by
    generation and stop when they have enough.
    """
    own = select(
        col(Job.id), col(Job.parent_id), _seen(eyes).label("seen"), literal(0).label("depth")
    )
    down = own.where(col(Job.id) == job_id).cte("down", recursive=True)
    below = (
        select(col(Job.id), col(Job.parent_id), _seen(eyes), down.c.depth + 1)
        .join(down, col(Job.parent_id) == down.c.id)
        .where(down.c.depth < most_deep)
    )
    down = down.union_all(below)
    walk = select(down.c.id, down.c.parent_id, down.c.seen, down.c.depth).limit(most_jobs + 1)
    rows = await s.execute(walk)
    return [Kin(*row[:3]) for row in sorted(rows.all(), key=itemgetter(3, 0))]


async def told(s: AsyncSession, ids: Collection[int], eyes: Eyes) -> dict[int, Relative]:
    """What may be told of those of these jobs that may be seen.

    What decides that is asked of each by "is true": an OR by itself makes SQLite begin with all that is
    public.
    """
    rows = await s.execute(
        select(
            col(Job.id),
            col(Job.person_id),
            col(Person.name),
            col(Job.prompt),
            col(Job.status),
            col(Job.descent),
            col(Job.parent_clip),
        )
        .join(Person, col(Person.id) == col(Job.person_id))
        .where(col(Job.id).in_(ids), _seen(eyes).is_(True))
    )
    posters = await _posters(s, ids, eyes)
    return {row.id: Relative(*row, poster=posters.get(row.id, 0)) for row in rows.all()}


async def _posters(s: AsyncSession, ids: Collection[int], eyes: Eyes) -> dict[int, int]:
    """Of each job the winner, else the first clip in the showcase, else its artist's first; what waits
    for review is covered, so it has none for others."""
    own = col(Job.person_id) == eyes.person_id
    public = (col(Job.status) == Status.PUBLISHED) & col(Clip.shown)
    rows = await s.execute(
        select(col(Clip.job_id), col(Clip.number))
        .join(Job, col(Job.id) == col(Clip.job_id))
        .where(col(Job.id).in_(ids), (own | public).is_(True))
        .order_by(col(Clip.number) == col(Job.winner), col(Clip.shown), col(Clip.number).desc())
    )
    return dict(rows.all())  # of one job the last wins


def _seen(eyes: Eyes) -> ColumnElement[bool]:
    return (col(Job.person_id) == eyes.person_id) | col(Job.status).in_(eyes.others)
