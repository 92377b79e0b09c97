"""Makes a room show how a job stands: which cards, where, each exactly once.

It looks at the job, not at the event that called it, so it may be called late, twice or out of order.
A post's row is committed before the card is sent and carries the key under which it is sent: whoever
finds a row without a message sends again under the same key, and the room makes that one message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import cards, notices
from bot.card import Card
from bot.room import Away, Room, Unreachable
from bot.view import View, view
from db import jobs, people, posts
from db.line import Forecast
from db.metrics import CHAT_ERRORS
from db.models import PAINTING, Post, utcnow
from db.session import Db
from db.states import DECIDED, WAITING_FOR_REVIEW, Purpose, Status, Task

SEND_SECONDS = 25
"""Less than a claim of the outbox lasts, and than ``posts.ARRIVES``; a chat that hangs must not hold up all
other cards."""
A_PAINTING = timedelta(seconds=5)
"""How long a painting takes at most as a rule; whoever is at it for longer may have been killed."""
AGAIN_SECONDS = 1.0

log = structlog.get_logger()


async def announce(
    db: Db, room: Room, job_id: int, line: Mapping[int, Forecast] | None = None
) -> float:
    """Bring a room's posts of a job up to date; ``line`` as in ``bot.view.view``.

    Returns after how many seconds to call again for what it is too early to repaint, or 0.
    """
    async with db.read() as s:
        # First the posts: whatever is painted while the job is looked at is then known to be newer.
        known = {(post.purpose, post.place): post for post in await posts.of(s, room.name, job_id)}
        seen = await view(s, job_id, line)
        gone = seen is not None and await people.leaving(s, [seen.job.person_id])
    if seen is None:
        return 0
    standing = {key: post for key, post in known.items() if post.removed_at is None}
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
    steps += [partial(_settle, db, room, seen, *key, known.get(key)) for key in wanted]
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
    db: Db, room: Room, seen: View, purpose: Purpose, place: str, known: Post | None
) -> float:
    """Make one card of the job stand in its place as it looks now; ``known``: what is there, or was."""
    card = cards.paint_for(purpose, seen)
    post = known if known is not None and known.removed_at is None else None
    if post is None or not post.message:
        promise = _promise(seen) if purpose is Purpose.RECEIPT else None
        return await _show(db, room, place, purpose, card, known, promise)
    if post.digest == PAINTING and utcnow() - post.painted_at < A_PAINTING:
        return AGAIN_SECONDS
    same = post.digest == card.digest()
    if purpose is Purpose.NOTICE and not same and post.digest not in {"", PAINTING}:
        await _remove(db, room, post)  # only a new message is heard
        return await _show(db, room, place, purpose, card, post, None)
    if same and not _is_due(post) and not await room.must_move(post):
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
    db: Db,
    room: Room,
    place: str,
    purpose: Purpose,
    card: Card,
    known: Post | None,
    promise: float | None,
) -> float:
    """Send, unless another process has just begun to: then look again a little later. So it is after what
    an earlier process had begun to send: what stands there may be its card, as the job stood then."""
    async with db.begin() as s:
        begun = await posts.intend(s, room.name, place, purpose, card.job_id, known)
    if begun is None:
        return AGAIN_SECONDS
    earlier = known if known is not None and known.created_at == begun.created_at else None
    async with _noting_failure(db, begun, ""), asyncio.timeout(SEND_SECONDS):
        message = await room.show(place, card, _key(begun), begun.created_at)
    if earlier is None:
        await _note(db, room, begun, message, card.digest(), None)
    else:
        await _note(db, room, begun, message, "", _doubt(earlier) or utcnow())
    if promise is not None:
        async with db.begin() as s:
            await jobs.note_promise(s, card.job_id, promise)
    log.info("card.shown", room=room.name, job=card.job_id, purpose=purpose)
    return 0 if earlier is None else AGAIN_SECONDS


async def _update(db: Db, room: Room, post: Post, card: Card) -> float:
    """Repaint, unless another process has just begun to: then look again a little later."""
    doubtful_until = _doubt(post)
    async with db.begin() as s:
        begun = await posts.begin_painting(s, post)
    if begun is None:
        return AGAIN_SECONDS
    async with _noting_failure(db, begun, post.digest), asyncio.timeout(SEND_SECONDS):
        message = await room.update(post.place, post.message, card, _key(post), post.painted_at)
    await _note(db, room, begun, message, card.digest(), doubtful_until)
    return 0


async def _remove(db: Db, room: Room, post: Post) -> float:
    async with _noting_failure(db, post, post.digest), asyncio.timeout(SEND_SECONDS):
        message = post.message or await room.find(post, _key(post))
        if message:
            await room.remove(post.place, message)
    async with db.begin() as s:
        await posts.note_removed(s, post.id)
    log.info("card.removed", room=room.name, job=post.job_id, purpose=post.purpose)
    return 0


async def _note(
    db: Db, room: Room, begun: Post, message: str, digest: str, doubtful_until: datetime | None
) -> None:
    """Note what was painted, as in ``posts.note_painted``."""
    async with db.begin() as s:
        stands = await posts.note_painted(s, begun, message, digest, doubtful_until)
    if not stands and message != begun.message:
        # Another process removed the card while this one sent it anew.
        async with asyncio.timeout(SEND_SECONDS):
            await room.remove(begun.place, message)


@asynccontextmanager
async def _noting_failure(db: Db, begun: Post, digest: str) -> AsyncIterator[None]:
    """Note what can't be shown; ``digest``: how it looked before."""
    try:
        yield
    except Exception as failure:
        unsure = isinstance(failure, (Away, TimeoutError))
        async with db.begin() as s:
            await posts.note_failed(s, begun, digest, unsure=unsure)
        raise


def _is_due(post: Post) -> bool:
    """Whether all that was painted earlier has arrived by now, and it isn't known in which order."""
    return post.doubtful_until is not None and post.doubtful_until <= utcnow()


def _doubt(post: Post) -> datetime | None:
    """Until when something that was painted earlier may come after what is painted now."""
    return None if _is_due(post) else post.doubtful_until


def _key(post: Post) -> str:
    """Under which its card is sent, however often that is tried."""
    return f"post-{post.id}"
