"""Installs: the Slack workspaces that have let our app in, each with its token."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Install, utcnow
from db.upsert import upsert


async def save(s: AsyncSession, team: str, token: str, bot_user: str, **more: str) -> None:
    """Keep it, in place of an earlier one; ``more``: name, scopes and app_id."""
    row = {"name": "", "scopes": "", "app_id": ""} | more
    row |= {"token": token, "bot_user": bot_user}
    await s.execute(
        upsert(s, Install)
        .values(team=team, at=utcnow(), **row)
        .on_conflict_do_update(index_elements=["team"], set_=row | {"at": utcnow()})
    )


async def get(s: AsyncSession, team: str) -> Install | None:
    return await s.get(Install, team)


async def every(s: AsyncSession) -> Sequence[Install]:
    found = await s.scalars(select(Install).order_by(col(Install.team)))
    return found.all()


async def forget(s: AsyncSession, team: str) -> bool:
    """Its token is gone for good; whether there was one."""
    gone = await s.scalars(
        delete(Install).where(col(Install.team) == team).returning(col(Install.team))
    )
    return gone.first() is not None
