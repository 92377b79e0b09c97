"""The record in tests: read as the public reads it, and checked with the chain of ours."""

from __future__ import annotations

from typing import Any

from db import record
from db.chain import Chain
from db.session import Db


async def entries(db: Db) -> list[dict[str, Any]]:
    """What every entry says, oldest first. Raises ``Broken``."""
    async with db.read() as s:
        rows = await record.after(s, 0, 1_000_000)
    chain = Chain()
    return [chain.add(*row[:4]) for row in rows]


async def told(db: Db) -> list[str]:
    """The kinds of all entries, oldest first."""
    return [entry["kind"] for entry in await entries(db)]
