"""A room that keeps its messages in memory, and can break in the ways chat platforms do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.card import Card
from db.models import Job
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
    fail: Exception | None = None
    die_after_sending: bool = False

    async def run(self) -> None:
        await asyncio.Event().wait()

    def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        return (
            (purpose,)
            if purpose in {Purpose.REVIEW, Purpose.SHOWCASE}
            else (f"dm-{job.person_id}",)
        )

    async def show(self, place: str, card: Card, key: str) -> str:
        if self.fail is not None:
            raise self.fail
        if key not in self.messages:
            self.sent.append(f"{card.purpose} {card.job_id}")
        self.messages[key] = card
        if self.die_after_sending:
            raise Killed
        return key

    async def update(self, place: str, message: str, card: Card) -> None:
        if self.fail is not None:
            raise self.fail
        self.edits += 1
        self.messages[message] = card

    async def remove(self, place: str, message: str) -> None:
        self.messages.pop(message, None)

    def shown(self, purpose: Purpose) -> list[Card]:
        return [card for card in self.messages.values() if card.purpose is purpose]
