"""Makes a room show how a job stands: which cards, where, each exactly once.

It looks at the job, not at the event that called it, so it may be called late, twice or out of order.
A post's row is committed before the card is sent and carries the key under which it is sent: whoever
finds a row without a message sends again under the same key, and the room makes that one message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot import cards
from bot.card import Card
from bot.room import Room
from bot.view import View, view
from db import jobs, posts
from db.line import Forecast
from db.models import Post, utcnow
from db.session import Db
from db.states import DECIDED, WAITING_FOR_REVIEW, Purpose, Status

SEND_SECONDS = 15
"""Less than a claim of the outbox lasts; a chat that hangs must not hold up all other cards."""


async def announce(
    db: Db, room: Room, job_id: int, line: Mapping[int, Forecast] | None = None
) -> None:
    """Bring a room's posts of a job up to date; ``line`` as in ``bot.view.view``."""
    async with db.read() as s:
        seen = await view(s, job_id, line)
        standing = {
            (post.purpose, post.place): post
            for post in await posts.of(s, room.name, job_id)
            if post.removed_at is None
        }
    if seen is None:
        return
    for purpose in Purpose:
        for place in room.places(purpose, seen.job):
            post = standing.pop((purpose, place), None)
            if not _belongs(purpose, seen, room, post):
                if post is not None:
                    await _remove(db, room, post)
            elif post is None or not post.message:
                promise = _promise(seen) if purpose is Purpose.RECEIPT else None
                await _show(db, room, place, cards.paint_for(purpose, seen), promise)
            else:
                await _update(db, room, post, cards.paint_for(purpose, seen))
    for post in standing.values():
        await _remove(db, room, post)


def _belongs(purpose: Purpose, seen: View, room: Room, post: Post | None) -> bool:
    """Whether a card of this purpose should stand in the room now."""
    status = seen.job.status
    match purpose:
        case Purpose.RECEIPT:
            return seen.job.room == room.name
        case Purpose.RESULT:
            return seen.job.room == room.name and bool(seen.clips)
        case Purpose.REVIEW:
            return status in WAITING_FOR_REVIEW or (post is not None and status in DECIDED)
        case Purpose.SHOWCASE:
            return status is Status.PUBLISHED


def _promise(seen: View) -> float | None:
    """Seconds from submission to result, as the receipt puts it when it is first shown."""
    wait = seen.forecast.seconds if seen.forecast else seen.remaining
    return None if wait is None else (utcnow() - seen.job.created_at).total_seconds() + wait


async def _show(db: Db, room: Room, place: str, card: Card, promise: float | None) -> None:
    async with db.begin() as s:
        post = await posts.intend(s, room.name, place, card.purpose, card.job_id)
    async with asyncio.timeout(SEND_SECONDS):
        message = await room.show(place, card, f"post-{post.id}")
    async with db.begin() as s:
        await posts.note_painted(s, post.id, message, card.digest())
        if promise is not None:
            await jobs.note_promise(s, card.job_id, promise)


async def _update(db: Db, room: Room, post: Post, card: Card) -> None:
    if post.digest == card.digest():
        return
    async with asyncio.timeout(SEND_SECONDS):
        await room.update(post.place, post.message, card)
    async with db.begin() as s:
        await posts.note_painted(s, post.id, post.message, card.digest())


async def _remove(db: Db, room: Room, post: Post) -> None:
    if post.message:
        async with asyncio.timeout(SEND_SECONDS):
            await room.remove(post.place, post.message)
    async with db.begin() as s:
        await posts.note_removed(s, post.id)
