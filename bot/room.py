"""The port between the studio and a chat surface."""

from __future__ import annotations

from typing import Protocol

from bot.card import Card
from db.models import Job
from db.states import Purpose


class Room(Protocol):
    """A room paints cards and brings people's acts to ``bot.acts``; it decides nothing."""

    name: str

    async def run(self) -> None:
        """Serve until cancelled."""

    def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        """Where in this room a card of this purpose belongs; empty for nowhere."""

    async def show(self, place: str, card: Card, key: str) -> str:
        """Send a card and return its message id. The same key twice is one message."""

    async def update(self, place: str, message: str, card: Card) -> None:
        """Repaint a card."""

    async def remove(self, place: str, message: str) -> None:
        """Take a card away; one that is gone already is no error."""
