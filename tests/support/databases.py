"""Migrated, empty databases for the tests: the migrations run once, each test gets a copy."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import itertools
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import aiosqlite
import asyncpg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db import migrate, session

TEMPLATE = "migrated"
NOTICE_CHANGES = """
CREATE SCHEMA watch;
CREATE TABLE watch.changes (what text);
CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO watch.changes VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER noted ON ddl_command_start EXECUTE FUNCTION watch.note();
"""
"""A test that drops a trigger, say, leaves a database that is of no use to the next one."""
HANG_UP = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""A test that failed may have left a connection open, and what it holds would be waited for."""
WIPE = """
DO $$
DECLARE
    tables CURSOR FOR SELECT oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version';
BEGIN
    SET LOCAL session_replication_role = replica;  -- no trigger or reference is in the way
    FOR a IN tables LOOP
        EXECUTE 'DELETE FROM ' || a.name;
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""
"""Far cheaper than a copy of the template, of which each is a hundred files."""
MAY_WAIT = ("BEGIN IMMEDIATE", "PRAGMA")
_compiled: dict[object, object] = {}


def compile_once() -> None:
    """Let the engines of a run share what they compiled.

    Each test has engines of its own, and each engine would compile the same SQL and prepare the same
    types again.
    """

    def create(url: str, **more: Any) -> AsyncEngine:
        engine = create_async_engine(url, **more)
        shared = _alike(type(engine.dialect))  # type: ignore[arg-type]  # classes hash
        engine.dialect._type_memos = shared
        return engine.execution_options(compiled_cache=_compiled)

    session.create_async_engine = create  # type: ignore[assignment, attr-defined]


def ask_sqlite_at_once() -> None:
    """Let what SQLite is asked run where it is asked, unless it may have to wait for a lock.

    aiosqlite hands everything to a thread and back, which costs more than most statements do.
    """
    in_its_thread: Callable[..., Any] = aiosqlite.Connection._execute

    async def execute(self: Any, what: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        # Whoever asked may have been cancelled, and what they asked not: what is next comes after it.
        under_way = self.__dict__.setdefault("under_way", set())
        waits = bool(arguments) and str(arguments[0]).startswith(MAY_WAIT)
        if not (waits or under_way) and self._running and self._connection:
            return what(*arguments, **more)
        this = object()

        def done() -> Any:
            try:
                return what(*arguments, **more)
            finally:
                under_way.discard(this)

        under_way.add(this)
        return await in_its_thread(self, done)

    aiosqlite.Connection._execute = execute  # type: ignore[assignment, method-assign]


@functools.cache
def _alike(kind: type[Dialect]) -> WeakKeyDictionary[Any, Any]:
    """Dialects of one kind are made with the same settings, so what is compiled for one fits all."""
    kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    return WeakKeyDictionary()


class Databases(Protocol):
    def empty(self, folder: Path) -> str:
        """The URL of a database without a single table."""

    def migrated(self, folder: Path) -> str:
        """The URL of a database at the newest revision, without a single row of ours."""


class Sqlite:
    """Files in the test's own folder.

    ``folder``: where the migrated one is that all are copies of; the processes of a run share it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def empty(self, folder: Path) -> str:
        return f"sqlite+aiosqlite:///{folder / 'empty.db'}"

    def migrated(self, folder: Path, name: str = "test.db") -> str:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.template, folder / name)
        return f"sqlite+aiosqlite:///{folder / name}"

    @functools.cached_property
    def template(self) -> Path:
        """Whichever process is first makes it, and the others wait."""
        self._folder.mkdir(exist_ok=True)
        template, making = self._folder / "template.db", self._folder / "making.db"
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                migrate.upgrade(f"sqlite+aiosqlite:///{making}")
                with closing(sqlite3.connect(making)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in one file
                making.rename(template)
        return template


class Postgres:
    """Databases of one server; what a test has written in one is wiped, and the next test gets it."""

    def __init__(self, socket_folder: Path) -> None:
        self._host = socket_folder
        self._numbers = itertools.count(1)
        self._template_made = False
        self._lent: list[str] = []  # migrated, in the hands of a test
        self._clean: list[str] = []  # migrated, and nobody's
        self._empty: list[str] = []  # a test makes tables in them

    def empty(self, folder: Path) -> str:
        self._empty.append(self._create("template0"))
        return self._url(self._empty[-1])

    def migrated(self, folder: Path) -> str:
        if not self._template_made:
            self._run("postgres", f"CREATE DATABASE {TEMPLATE}")
            migrate.upgrade(self._url(TEMPLATE))
            self._run(TEMPLATE, NOTICE_CHANGES, "SELECT 1")
            self._template_made = True
        self._lent.append(self._clean.pop() if self._clean else self._create(TEMPLATE))
        return self._url(self._lent[-1])

    def take_back(self) -> None:
        """A database that is made as before serves the next test; any other is dropped."""
        while self._lent:
            name = self._lent.pop()
            changed = self._run(name, HANG_UP, WIPE, "SELECT count(*) FROM watch.changes")
            (self._empty if changed else self._clean).append(name)
        while self._empty:
            self._run("postgres", f"DROP DATABASE {self._empty.pop()} WITH (FORCE)")

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._run("postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self._host}"

    def _run(self, database: str, *statements: str) -> Any:
        """Run them one after the other, and answer the first value of the last."""

        async def run() -> Any:
            connection = await asyncpg.connect(
                host=str(self._host), user="postgres", database=database, timeout=10
            )
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement, timeout=30)
                return await connection.fetchval(statements[-1], timeout=30)
            finally:
                await connection.close()

        return asyncio.run(run())


async def connections_ended() -> None:
    """A query that was cut off ends in its driver's thread, which then still needs its test's loop: without
    this wait it fails in the next test, with "Event loop is closed"."""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while any("_connection_worker_thread" in t.name for t in threading.enumerate()):
                await asyncio.sleep(0.01)
