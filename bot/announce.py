"""Makes a room show how a job stands: which cards, where, each exactly once.

It looks at the job, not at the event that called it, so it may be called late, twice or out of order.
A post's row is committed before the card is sent and carries the key under which it is sent: whoever
finds a row without a message sends again under the same key, and the room makes that one message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog

from bot import cards, notices
from bot.card import Card
from bot.room import Away, Room, Unreachable
from bot.view import View, view
from db import jobs, people, posts
from db.line import Forecast
from db.metrics import CHAT_ERRORS
from db.models import Post, utcnow
from db.session import Db
from db.states import DECIDED, WAITING_FOR_REVIEW, Purpose, Status, Task

SEND_SECONDS = 25
"""Less than a claim of the outbox lasts; a chat that hangs must not hold up all other cards."""
AGAIN_SECONDS = 1.0

log = structlog.get_logger()


async def announce(
    db: Db, room: Room, job_id: int, line: Mapping[int, Forecast] | None = None
) -> float:
    """Bring a room's posts of a job up to date; ``line`` as in ``bot.view.view``.

    Returns after how many seconds to call again for what it is too early to repaint, or 0.
    """
    async with db.read() as s:
        seen = await view(s, job_id, line)
        gone = seen is not None and await people.leaving(s, [seen.job.person_id])
        standing = {
            (post.purpose, post.place): post
            for post in await posts.of(s, room.name, job_id)
            if post.removed_at is None
        }
    if seen is None:
        return 0
    wanted = [
        (purpose, place)
        for purpose in (() if gone else Purpose)
        for place in await room.places(purpose, seen.job)
        if _belongs(purpose, seen, room, standing.get((purpose, place)))
    ]
    # What is to be gone goes first, and no card that fails keeps another from being right.
    steps: list[Callable[[], Awaitable[float]]] = [
        partial(_remove, db, room, post) for key, post in standing.items() if key not in wanted
    ]
    steps += [partial(_settle, db, room, seen, *key, standing.get(key)) for key in wanted]
    failures: list[Exception] = []
    pauses = [0.0]
    for step in steps:
        try:
            pauses.append(await step())
        except Unreachable as why:
            CHAT_ERRORS.labels(room.name, "unreachable").inc()
            log.warning("card.unreachable", room=room.name, job=job_id, why=str(why))
        except Exception as failure:
            # Raised below, when all the others have had their turn.
            failures.append(failure)
    if failures:
        # What is the card's own fault is counted; a platform that is away is not.
        raise min(failures, key=lambda failure: isinstance(failure, (Away, TimeoutError)))
    return max(pauses)


async def _settle(
    db: Db, room: Room, seen: View, purpose: Purpose, place: str, post: Post | None
) -> float:
    """Make one card of the job stand in its place as it looks now."""
    card = cards.paint_for(purpose, seen)
    if post is None or not post.message:
        promise = _promise(seen) if purpose is Purpose.RECEIPT else None
        await _show(db, room, place, purpose, card, promise)
        return 0
    if purpose is Purpose.NOTICE and post.digest != card.digest():
        await _remove(db, room, post)  # only a new message is heard
        await _show(db, room, place, purpose, card, None)
        return 0
    if post.digest == card.digest() and not await room.must_move(post):
        return 0
    return room.pause(post) or await _update(db, room, post, card)


def _belongs(purpose: Purpose, seen: View, room: Room, post: Post | None) -> bool:
    """Whether a card of this purpose should stand in the room now."""
    status = seen.job.status
    match purpose:
        case Purpose.RECEIPT:
            own = seen.job.room == room.name and not seen.is_shot  # its film's says it all
            cut = seen.job.task is Task.GLIMPSE and status is not Status.FAILED
            return own and not cut  # that is a matter of a moment
        case Purpose.RESULT:
            own = seen.job.room == room.name and not seen.is_shot
            return own and bool(seen.clips)
        case Purpose.REVIEW:
            waits = status in WAITING_FOR_REVIEW or bool(seen.complaints)
            return waits or (post is not None and status in DECIDED)
        case Purpose.NOTICE:
            return notices.is_wanted(seen)
        case Purpose.DECISION:
            return seen.job.room == room.name and status in DECIDED
        case Purpose.SHOWCASE:
            return status is Status.PUBLISHED


def _promise(seen: View) -> float | None:
    """Seconds from submission to result, as the receipt puts it when it is first shown."""
    wait = seen.forecast.seconds if seen.forecast else seen.remaining
    return None if wait is None else (utcnow() - seen.job.created_at).total_seconds() + wait


async def _show(
    db: Db, room: Room, place: str, purpose: Purpose, card: Card, promise: float | None
) -> None:
    began = utcnow()
    async with db.begin() as s:
        post = await posts.intend(s, room.name, place, purpose, card.job_id)
    async with asyncio.timeout(SEND_SECONDS):
        message = await room.show(place, card, _key(post), post.created_at)
    async with db.begin() as s:
        await posts.note_painted(s, post, message, card.digest(), began)
        if promise is not None:
            await jobs.note_promise(s, card.job_id, promise)
    log.info("card.shown", room=room.name, job=card.job_id, purpose=purpose)


async def _update(db: Db, room: Room, post: Post, card: Card) -> float:
    """Repaint, unless another process is just doing it: then look again a little later."""
    began = utcnow()
    async with db.begin() as s:
        if not await posts.begin_painting(s, post):
            return AGAIN_SECONDS
    try:
        async with asyncio.timeout(SEND_SECONDS):
            message = await room.update(post.place, post.message, card, post.painted_at)
    except Exception:
        async with db.begin() as s:
            await posts.note_failed(s, post, began)
        raise
    async with db.begin() as s:
        await posts.note_painted(s, post, message, card.digest(), began)
    return 0


async def _remove(db: Db, room: Room, post: Post) -> float:
    async with asyncio.timeout(SEND_SECONDS):
        message = post.message or await room.find(post, _key(post))
        if message:
            await room.remove(post.place, message)
    async with db.begin() as s:
        await posts.note_removed(s, post.id)
    log.info("card.removed", room=room.name, job=post.job_id, purpose=post.purpose)
    return 0


def _key(post: Post) -> str:
    """Under which its card is sent, however often that is tried."""
    return f"post-{post.id}"
