"""What Slack is given to keep for us: places and messages. Buttons' ids are ``bot.press``'s."""

from __future__ import annotations

from dataclasses import dataclass

ROOM = "slack"


@dataclass(frozen=True, slots=True)
class Asked:
    """Where an artist asked: workspace, channel, who, and in which request."""

    team: str
    channel: str
    user: str
    request: str
    round: int = 0
    """Of the decision that is told there; 0 for all other cards."""

    def __str__(self) -> str:
        place = f"{self.team}/{self.channel}/{self.user}/{self.request}"
        return f"{place}/{self.round}" if self.round else place

    @classmethod
    def read(cls, place: str) -> Asked:
        team, channel, user, request, *round_ = place.split("/")
        return cls(team, channel, user, request, *map(int, round_))


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a workspace."""

    team: str
    id: str

    def __str__(self) -> str:
        return f"{self.team}/{self.id}"

    @classmethod
    def read(cls, place: str) -> Channel:
        return cls(*place.split("/"))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours; Slack knows it by its channel and its time stamp."""

    team: str
    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{self.team}/{self.channel}/{self.ts}"

    @classmethod
    def read(cls, message: str) -> Sent:
        return cls(*message.split("/"))
