"""Bugs and weak spots of the studio that people report, and what moderators say of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.jobs import LARGEST_ID
from db.models import Bug, BugOpinion, Link, utcnow
from db.upsert import upsert


async def get(s: AsyncSession, bug_id: int) -> Bug | None:
    """The bug, held off from everybody else's verbs until the commit."""
    if not 0 < bug_id <= LARGEST_ID:
        return None
    return await s.scalar(select(Bug).where(col(Bug.id) == bug_id).with_for_update())


async def add(s: AsyncSession, bug: Bug) -> None:
    s.add(bug)
    await s.flush()


async def waiting(s: AsyncSession, person_id: int | None = None) -> Sequence[Bug]:
    """Those that nobody has decided about, oldest first; of a person, whoever they were then, or all."""
    query = select(Bug).where(col(Bug.accepted).is_(None)).order_by(col(Bug.id))
    if person_id is not None:
        linked = select(col(Link.second_id)).where(col(Link.person_id) == person_id)
        own = col(Bug.person_id) == person_id
        query = query.where(own | col(Bug.person_id).in_(linked))
    return (await s.scalars(query)).all()


async def opine(s: AsyncSession, bug_id: int, person_id: int, accept: bool) -> None:
    """Say whether it deserves credit, in place of what one said before."""
    said = {"accept": accept, "at": utcnow()}
    opinion = upsert(s, BugOpinion).values(bug_id=bug_id, person_id=person_id, **said)
    await s.execute(
        opinion.on_conflict_do_update(index_elements=["bug_id", "person_id"], set_=said)
    )


async def take_back(s: AsyncSession, bug_id: int, persons: Collection[int]) -> None:
    """Remove what these moderators said of it."""
    of_bug = col(BugOpinion.bug_id) == bug_id
    await s.execute(delete(BugOpinion).where(of_bug, col(BugOpinion.person_id).in_(persons)))


async def count(s: AsyncSession, bug_id: int, accept: bool, *, besides: int) -> int:
    """How many moderators say so, ``besides`` whoever found it. Two who are linked are one, who says
    what the one or the other said last."""
    now = func.coalesce(col(Link.person_id), col(BugOpinion.person_id))
    said = await s.execute(
        select(now, col(BugOpinion.accept))
        .select_from(BugOpinion)
        .outerjoin(Link, col(Link.second_id) == col(BugOpinion.person_id))
        .where(col(BugOpinion.bug_id) == bug_id, now != besides)
        .order_by(col(BugOpinion.at))
    )
    latest: dict[int, bool] = dict(said.all())
    return sum(says is accept for says in latest.values())
