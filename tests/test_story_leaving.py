"""The story of somebody who withdraws everything, and then asks to be forgotten: in every room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import dataset, verifying
from bot.announce import announce
from db import consents, events, posts
from db.models import Clip
from db.session import Db
from db.states import Flag, Purpose, Verdict
from moderation import lineage
from moderation.audit import audit
from moderation.people import Person, Role
from moderation.wish import Wish
from tests.support.leaver import Filed, Leaver, everything, saying, somebody
from tests.support.rooms import MemoryRoom
from tests.support.studio import person, request


class Rooms:
    """Two rooms that hear of everything."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.all = (MemoryRoom("memory"), MemoryRoom("other"))

    async def hear(self) -> None:
        for room in self.all:
            while True:
                async with self.db.begin() as s:
                    claims = await events.claim(s, room.name, 500)
                for claim in claims:
                    await announce(self.db, room, claim.job_id)
                    async with self.db.begin() as s:
                        await events.mark_told(s, claim)
                if not claims:
                    break

    def jobs(self, purpose: Purpose | None = None) -> list[set[int]]:
        """By room, the jobs of which a card stands there."""
        return [
            {c.job_id for c in room.messages.values() if purpose in (None, c.purpose)}
            for room in self.all
        ]
