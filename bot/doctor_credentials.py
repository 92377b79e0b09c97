"""What `sora doctor` finds about what clips are signed with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.finding import Finding, State
from db.models import utcnow

SOON = timedelta(days=30)
NAME = "Credentials"


def finding(said: Mapping[str, str]) -> Finding:
    """``said``: as gen.check reports it."""
    if said["why"]:
        return Finding(NAME, State.BAD, said["why"], "Read: docs/credentials.md")
    if not said["signer"]:
        return Finding(NAME, State.OK, "A worker makes the key that signs clips when it starts.")
    until = datetime.fromisoformat(said["until"])
    found = f"Clips are signed by {said['signer']}, whose certificate ends on {until:%-d %B %Y}."
    if until - utcnow() < SOON:
        return Finding(NAME, State.WARNING, found, "Read: docs/credentials.md")
    return Finding(NAME, State.OK, found)
