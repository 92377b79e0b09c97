"""What every listener of the Slack room works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from bot.on_slack.courier import Courier
from db.media import Media
from db.session import Db
from moderation.desk import Desk


class Seen(NamedTuple):
    """What Slack has said of somebody, and when."""

    at: float
    name: str
    counts: bool
    """Whether they are a person of this workspace who is still there."""
    host: bool


@dataclass(slots=True)
class SlackParts:
    """One per process."""

    db: Db
    desk: Desk
    media: Media
    courier: Courier
    command: str = "sora"
    """What people type after the slash, beside ``/studio``."""
    groups: dict[tuple[str, str], tuple[float, frozenset[str]]] = field(default_factory=dict)
    """When the members of which user group were asked for, and who they were."""
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    """By workspace and user, the last ones at the end."""
