"""Migrated, empty databases for the tests: the migrations run once, each test gets a copy."""

from __future__ import annotations

import asyncio
import functools
import itertools
import shutil
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db import migrate, session

TEMPLATE = "migrated"
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
    """Files in the test's own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None

    def empty(self, folder: Path) -> str:
        return f"sqlite+aiosqlite:///{folder / 'empty.db'}"

    def migrated(self, folder: Path) -> str:
        if self._template is None:
            template = self._folder / "template.db"
            migrate.upgrade(f"sqlite+aiosqlite:///{template}")
            with closing(sqlite3.connect(template)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in one file
            self._template = template
        shutil.copyfile(self._template, folder / "test.db")
        return f"sqlite+aiosqlite:///{folder / 'test.db'}"


class Postgres:
    """Databases of one server; a copy of a template is a matter of milliseconds."""

    def __init__(self, socket_folder: Path) -> None:
        self._host = socket_folder
        self._numbers = itertools.count(1)
        self._template_made = False
        self._made: list[str] = []

    def empty(self, folder: Path) -> str:
        return self._create("template0")

    def migrated(self, folder: Path) -> str:
        if not self._template_made:
            self._run(f"CREATE DATABASE {TEMPLATE}")
            migrate.upgrade(self._url(TEMPLATE))
            self._template_made = True
        return self._create(TEMPLATE)

    def drop_made(self) -> None:
        """FORCE, because a test that failed may have left a connection open."""
        while self._made:
            self._run(f"DROP DATABASE {self._made.pop()} WITH (FORCE)")

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        self._made.append(name)
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self._host}"

    def _run(self, statement: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(
                host=str(self._host), user="postgres", database="postgres", timeout=10
            )
            try:
                await connection.execute(statement, timeout=30)
            finally:
                await connection.close()

        asyncio.run(run())


async def connections_ended() -> None:
    """A query that was cut off ends in its driver's thread, which then still needs its test's loop: without
    this wait it fails in the next test, with "Event loop is closed"."""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while any("_connection_worker_thread" in t.name for t in threading.enumerate()):
                await asyncio.sleep(0.01)
