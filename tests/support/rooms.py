"""Rooms that keep their messages in memory, and can break in the ways chat platforms do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from bot.announce import announce
from bot.card import Card
from bot.room import Unreachable
from db import events
from db.models import Job, Post, utcnow
from db.session import Db
from db.states import Purpose


class Killed(BaseException):
    """The process is gone: nothing after this line runs, and no handler catches it."""


@dataclass
class MemoryRoom:
    """Messages by id. Like a platform with idempotency keys: one key is one message."""

    name: str = "memory"
    messages: dict[str, Card] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    edits: int = 0
    asked: int = 0
    """How often something was to be shown."""
    fail: Exception | None = None
    die_after_sending: bool = False
    moving: set[str] = field(default_factory=set)
    """Messages that are about to be out of reach."""
    pace: float = 0.0
    """Seconds between two paintings of one post."""
    shut: set[str] = field(default_factory=set)
    """Places that nothing can be shown in."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        if purpose in {Purpose.REVIEW, Purpose.SHOWCASE}:
            return (purpose,)
        if purpose is Purpose.NOTICE:
            return (Purpose.REVIEW,)
        return (f"dm-{job.person_id}",)

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        self.asked += 1
        if self.fail is not None:
            raise self.fail
        if place in self.shut:
            raise Unreachable(f"{place} is shut")
        if key not in self.messages:
            self.sent.append(f"{card.purpose} {card.job_id}")
        self.messages.setdefault(key, card)
        if self.die_after_sending:
            raise Killed
        return key

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        if self.fail is not None:
            raise self.fail
        self.edits += 1
        self.messages[message] = card
        return message

    async def find(self, post: Post, key: str) -> str:
        return key if key in self.messages else ""

    async def remove(self, place: str, message: str) -> None:
        self.messages.pop(message, None)

    def pause(self, post: Post) -> float:
        since = (utcnow() - post.painted_at).total_seconds()
        return max(self.pace - since, 0)

    async def must_move(self, post: Post) -> bool:
        return post.message in self.moving

    def shown(self, purpose: Purpose) -> list[Card]:
        return [card for card in self.messages.values() if card.purpose is purpose]


class Rooms:
    """Several rooms of one studio; each hears of everything."""

    def __init__(self, db: Db, *names: str) -> None:
        self.db = db
        self.all = tuple(MemoryRoom(name) for name in names)

    async def join(self) -> None:
        async with self.db.begin() as s:
            for room in self.all:
                await events.join(s, room.name)

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
