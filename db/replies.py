"""Replies: a platform's leave to answer in private, for as long as it lasts."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Reply, utcnow
from db.upsert import upsert


async def keep(s: AsyncSession, room: str, place: str, token: str, lasts: timedelta) -> None:
    """Remember a leave, in place of an earlier one; those that have run out are forgotten."""
    row = {"token": token, "expires_at": utcnow() + lasts}
    await s.execute(
        upsert(s, Reply)
        .values(room=room, place=place, **row)
        .on_conflict_do_update(index_elements=["room", "place"], set_=row)
    )
    await s.execute(delete(Reply).where(col(Reply.expires_at) < utcnow()))


async def living(
    s: AsyncSession, room: str, place: str, at_least: timedelta = timedelta(0)
) -> Reply | None:
    """The leave to answer there, if it lasts for so long."""
    reply = await s.get(Reply, (room, place))
    return reply if reply is not None and reply.expires_at > utcnow() + at_least else None


async def end(s: AsyncSession, room: str, place: str) -> None:
    """The platform doesn't take it any more."""
    await s.execute(delete(Reply).where(col(Reply.room) == room, col(Reply.place) == place))
