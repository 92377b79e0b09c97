"""Brings a database to the newest revision, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_362_001
"""On PostgreSQL; any number, as long as every process takes the same one."""


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["url"] = url
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate to the newest revision, or to this one; the migration itself takes the database's lock."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config(url), revision)


def downgrade(url: str) -> None:
    """Take all tables away. Only for a database that nothing is in."""
    command.downgrade(config(url), "base")


def newest() -> str | None:
    """The revision this code expects."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def missing(url: str) -> bool:
    """Whether this is a SQLite file that isn't there; merely connecting would make it."""
    parsed = make_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


async def current(url: str) -> str | None:
    """The revision the database is at, or None for an empty one; makes no file that isn't there."""
    if missing(url):
        return None
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            row = found.first()
            return row[0] if row else None
    except DBAPIError:
        return None
    finally:
        await engine.dispose()
