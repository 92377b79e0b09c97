"""What a bot's token may be granted, and what each kind of conversation asks for."""

from __future__ import annotations

ALL = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.customize",
        "chat:write.public",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "links.embed:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
"""All that this double knows. What it does not know, it does not grant."""

FAMILY = {"public": "channels", "private": "groups", "im": "im"}
