"""Who did something in Slack, and where."""

from __future__ import annotations

from dataclasses import dataclass

from bot.on_slack.ids import ROOM, Asked
from moderation.wish import Request


@dataclass(frozen=True, slots=True)
class Where:
    """Who did something, and where: what is answered goes there and to them alone."""

    team: str
    channel: str
    """Empty where it was done in no channel, as on the app's own page."""
    user: str
    request: str
    """Slack's own id of it, so that it is done once."""
    trigger: str = ""
    """Lets a form be opened within three seconds."""
    name: str = ""
    """What Slack calls them, where it says so."""
    reply: str = ""
    """Slack's address for answers to this, which may be used a few times."""


def request_of(where: Where) -> Request:
    """Where a wish comes from."""
    asked = Asked(where.team, where.channel or "-", where.user, where.request)
    return Request(f"{ROOM}:{where.team}:{where.request}", ROOM, str(asked), where.team)
