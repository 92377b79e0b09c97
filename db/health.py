"""Whether a process of the studio can do its work: what it asks of the database and the broker."""

from __future__ import annotations

import asyncio
from functools import cache

from sqlalchemy import text

from db import migrate
from db.broker import Broker
from db.session import Db

ANSWER_SECONDS = 5.0

_newest = cache(migrate.newest)


async def parts(db: Db, broker: Broker) -> dict[str, bool]:
    """Whether the database answers, is at the newest migration, and the broker answers."""
    answers, newest = await _database(db)
    return {"database": answers, "migration": newest, "broker": await broker.ping()}


async def _database(db: Db) -> tuple[bool, bool]:
    newest = await asyncio.to_thread(_newest)  # reads the folder of migrations once
    try:
        async with asyncio.timeout(ANSWER_SECONDS), db.read() as s:
            at = await s.scalar(text("SELECT version_num FROM alembic_version"))
    except Exception:  # whatever is wrong with it, it isn't ready
        return False, False
    return True, at == newest
