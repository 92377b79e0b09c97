"""The only place that commits.

SQLite: a write takes its lock at BEGIN (``BEGIN IMMEDIATE``), because a transaction that reads first
and writes later fails under contention instead of waiting. Reads use an engine of their own that
never opens a write transaction. Statements are logged without their values: those hold prompts.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

BUSY_SECONDS = 30
AWAY = ("08", "57P")
"""How PostgreSQL's codes for lost connections begin, and for a server that ends or begins."""
ONE_WRITER = {"pool_size": 1, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
"""SQLite has one writer at a time: within a process writers queue for the connection in turn, instead
of asking again and again for the lock."""


class Db:
    """A database of the studio; use ``begin`` to write and ``read`` to look."""

    def __init__(self, url: str) -> None:
        self.url = url
        if make_url(url).get_backend_name() == "sqlite":
            self._writer = _sqlite(url, "BEGIN IMMEDIATE", **ONE_WRITER)
            self._reader = _sqlite(url, "BEGIN", pool_size=5)
        else:
            self._writer = create_async_engine(
                url,
                pool_size=10,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"async_creator_fn": _connect},
            )
            self._reader = self._writer

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed on leaving, rolled back when an exception leaves with you."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A consistent look at what is committed; what is changed in it is thrown away."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    async def scrub(self) -> None:
        """Let nothing of what was deleted be left in SQLite's log, which keeps pages as they were."""
        if self._writer is self._reader:
            return
        async with self._writer.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()


async def one_at_a_time(s: AsyncSession, what: str) -> None:
    """Hold off every other transaction that asks for the same, until this one ends.

    Before what it takes to count first and write afterwards. On SQLite ``BEGIN IMMEDIATE`` did it.
    """
    if s.get_bind().dialect.name == "postgresql":
        await s.execute(select(func.pg_advisory_xact_lock(_key(what))))


async def alongside(s: AsyncSession, what: str) -> None:
    """Hold off whoever asks for the same one at a time, but not others like you."""
    if s.get_bind().dialect.name == "postgresql":
        await s.execute(select(func.pg_advisory_xact_lock_shared(_key(what))))


async def of_one_moment(s: AsyncSession) -> None:
    """Let all that is read from now on in this session be as it is at this moment.

    Before anything else is read. On SQLite every transaction is so.
    """
    if s.get_bind().dialect.name == "postgresql":
        await s.connection(execution_options={"isolation_level": "REPEATABLE READ"})


class Unreached(ConnectionError):
    """There is no server at the database's address."""


def is_away(error: Exception) -> bool:
    """Whether it says that the database can't be reached, begins or ends, or that others were in turn for
    too long; and nothing of what was asked."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, Unreached)
    state = str(getattr(error.orig, "sqlstate", "") or "")
    return error.connection_invalidated or state.startswith(AWAY)


async def _connect(*where: Any, **how: Any) -> asyncpg.Connection:
    """As asyncpg does, but what is missing is called by its name: a socket that isn't there is no file."""
    try:
        return await asyncpg.connect(*where, **how)
    except OSError as error:
        raise Unreached(str(error)) from error


def _key(what: str) -> int:
    return int.from_bytes(hashlib.sha256(what.encode()).digest()[:4])


def _sqlite(url: str, begin: str, **pool: Any) -> AsyncEngine:
    engine = create_async_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True, **pool
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin on its own
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")  # what somebody had deleted is overwritten
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
