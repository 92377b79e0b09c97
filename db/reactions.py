"""Reactions: which signs on which messages were acted on, so that each is acted on once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Job, Post, Reaction, utcnow
from db.states import Purpose, Status
from db.upsert import upsert

REFUSED = "-"
"""In place of a question: the sign was refused, and means nothing for as long as it stands."""
BEGUN = "+"
"""In place of a question: what the sign means is being done, and perhaps was by somebody who is gone."""
UNDOING = "~"
"""In place of a question: the sign was off, and what it meant is being undone, and perhaps was by somebody who
is gone."""
BEING_DONE = timedelta(seconds=30)
"""For so long whoever began it may still be at it."""
KEPT = timedelta(days=30)
AT_AN_END = frozenset({Status.REJECTED_FINALLY, Status.WITHDRAWN})
"""From here no job comes back before the moderators."""
KEY = ("room", "message", "user_id", "sign")


async def begin(s: AsyncSession, room: str, message: str, user_id: str, sign: str) -> None:
    """Before it is done: whoever finds this left over does it again, or undoes it once the sign is gone."""
    row = _row(room, message, user_id, sign, BEGUN)
    await s.execute(
        upsert(s, Reaction)
        .values(row)
        .on_conflict_do_update(
            index_elements=KEY,
            set_={"asked": BEGUN, "at": row["at"]},
            where=col(Reaction.asked).in_({BEGUN, UNDOING, REFUSED}),
        )
    )


async def end(
    s: AsyncSession, room: str, message: str, user_id: str, sign: str, *, counts: bool
) -> bool:
    """What was begun is done, or it turned out that it doesn't count. Whether it is still written down, and
    not being undone: the sign was taken off meanwhile where it isn't."""
    it = _is(room, message, user_id, sign)
    done = update(Reaction).values(asked="") if counts else delete(Reaction)
    await s.execute(done.where(*it, col(Reaction.asked) == BEGUN))
    return bool(await s.scalar(select(exists().where(*it, col(Reaction.asked) != UNDOING))))


async def note_refused(s: AsyncSession, room: str, message: str, user_id: str, sign: str) -> None:
    """Write down a sign that doesn't count; of one that did once, what it meant stands."""
    row = _row(room, message, user_id, sign, REFUSED)
    await s.execute(upsert(s, Reaction).values(row).on_conflict_do_nothing())


async def get(s: AsyncSession, room: str, message: str, user_id: str, sign: str) -> Reaction | None:
    return await s.get(Reaction, (room, message, user_id, sign))


async def forget(s: AsyncSession, room: str, message: str, user_id: str, sign: str) -> None:
    """Nothing is known of this sign any more."""
    await s.execute(delete(Reaction).where(*_is(room, message, user_id, sign)))


async def begin_undoing(s: AsyncSession, row: Reaction) -> Reaction | None:
    """Before what a sign meant is undone, the row as it is from then on: whoever finds it left over does it
    again, or undoes it, by whether the sign stands. None where it isn't any more as it was read."""
    # A question stays known, as it is to be taken away; so does that it was refused.
    asked = UNDOING if row.asked in {"", BEGUN} else row.asked
    begun = await s.execute(
        update(Reaction).where(*_as_read(row)).values(asked=asked, at=utcnow()).returning(Reaction)
    )
    return begun.scalar()


async def undone(s: AsyncSession, row: Reaction) -> bool:
    """The sign is gone from the message, and what it meant undone; False where the row isn't any more as it
    was read, as when what was begun has been done since."""
    gone = await s.execute(delete(Reaction).where(*_as_read(row)).returning(col(Reaction.sign)))
    return gone.first() is not None


async def note_asked(
    s: AsyncSession, room: str, message: str, user_id: str, sign: str, asked: str
) -> None:
    """Somebody was asked for the sentence that this sign needs, in that message."""
    await s.execute(update(Reaction).where(*_is(room, message, user_id, sign)).values(asked=asked))


async def on(s: AsyncSession, room: str, message: str) -> Sequence[Reaction]:
    found = await s.scalars(
        select(Reaction)
        .where(col(Reaction.room) == room, col(Reaction.message) == message)
        .order_by(col(Reaction.at))
    )
    return found.all()


async def tidy(s: AsyncSession, room: str) -> None:
    """Forget old signs that mean nothing any more: those of cards that are gone, of jobs at their end
    and of ballots that are closed. What a rejected job's card has is kept, as it may be appealed."""
    is_over = col(Job.status).in_(AT_AN_END) | (
        (col(Post.purpose) == Purpose.SHOWCASE) & col(Job.winner).is_not(None)
    )
    counts = exists().where(
        col(Post.room) == room,
        col(Post.message) == col(Reaction.message),
        col(Post.removed_at).is_(None),
        col(Job.id) == col(Post.job_id),
        ~is_over,
    )
    old = col(Reaction.at) < utcnow() - KEPT
    await s.execute(delete(Reaction).where(col(Reaction.room) == room, old, ~counts))


def _row(room: str, message: str, user_id: str, sign: str, asked: str) -> dict[str, Any]:
    return {
        "room": room, "message": message, "user_id": user_id, "sign": sign, "asked": asked,
        "at": utcnow(),
    }  # fmt: skip


def _as_read(row: Reaction) -> tuple[ColumnElement[bool], ...]:
    return (
        *_is(row.room, row.message, row.user_id, row.sign),
        col(Reaction.asked) == row.asked,
        col(Reaction.at) == row.at,
    )


def _is(room: str, message: str, user_id: str, sign: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Reaction.room) == room,
        col(Reaction.message) == message,
        col(Reaction.user_id) == user_id,
        col(Reaction.sign) == sign,
    )
