"""Posts the record's head into every review channel once a day, where nobody of the studio can take it
back unseen: whoever changed the record would have to change what people have read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from bot import cards_record
from bot.once import show_once
from bot.room import Room
from db import record, workspaces
from db.models import utcnow
from db.session import Db
from db.states import Purpose

REMEMBERED = timedelta(days=3)


async def post_heads(db: Db, rooms: Sequence[Room]) -> None:
    """Today's, where it isn't posted yet; several processes may do it at the same time."""
    async with db.read() as s:
        head = await record.head(s)
        places = [
            (room, place)
            for room in rooms
            for place in await workspaces.places(s, room.name, Purpose.REVIEW)
        ]
    today = utcnow().astimezone(UTC).date()
    since = datetime.combine(today, time(), UTC)
    for room, place in places if head.seq else ():
        card = cards_record.head(head, today)
        await show_once(db, room, place, card, f"head:{today}", since, REMEMBERED)
