"""What every listener of the Slack room works with."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.on_slack.courier import Courier
from db.media import Media
from db.session import Db
from moderation.desk import Desk


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
