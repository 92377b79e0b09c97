"""What Discord is given to keep for us: places and messages. The ids of buttons are ``bot.press``'s."""

from __future__ import annotations

from dataclasses import dataclass

ROOM = "discord"
ORIGINAL = "@original"
"""The message of an artist's card while it is the private answer to what they asked."""
NOWHERE = "-"
"""The message of a card that Discord lets nobody deliver."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where an artist asked: server (0 for a direct message), channel, who, and in which interaction."""

    guild: int
    channel: int
    user: int
    interaction: int
    round: int = 0
    """Of the decision that is told there; 0 for all other cards."""

    def __str__(self) -> str:
        place = f"{self.guild}/{self.channel}/{self.user}/{self.interaction}"
        return f"{place}/{self.round}" if self.round else place

    @classmethod
    def read(cls, place: str) -> Asked:
        return cls(*map(int, place.split("/")))


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a server."""

    guild: int
    id: int

    def __str__(self) -> str:
        return f"{self.guild}/{self.id}"

    @classmethod
    def read(cls, place: str) -> Channel:
        return cls(*map(int, place.split("/")))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours."""

    channel: int
    id: int

    def __str__(self) -> str:
        return f"{self.channel}/{self.id}"

    @classmethod
    def read(cls, message: str) -> Sent:
        return cls(*map(int, message.split("/")))
