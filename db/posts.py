"""Posts: which card stands where. A post is claimed by its row before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Job, Post, utcnow
from db.states import WAITING_FOR_REVIEW, Purpose
from db.upsert import upsert


async def intend(s: AsyncSession, room: str, place: str, purpose: Purpose, job_id: int) -> Post:
    """The one post of this purpose, job and place: found as it stands, or made anew."""
    now = utcnow()
    key = {"room": room, "place": place, "purpose": purpose, "job_id": job_id}
    await s.execute(
        delete(Post).where(
            *(col(getattr(Post, name)) == value for name, value in key.items()),
            col(Post.removed_at).is_not(None),
        )
    )
    await s.execute(
        upsert(s, Post)
        .values(message="", digest="", created_at=now, painted_at=now, **key)
        .on_conflict_do_nothing()
    )
    return (await s.scalars(select(Post).filter_by(**key))).one()


async def note_painted(s: AsyncSession, post_id: int, message: str, digest: str) -> None:
    """The room shows the card: remember under which message, and how it looks."""
    await s.execute(
        update(Post)
        .where(col(Post.id) == post_id)
        .values(message=message, digest=digest, painted_at=utcnow())
    )


async def note_removed(s: AsyncSession, post_id: int) -> None:
    now = utcnow()
    await s.execute(
        update(Post).where(col(Post.id) == post_id).values(removed_at=now, painted_at=now)
    )


async def of(s: AsyncSession, room: str, job_id: int) -> Sequence[Post]:
    found = await s.scalars(select(Post).where(col(Post.room) == room, col(Post.job_id) == job_id))
    return found.all()


async def standing(
    s: AsyncSession, room: str, place: str, *, before: int | None = None, limit: int = 20
) -> Sequence[Post]:
    """What can be seen in a place, newest first; ``before`` is the post id after which to go on."""
    query = select(Post).where(
        col(Post.room) == room, col(Post.place) == place, col(Post.removed_at).is_(None)
    )
    if before is not None:
        query = query.where(col(Post.id) < before)
    return (await s.scalars(query.order_by(col(Post.id).desc()).limit(limit))).all()


async def awaiting_review(s: AsyncSession, room: str, place: str) -> Sequence[Post]:
    """The standing review posts that still need a decision, longest waiting first."""
    waiting = select(col(Job.id)).where(col(Job.status).in_(WAITING_FOR_REVIEW))
    found = await s.scalars(
        select(Post)
        .where(
            col(Post.job_id).in_(waiting),
            col(Post.room) == room,
            col(Post.place) == place,
            col(Post.purpose) == Purpose.REVIEW,
            col(Post.removed_at).is_(None),
        )
        .order_by(col(Post.id))
    )
    return found.all()


async def painted_since(s: AsyncSession, room: str, since: datetime) -> Sequence[Post]:
    """Posts that were shown, repainted or removed since then."""
    found = await s.scalars(
        select(Post).where(col(Post.room) == room, col(Post.painted_at) >= since)
    )
    return found.all()
