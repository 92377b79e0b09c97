"""What a room says of somebody who signs in elsewhere: whether they are a member, and their roles."""

from __future__ import annotations

from typing import Protocol

from moderation.people import Role


class Silent(Exception):
    """A room that can't be asked now: nobody knows what it would say."""


class Voucher(Protocol):
    """A room that knows its people."""

    name: str

    async def vouch(self, workspace: str, user_id: str, *, fresh: bool) -> frozenset[Role] | None:
        """The roles that this user has there; None for whoever is no member.

        ``fresh``: a role counts only if they have it at this moment, which whatever is decided by it
        needs. A role that was given may take a minute to be known. Raises ``Silent``.
        """
