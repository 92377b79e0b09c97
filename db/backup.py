"""All rows of a studio as text, and back: on either database, whichever of them they came from.

Rows are written in the order in which their references allow them to be put in again, as one JSON list
a line, times in UTC. They are read back by what the tables of that revision look like, not by today's
models, so that an old backup is put in at its own revision and migrated from there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import islice
from typing import Any, Protocol

from alembic.util import CommandError
from sqlalchemy import (
    JSON,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    Table,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import SQLModel

import db.models  # noqa: F401  (fills the metadata)
from db import migrate

AT_ONCE = 1000
VERSION = "alembic_version"
PASSING = frozenset({"web_session", "signing_in"})
"""Who was signed in then isn't signed in again."""

Loaded = Callable[[str, int], None]
"""Told of each table that was put in, with the number of its rows."""


class NotEmpty(Exception):
    """Something is in the database already."""


class FromLater(Exception):
    """The backup is of a revision that this version doesn't know."""


class Source(Protocol):
    """Where rows come from."""

    def columns(self, table: str) -> Sequence[str]:
        """Of each row, in this order."""

    def rows(self, table: str) -> Iterable[Sequence[Any]]:
        """All rows, as ``rows`` wrote them; none of a table that isn't in it."""


def tables() -> list[Table]:
    """Every table that is kept, each after those that it refers to."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in PASSING]


async def rows(s: AsyncSession, table: Table) -> AsyncIterator[str]:
    """Each row as a line of JSON, by its key: what refers to rows of its own table comes after them."""
    query = select(table).order_by(*table.primary_key.columns)
    async for row in await s.stream(query.execution_options(yield_per=AT_ONCE)):
        yield json.dumps([_plain(value) for value in row], ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
    return value


async def load(url: str, revision: str, source: Source, loaded: Loaded) -> None:
    """Make the tables of this revision, put the rows in, and migrate to the newest.

    Raises ``NotEmpty`` where anything is, and ``FromLater``. Killed on its way it leaves no row, and can
    be done again.
    """
    await insist_on_empty(url)
    await asyncio.to_thread(_make_tables, url, revision)
    engine = create_async_engine(url, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_put_in, source, loaded)
    finally:
        await engine.dispose()
    await asyncio.to_thread(migrate.upgrade, url)


async def insist_on_empty(url: str) -> None:
    """Raises ``NotEmpty`` where there is a row in any table."""
    if await migrate.current(url) is None:
        return
    engine = create_async_engine(url, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_insist_on_empty)
    finally:
        await engine.dispose()


def _insist_on_empty(connection: Connection) -> list[Table]:
    """The tables there are."""
    known = MetaData()
    known.reflect(connection)
    made = [table for table in known.sorted_tables if table.name != VERSION]
    for table in made:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty
    return made


def _make_tables(url: str, revision: str) -> None:
    at = asyncio.run(migrate.current(url))
    try:
        if at not in {None, revision}:  # made, say by ``sora migrate``, and nothing in them yet
            migrate.downgrade(url)
        migrate.upgrade(url, revision)
    except CommandError as error:
        raise FromLater from error


def _put_in(connection: Connection, source: Source, loaded: Loaded) -> None:
    made = _insist_on_empty(connection)
    for table in made:
        columns = [table.c[name] for name in source.columns(table.name)]
        convert = [_converter(column.type) for column in columns]
        count, left = 0, iter(source.rows(table.name))
        while batch := list(islice(left, AT_ONCE)):
            connection.execute(
                insert(table),
                [
                    {
                        column.name: turn(value)
                        for column, turn, value in zip(columns, convert, row, strict=True)
                    }
                    for row in batch
                ],
            )
            count += len(batch)
        loaded(table.name, count)
    if connection.dialect.name == "postgresql":
        _count_on(connection, made)


def _converter(kind: Any) -> Callable[[Any], Any]:
    if isinstance(kind, DateTime):
        return lambda value: value and datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return lambda value: value and date.fromisoformat(value)
    if isinstance(kind, JSON):
        kind.none_as_null = True
    return lambda value: value


def _count_on(connection: Connection, made: Sequence[Table]) -> None:
    """Numbers go on after the last; SQLite does that by itself."""
    for table in made:
        for column in table.primary_key.columns:
            sequence = connection.scalar(
                select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))
            )
            last = connection.scalar(select(func.max(column)))
            if sequence is not None and last is not None and isinstance(column.type, Integer):
                connection.execute(
                    text("SELECT setval(:of, :last)"), {"of": sequence, "last": last}
                )
