"""Rate limits as Discord keeps them: small buckets for each route and channel, in headers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

from tests.doubles.on_discord import errors

DEFAULT = (20, 1.0)
LIMITS = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": (1, 0.25),
    "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": (1, 0.25),
    "POST /webhooks/{application_id}/{token}": (5, 2.0),
    "PATCH /webhooks/{application_id}/{token}/messages/@original": (5, 2.0),
    "POST /users/@me/channels": (10, 10.0),
}
MAJOR = ("channel_id", "guild_id", "application_id", "token")
GLOBAL = 50
"""A second, for all routes but the interactions'."""


class Buckets:
    """Windows run on the real clock: a client that waits really waits."""

    def __init__(self, limits: Mapping[str, tuple[int, float]] = LIMITS) -> None:
        self.limits = limits
        self._used: dict[tuple[str, ...], tuple[int, float]] = {}
        self._all: list[float] = []

    def enter(self, method: str, path: str, params: Mapping[str, str]) -> dict[str, str]:
        """The headers of the answer, or the 429 itself."""
        now = time.time()
        route = f"{method} {path}"
        if not path.startswith(("/interactions/", "/webhooks/")):
            self._all = [at for at in self._all if at > now - 1]
            if len(self._all) >= GLOBAL:
                error = errors.rate_limited(round(self._all[0] + 1 - now, 3))
                error.body["global"] = True
                error.headers |= {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
                raise error
            self._all.append(now)
        most, window = self.limits.get(route, DEFAULT)
        key = (route, *(params[name] for name in MAJOR if name in params))
        used, until = self._used.get(key, (0, 0.0))
        if now >= until:
            used, until = 0, now + window
        left = max(0, most - used - 1)
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{until:.3f}",
            "X-RateLimit-Reset-After": f"{until - now:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
        }
        if used >= most:
            error = errors.rate_limited(round(until - now, 3))
            error.headers |= headers | {"X-RateLimit-Scope": "user"}
            raise error
        self._used[key] = (used + 1, until)
        return headers
