"""From every revision there was a database comes to the newest one with all that is in it, in step with others
that do the same."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateTable

from bot import verifying
from db import migrate
from db.chain import GENESIS, canonical, digest
from db.ledger import Booked
from db.session import Db
from moderation.audit import audit

T = TypeVar("T")
Row = dict[str, Any]
Rows = dict[str, dict[tuple[Any, ...], Row]]
"""By table and primary key."""

NO_LONGER = {"0003": {"job.vary_from"}, "0012": {"job.remix"}}
"""What a revision puts elsewhere, as the tests of that revision say."""
OTHERWISE = {"0012": {"event.kind", "event.detail"}}
"""What it writes in another way."""
CHAINED = {"ledger", "posting", "month_booked", "record", "statistic"}
"""What follows from what was there before: made by hand, or by a migration."""
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1000)
_QUOTED = re.compile(r"'([^']*)'")


def revisions() -> list[str]:
    """Oldest first."""
    known = ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions()
    return [one.revision for one in reversed(list(known))]


def _says(check: str, column: sa.Column[Any]) -> bool:
    """Whether a constraint says which words a column may have."""
    return isinstance(column.type, sa.String) and bool(re.search(rf"\b{column.name}\b", check))


class Filled:
    """A database that gets rows in every table that a revision made or changed, and in those above it.

    They go through all revisions that follow, so a database of each revision comes to the newest.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._tables = sa.MetaData()
        self._tables.reflect(connection)
        self._tables.remove(self._tables.tables["alembic_version"])
        self._made: dict[str, list[Row]] = {}
        self._checks = {
            table: [one["sqltext"] for one in checks]
            for (_, table), checks in sa.inspect(connection).get_multi_check_constraints().items()
        }
        self.forms = {name: self._form(table) for name, table in self._tables.tables.items()}

    def rows(self) -> Rows:
        found: Rows = {}
        for table in self._tables.tables.values():
            keys = [column.name for column in table.primary_key]
            told = self._connection.exec_driver_sql(f'SELECT * FROM "{table.name}"').mappings()
            found[table.name] = {tuple(row[k] for k in keys): dict(row) for row in told}
        return found

    def _form(self, table: sa.Table) -> str:
        return f"{CreateTable(table).compile(self._connection)} {sorted(self._checks[table.name])}"

    def fill(self, before: Mapping[str, str]) -> None:
        """``before``: the forms of the tables that have rows of each kind already."""
        changed = {name for name, form in self.forms.items() if form != before.get(name)}
        for table in reversed(self._tables.sorted_tables):
            if table.name in changed:
                changed |= {key.column.table.name for key in table.foreign_keys}
                changed |= {"clip"} if table.name == "job" else set()
        for table in self._tables.sorted_tables:
            if table.name in changed - CHAINED:
                self._fill(table)
        if "ledger" in self._tables.tables and "month_booked" not in self._tables.tables:
            self._book()
        if "record" in self._tables.tables:
            self._record()

    def _fill(self, table: sa.Table) -> None:
        """One row for each word that a column may have, and two at least; and each job has a clip."""
        words = self._words(table)
        least = len(self._made["job"]) if table.name == "clip" else 2
        count = max([least, *map(len, words.values())])
        self._made[table.name] = [self._row(table, number, words) for number in range(count)]
        self._connection.execute(sa.insert(table), self._made[table.name])

    def _row(self, table: sa.Table, number: int, words: Mapping[str, list[str]]) -> Row:
        row: Row = {}
        for key in table.foreign_key_constraints:
            above = self._made.get(key.referred_table.name)
            for one in key.elements:
                parent = above[number % len(above)] if above else {}
                row[one.parent.name] = parent.get(one.column.name)
        for column in table.columns:
            if column.name in words:
                row[column.name] = words[column.name][number % len(words[column.name])]
            elif column.name not in row:
                row[column.name] = self._value(column)
        return row

    def _words(self, table: sa.Table) -> dict[str, list[str]]:
        found = {}
        for check in self._checks[table.name]:
            name = next((c.name for c in table.columns if _says(check, c)), "")
            if name and (known := _QUOTED.findall(check)):
                found[name] = known
        return found

    def _value(self, column: sa.Column[Any]) -> Any:
        number = next(_numbers)
        match column.type:
            case sa.Boolean():
                return True
            case sa.DateTime() as kind:
                return WHEN if kind.timezone else WHEN.replace(tzinfo=None)
            case sa.Date():
                return date(2026, 3, 1)
            case sa.JSON():
                return {} if column.name == "detail" else []
            case sa.Integer() | sa.Float():
                return 0 if column.name == "balance" else number
            case _:
                return f"{column.name} é {number}"

    def _book(self) -> None:
        """One transaction between two accounts of their own."""
        ledger, posting, account = (
            self._tables.tables[name] for name in ("ledger", "posting", "account")
        )
        last = self._connection.execute(sa.select(ledger).order_by(ledger.c.id.desc())).first()
        number = last.id + 1 if last else 1
        given, taken = f"issued {number}", f"a person's {number}"
        booked = Booked(
            number, f"key {number}", "approved", None, "", 1, WHEN,
            ((taken, "credit", 5), (given, "credit", -5)), last.hash if last else GENESIS, "",
        )  # fmt: skip
        row = {"job_id": None, "hash": booked.seal(), "at": self._value(ledger.c.at)}
        row |= {name: getattr(booked, name) for name in ("id", "key", "kind", "reference")}
        row |= {"table_version": 1, "previous": booked.previous}
        self._connection.execute(sa.insert(ledger).values(row))
        for name, amount, own in ((taken, 5, False), (given, -5, True)):
            of = {"id": next(_numbers), "name": name, "unit": "credit", "own": own}
            self._connection.execute(sa.insert(account).values(**of, balance=amount))
            row = {"transaction_id": number, "account_id": of["id"], "amount": amount}
            self._connection.execute(sa.insert(posting).values(row))

    def _record(self) -> None:
        record = self._tables.tables["record"]
        last = self._connection.execute(sa.select(record).order_by(record.c.seq.desc())).first()
        seq, previous = (last.seq + 1, last.hash) if last else (1, GENESIS)
        said: Row = {"seq": seq, "at": WHEN.isoformat(), "kind": "kept", "job": None, "details": {}}
        row = {"seq": seq, "kind": "kept", "job_id": None, "previous": previous}
        row |= {"body": (body := canonical(said)), "hash": digest(previous, body)}
        self._connection.execute(sa.insert(record).values(row))
        statistic, of = self._tables.tables["statistic"], ("2026-03", "entries", "kept")
        self._connection.execute(sa.delete(statistic))
        self._connection.execute(sa.insert(statistic).values((*of, seq)))


async def asked(url: str, work: Callable[[sa.Connection], T]) -> T:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        found = await connection.run_sync(work)
    await engine.dispose()
    return found


def looked_at_and_filled(
    connection: sa.Connection, forms: Mapping[str, str]
) -> tuple[Rows, Rows, Mapping[str, str]]:
    """What there is, what there is with more of whatever has another form now, and the forms."""
    filled = Filled(connection)
    there = filled.rows()
    filled.fill(forms)
    return there, filled.rows(), filled.forms


def lost(before: Rows, after: Rows, revision: str) -> list[str]:
    """What isn't as it was, and nobody said why."""
    assert before.keys() <= after.keys()
    found, gone = [], set()
    for table, rows in before.items():
        for key, row in rows.items():
            now = after[table].get(key)
            if now is None:
                found.append(f"{table} {key}")
                continue
            gone |= {f"{table}.{name}" for name in row.keys() - now.keys()}
            changed = {f"{table}.{n}" for n in row.keys() & now.keys() if row[n] != now[n]}
            found += sorted(changed - OTHERWISE.get(revision, set()))
    assert gone == NO_LONGER.get(revision, set())
    return found


async def test_nothing_is_lost_on_the_way_from_any_revision(empty_db_url: str) -> None:
    config, before = migrate.config(empty_db_url), Rows()
    forms: Mapping[str, str] = {}
    for revision in revisions():
        await asyncio.to_thread(command.upgrade, config, revision)
        after, filled, forms = await asked(empty_db_url, partial(looked_at_and_filled, forms=forms))
        assert lost(before, after, revision) == [], revision
        before = filled
    assert all(before.values())
    await asyncio.to_thread(command.check, config)
    db = Db(empty_db_url)
    async with db.read() as s:
        replays = [replay async for replay in audit(s)]
    await db.close()
    assert replays[-1].count == len(before["ledger"])
    head, _ = await verifying.database(empty_db_url, "", lambda done, of: None)
    assert head.seq == len(before["record"])


def columns(connection: sa.Connection) -> dict[str, list[str]]:
    asked = sa.inspect(connection)
    return {t: [c["name"] for c in asked.get_columns(t)] for t in asked.get_table_names()}


async def test_a_revision_that_fails_takes_those_before_it_along(empty_db_url: str) -> None:
    """So two that migrate at once can't meet halfway, and what failed is begun again from the start."""
    await asyncio.to_thread(migrate.upgrade, empty_db_url, "0001")
    await asked(empty_db_url, lambda c: c.execute(sa.text("CREATE TABLE report (id INTEGER)")))
    before = await asked(empty_db_url, columns)
    with pytest.raises(sa.exc.DBAPIError, match="report"):
        await asyncio.to_thread(migrate.upgrade, empty_db_url)
    assert await asked(empty_db_url, columns) == before
    assert await migrate.current(empty_db_url) == "0001"


async def test_whoever_migrates_waits_for_whoever_does(postgres_url: str) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = :lock")
    engine = create_async_engine(postgres_url)
    async with engine.begin() as other:
        await other.execute(sa.select(sa.func.pg_advisory_xact_lock(migrate.LOCK)))
        migrating = asyncio.create_task(asyncio.to_thread(migrate.upgrade, postgres_url))
        while not await other.scalar(waiting, {"lock": migrate.LOCK}):
            assert not migrating.done()
            await asyncio.sleep(0.02)
    await migrating
    await engine.dispose()
