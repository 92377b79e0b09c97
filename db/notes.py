"""Notes: what the bot keeps in mind between its starts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Note, utcnow
from db.upsert import upsert

PAGE = "page"
"""What the note is called that says where the page is served."""


async def get(s: AsyncSession, name: str) -> str:
    """Empty when nothing is known."""
    note = await s.get(Note, name)
    return note.value if note else ""


async def beginning(s: AsyncSession, prefix: str) -> Sequence[str]:
    """The names of those of this kind."""
    found = await s.scalars(select(col(Note.name)).where(col(Note.name).startswith(prefix)))
    return found.all()


async def put(s: AsyncSession, name: str, value: str) -> None:
    row = {"value": value, "at": utcnow()}
    await s.execute(
        upsert(s, Note)
        .values(name=name, **row)
        .on_conflict_do_update(index_elements=["name"], set_=row)
    )


async def claim(s: AsyncSession, name: str) -> bool:
    """Write this note, unless it is there; whether it was you who wrote it."""
    made = await s.scalars(
        upsert(s, Note)
        .values(name=name, value="", at=utcnow())
        .on_conflict_do_nothing()
        .returning(col(Note.name))
    )
    return made.first() is not None


async def take(s: AsyncSession, name: str, age: timedelta) -> bool:
    """Take this note away; whether it was there, and no older than this."""
    young = col(Note.at) >= utcnow() - age
    taken = await s.scalars(
        delete(Note).where(col(Note.name) == name, young).returning(col(Note.name))
    )
    return taken.first() is not None


async def forget_older(s: AsyncSession, prefix: str, age: timedelta) -> None:
    """Those of this kind that nobody came back for."""
    old = col(Note.at) < utcnow() - age
    await s.execute(delete(Note).where(col(Note.name).startswith(prefix), old))
