"""A workspace's own rules: what its hosts have set, and the studio's for the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import workspaces
from moderation.rules import Rules


async def house_rules(s: AsyncSession, room: str, workspace: str, studio: Rules) -> Rules:
    """The rules for what is asked for in this workspace of this room."""
    house = await workspaces.get(s, room, workspace) if workspace else None
    if house is None:
        return studio
    hours, newcomers = house.ballot_hours, house.newcomer_publications
    return replace(
        studio,
        quorum=house.quorum or studio.quorum,
        queued_cap=house.queued_cap or studio.queued_cap,
        ballot=studio.ballot if hours is None else timedelta(hours=hours),
        turn=studio.turn,
        newcomer_publications=studio.newcomer_publications if newcomers is None else newcomers,
    )
