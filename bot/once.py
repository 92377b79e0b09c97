"""Cards of no job, shown once in a place, whatever number of processes would show them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.announce import SEND_SECONDS
from bot.card import Card
from bot.room import Away, Room, Unreachable
from db import notes
from db.session import Db

log = structlog.get_logger()


async def show_once(
    db: Db, room: Room, place: str, card: Card, name: str, since: datetime, remembered: timedelta
) -> None:
    """Show a card in a place, unless that was done before under this name; a room that is away is asked
    again by whoever calls this next.

    ``name``: what it is, a colon, and which; ``since``: from when on it may have been shown;
    ``remembered``: for how long nobody shows it again.
    """
    note = note_of(name, room, place)
    async with db.begin() as s:
        await notes.forget_older(s, f"{name.partition(':')[0]}:", remembered)
        if not await notes.claim(s, note):
            return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await room.show(place, card, name.replace(":", "-"), since)
    except Unreachable as why:
        log.warning("notice.unreachable", room=room.name, notice=name, why=str(why))
    except (Away, TimeoutError) as why:
        log.info("notice.put_off", room=room.name, notice=name, why=str(why))
        async with db.begin() as s:
            await notes.take(s, note, remembered)
    except Exception:
        # One channel that can't show it must not keep it from the others.
        log.exception("notice.failed", room=room.name, notice=name)


def note_of(name: str, room: Room, place: str) -> str:
    """What the note is called that says that it was shown."""
    return f"{name}:{room.name}:{place}"
