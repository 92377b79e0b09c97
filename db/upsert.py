"""``INSERT … ON CONFLICT`` for both databases; ``session.merge`` loses races on PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


def upsert(s: AsyncSession, table: type[SQLModel]) -> Any:
    """An insert of the session's dialect, which offers ``on_conflict_do_…``."""
    if s.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
