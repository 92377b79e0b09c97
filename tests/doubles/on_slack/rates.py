"""Rate limits as Slack keeps them: for each method and workspace, and for each channel."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.doubles.on_slack import errors

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Team

Limit = tuple[int, float]
"""So many calls in so many seconds."""

TIER_1, TIER_2, TIER_3, TIER_4 = (1, 60.0), (20, 60.0), (50, 60.0), (100, 60.0)
SPECIAL = (600, 60.0)
LIMITS: dict[str, Limit] = {
    "apps.connections.open": TIER_1,
    "auth.test": SPECIAL,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": SPECIAL,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "oauth.v2.access": SPECIAL,
    "reactions.remove": TIER_2,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
PER_CHANNEL: Limit = (5, 5.0)
"""Of chat.postMessage: one a second, with a small burst."""


class Rates:
    """Windows run on the real clock: a client that waits really waits."""

    def __init__(
        self, limits: Mapping[str, Limit] | None = None, per_channel: Limit = PER_CHANNEL
    ) -> None:
        self.limits = LIMITS if limits is None else limits
        self.per_channel = per_channel
        self._calls: dict[tuple[str, ...], list[float]] = {}

    def enter(self, method: str, team: Team | None, args: Mapping[str, Any]) -> None:
        """Count this call, or refuse it."""
        where = team.id if team else ""
        buckets: dict[tuple[str, ...], Limit] = {(method, where): self.limits.get(method, TIER_3)}
        if method == "chat.postMessage":
            buckets[method, where, str(args.get("channel"))] = self.per_channel
        now = time.monotonic()
        for key, (most, seconds) in buckets.items():
            calls = [at for at in self._calls.get(key, []) if at > now - seconds]
            self._calls[key] = calls
            if len(calls) >= most:
                raise errors.ratelimited(max(1.0, calls[0] + seconds - now))
        for key in buckets:
            self._calls[key].append(now)
