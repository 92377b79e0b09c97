"""The port between the studio and a chat surface."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.card import Card
from db.models import Job, Post
from db.states import Purpose


class Unreachable(Exception):
    """A card can't be shown there until somebody mends it; the room has told those who can."""


class Away(Exception):
    """The platform can't be reached at the moment: nobody's fault, and to be tried again for ever."""


class Room(Protocol):
    """A room paints cards and brings people's acts to ``bot.acts``; it decides nothing."""

    name: str

    async def run(self) -> None:
        """Serve until cancelled."""

    async def places(self, purpose: Purpose, job: Job) -> tuple[str, ...]:
        """Where in this room a card of this purpose belongs; empty for nowhere."""

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        """Send a card and return its message id. The same key twice is one message.

        ``since``: when it was first tried, which a process may have done that is gone.
        """

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        """Repaint a card; its message id, another one where it had to be sent anew.

        ``key`` and ``since``: as in ``show``, for one that is sent anew.
        """

    async def find(self, post: Post, key: str) -> str:
        """The message of a card of which nobody knows whether it ever arrived; empty where it didn't.

        ``key``: under which it was sent. Raises ``Away`` while it may still arrive.
        """

    async def remove(self, place: str, message: str) -> None:
        """Take a card away; one that is gone already is no error."""

    def pause(self, post: Post) -> float:
        """Seconds until the platform lets this post be repainted; 0 for now."""

    async def must_move(self, post: Post) -> bool:
        """Whether a card has to be updated although it looks the same, because its message is about
        to be out of reach."""
