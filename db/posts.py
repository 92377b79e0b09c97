"""Posts: which card stands where. A post is claimed by its row before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.models import PAINTING, Job, Post, Report, utcnow
from db.session import one_at_a_time
from db.states import WAITING_FOR_REVIEW, Purpose, Status
from db.upsert import upsert

SHARING = frozenset({Purpose.RECEIPT, Purpose.RESULT})
"""What may be one message, where the receipt becomes the result."""
ARRIVES = timedelta(seconds=30)
"""So long after a painting was begun nothing of it arrives any more."""


async def intend(
    s: AsyncSession, room: str, place: str, purpose: Purpose, job_id: int, known: Post | None
) -> Post | None:
    """The one post of this purpose, job and place, made anew or begun again; None where somebody else has
    begun, shown or removed it since it was looked for. ``known``: what was found then, be it removed."""
    now = utcnow()
    key = {"room": room, "place": place, "purpose": purpose, "job_id": job_id}
    begun = {"digest": PAINTING, "painted_at": now, "doubtful_until": now + ARRIVES}
    if known is not None:
        await s.execute(
            delete(Post).where(
                col(Post.id) == known.id,
                col(Post.created_at) == known.created_at,  # an id may come again
                col(Post.removed_at).is_not(None),
            )
        )
    made = await s.scalar(
        upsert(s, Post)
        .values(message="", created_at=now, **begun, **key)
        .on_conflict_do_nothing()
        .returning(col(Post.id))
    )
    if made is not None:
        return await s.get(Post, made, populate_existing=True)
    return await begin_painting(s, known) if known is not None else None


async def begin_painting(s: AsyncSession, post: Post) -> Post | None:
    """The post as it is once its painting is begun; None where somebody else has begun since it was looked
    at, or removed it. Until ``note_painted`` nobody knows how it looks: it may be this one's last act."""
    now = utcnow()
    begun = await s.scalar(
        update(Post)
        .where(col(Post.id) == post.id, col(Post.painted_at) == post.painted_at)
        .values(digest=PAINTING, painted_at=now, doubtful_until=now + ARRIVES)
        .returning(col(Post.id))
    )
    return None if begun is None else await s.get(Post, begun, populate_existing=True)


async def note_painted(
    s: AsyncSession, begun: Post, message: str, digest: str, doubtful_until: datetime | None
) -> bool:
    """The room shows the card: remember under which message, how it looks, and until when what was painted
    earlier may still come after it. Where somebody else has begun to paint it since, nobody knows how it
    looks: of the two the older painting may have come last. False where the card was removed meanwhile."""
    await _one_at_a_time(s, begun)
    now, alone = utcnow(), col(Post.painted_at) == begun.painted_at
    removed_at = await s.scalar(
        update(Post)
        .where(col(Post.id) == begun.id)
        .values(
            message=message,
            digest=case((alone, digest), else_=""),
            painted_at=now,
            doubtful_until=case((alone, doubtful_until), else_=now + ARRIVES),
        )
        .returning(col(Post.removed_at))
    )
    await _doubt_result(s, begun, message)
    return removed_at is None


async def note_failed(s: AsyncSession, begun: Post, digest: str, *, unsure: bool) -> None:
    """The room couldn't show it: whoever wanted it tries again. ``digest``: how it looked before, and does
    unless it is ``unsure`` whether it was painted all the same. When it was begun stays, because what was
    sent is looked for from then on."""
    await _one_at_a_time(s, begun)
    known = "" if digest == PAINTING else digest
    values = {"digest": ""} if unsure else {"digest": known, "doubtful_until": None}
    await s.execute(
        update(Post)
        .where(col(Post.id) == begun.id, col(Post.painted_at) == begun.painted_at)
        .values(**values)
    )
    await _doubt_result(s, begun, begun.message)


async def _one_at_a_time(s: AsyncSession, post: Post) -> None:
    """Of two who note the one and the other at the same time, the later one sees both."""
    if post.purpose in SHARING:
        await one_at_a_time(s, f"own cards:{post.room}:{post.job_id}")


async def _doubt_result(s: AsyncSession, begun: Post, message: str) -> None:
    """Did another process paint the receipt since this one began to paint the result in the same message, or
    this one the receipt, it may stand there in place of the result."""
    if begun.purpose not in SHARING:
        return
    receipt, now = aliased(Post), utcnow()
    newer = exists().where(
        col(receipt.room) == begun.room,
        col(receipt.job_id) == begun.job_id,
        col(receipt.message) == message,
        col(receipt.place) == col(Post.place),
        col(receipt.purpose) == Purpose.RECEIPT,
        col(receipt.painted_at) >= begun.painted_at,
    )
    await s.execute(
        update(Post)
        .where(
            col(Post.room) == begun.room,
            col(Post.job_id) == begun.job_id,
            col(Post.message) == message,
            col(Post.purpose) == Purpose.RESULT,
            col(Post.digest) != "",
            newer,
        )
        .values(digest="", painted_at=now, doubtful_until=now + ARRIVES)
    )


async def doubtful(s: AsyncSession, room: str, since: datetime) -> list[int]:
    """Jobs with a card that has to be painted once more, because since then something that was painted
    earlier may have arrived, or somebody was killed over it; those that wait for the longest first."""
    found = await s.scalars(
        select(col(Post.job_id))
        .where(
            col(Post.room) == room,
            col(Post.doubtful_until) > since,
            col(Post.doubtful_until) <= utcnow(),
            col(Post.message) != "",
            col(Post.removed_at).is_(None),
        )
        .order_by(col(Post.doubtful_until))
    )
    return list(dict.fromkeys(found))


async def forget_looks(s: AsyncSession, room: str, job_id: int) -> None:
    """Whatever stands there of a job is painted anew when it's next looked at."""
    await s.execute(
        update(Post)
        .where(
            col(Post.room) == room,
            col(Post.job_id) == job_id,
            col(Post.purpose) != Purpose.NOTICE,
            col(Post.removed_at).is_(None),
        )
        .values(digest="")
    )


async def note_removed(s: AsyncSession, post_id: int) -> None:
    now = utcnow()
    await s.execute(
        update(Post).where(col(Post.id) == post_id).values(removed_at=now, painted_at=now)
    )


async def of(s: AsyncSession, room: str, job_id: int) -> Sequence[Post]:
    found = await s.scalars(select(Post).where(col(Post.room) == room, col(Post.job_id) == job_id))
    return found.all()


async def get(s: AsyncSession, post_id: int) -> Post | None:
    """A card, unless it was removed."""
    query = select(Post).where(col(Post.id) == post_id, col(Post.removed_at).is_(None))
    return await s.scalar(query)


async def by_message(s: AsyncSession, room: str, message: str) -> Post | None:
    """The card that is this message, unless it was removed."""
    query = select(Post).where(
        col(Post.room) == room, col(Post.message) == message, col(Post.removed_at).is_(None)
    )
    return await s.scalar(query.order_by(col(Post.id).desc()).limit(1))


async def with_signs(s: AsyncSession, room: str) -> Sequence[Post]:
    """The posts of a room on which a reaction still means something, oldest first; those without a message
    may stand there all the same, as whoever sent them may have been killed before it was noted."""
    reviewed = select(col(Job.id)).where(col(Job.status).in_(WAITING_FOR_REVIEW))
    voted = select(col(Job.id)).where(
        col(Job.status) == Status.PUBLISHED, col(Job.winner).is_(None)
    )
    found = await s.scalars(
        select(Post)
        .where(
            col(Post.room) == room,
            col(Post.removed_at).is_(None),
            (col(Post.purpose) == Purpose.REVIEW) & col(Post.job_id).in_(reviewed)
            | (col(Post.purpose) == Purpose.SHOWCASE) & col(Post.job_id).in_(voted),
        )
        .order_by(col(Post.id))
    )
    return found.all()


async def wanted(s: AsyncSession) -> Sequence[int]:
    """The jobs whose cards people still act on, whether these are shown anywhere or not, and those
    whose public cards should be gone."""
    left = select(col(Post.job_id)).where(
        col(Post.purpose) == Purpose.SHOWCASE,
        col(Post.message) != "",
        col(Post.removed_at).is_(None),
    )
    found = await s.scalars(
        select(col(Job.id))
        .where(
            col(Job.status).in_(WAITING_FOR_REVIEW)
            | (col(Job.status) == Status.PUBLISHED) & col(Job.winner).is_(None)
            | (col(Job.status) != Status.PUBLISHED) & col(Job.id).in_(left)
        )
        .order_by(col(Job.id))
    )
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
    reported = select(col(Report.job_id)).where(col(Report.settled_at).is_(None))
    found = await s.scalars(
        select(Post).where(
            col(Post.job_id).in_(waiting.union(reported)),
            col(Post.room) == room,
            col(Post.place) == place,
            col(Post.purpose) == Purpose.REVIEW,
            col(Post.removed_at).is_(None),
        )
    )
    # Sorted here: SQLite would go through all that ever stood there to have them in order.
    return sorted(found, key=lambda post: post.id)


async def painted_since(s: AsyncSession, room: str, since: datetime) -> Sequence[Post]:
    """Posts that were shown, repainted or removed since then."""
    found = await s.scalars(
        select(Post).where(col(Post.room) == room, col(Post.painted_at) >= since)
    )
    return found.all()
