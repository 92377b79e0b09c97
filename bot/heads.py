"""Posts the record's head into every review channel once a day, where nobody of the studio can take it
back unseen: whoever changed the record would have to change what people have read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import structlog

from bot import cards_record
from bot.announce import SEND_SECONDS
from bot.room import Away, Room, Unreachable
from db import notes, record, workspaces
from db.models import utcnow
from db.record import Head
from db.session import Db
from db.states import Purpose

LOOK_SECONDS = 60.0
POSTED = "head:"
"""What the note is called that somebody posts, or has posted, the head of a day in a place."""
REMEMBERED = timedelta(days=3)

log = structlog.get_logger()


async def keep_posting(db: Db, rooms: Sequence[Room]) -> None:
    """Until cancelled."""
    while True:
        try:
            await post_heads(db, rooms)
        except Exception:
            # A database that is away, say: the day is long.
            log.exception("heads.failed")
        await asyncio.sleep(LOOK_SECONDS)


async def post_heads(db: Db, rooms: Sequence[Room]) -> None:
    """Today's, where it isn't posted yet; several processes may do it at the same time."""
    async with db.read() as s:
        head = await record.head(s)
        places = [
            (room, place)
            for room in rooms
            for place in await workspaces.places(s, room.name, Purpose.REVIEW)
        ]
    for room, place in places if head.seq else ():
        await _post(db, room, place, head)


async def _post(db: Db, room: Room, place: str, head: Head) -> None:
    today = utcnow().astimezone(UTC).date()
    note = f"{POSTED}{today}:{room.name}:{place}"
    async with db.begin() as s:
        await notes.forget_older(s, POSTED, REMEMBERED)
        if not await notes.claim(s, note):
            return
    since = datetime.combine(today, time(), UTC)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await room.show(place, cards_record.head(head, today), f"head-{today}", since)
    except Unreachable as why:
        log.warning("head.unreachable", room=room.name, why=str(why))
    except (Away, TimeoutError) as why:
        log.info("head.put_off", room=room.name, why=str(why))
        async with db.begin() as s:
            await notes.take(s, note, REMEMBERED)
    except Exception:
        # One channel that can't show it must not keep it from the others.
        log.exception("head.failed", room=room.name)
