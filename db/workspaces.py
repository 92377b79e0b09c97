"""Workspaces: what the hosts of each server have set up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Workspace
from db.states import Purpose
from db.upsert import upsert


async def get(s: AsyncSession, platform: str, workspace: str) -> Workspace | None:
    return await s.get(Workspace, (platform, workspace))


async def every(s: AsyncSession, platform: str) -> Sequence[Workspace]:
    found = await s.scalars(
        select(Workspace).where(col(Workspace.platform) == platform).order_by(col(Workspace.id))
    )
    return found.all()


async def places(s: AsyncSession, platform: str, purpose: Purpose) -> tuple[str, ...]:
    """Where cards for moderators, or for everybody, belong in all of them that picked a place."""
    picked = [
        house.review if purpose in {Purpose.REVIEW, Purpose.NOTICE} else house.showcase
        for house in await every(s, platform)
    ]
    return tuple(place for place in picked if place)


async def change(s: AsyncSession, platform: str, workspace: str, **values: Any) -> Workspace:
    """Set some of its columns; it is made on first use."""
    await s.execute(
        upsert(s, Workspace)
        .values(platform=platform, id=workspace, showcase="", review="", moderators="", trouble="")
        .on_conflict_do_nothing()
    )
    row = await s.get_one(Workspace, (platform, workspace), with_for_update=True)
    for name, value in values.items():
        setattr(row, name, value)
    return row
