"""The rows and files of an export, a few at a time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, false, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot import csv_lines
from db import books, forgetting
from db.ledger import moment
from db.media import Media
from db.models import Clip, Job
from db.states import Status
from db.yours import HELD, Held, Whose

BATCH = 500
LEDGER = "What you earned, gave and were given; the hashes are those of the public ledger."
LINEAGE = "What your clips grew out of, and what grew out of them."
ELSEWHERE = "Where the studio knows you by a platform's id: notes, settings, lent workers."

Batch = Sequence[Mapping[str, Any]]
Read = Callable[[], AsyncIterator[Batch]]


@dataclass(frozen=True, slots=True)
class TableOfTheirs:
    name: str
    about: str
    read: Read
    """Reads it from its beginning; never an empty batch."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the media store, as it is called in the zip."""

    name: str
    path: Path
    bytes: int | None
    """None where it is gone."""


async def tables(s: AsyncSession, who: Whose) -> AsyncIterator[TableOfTheirs]:
    """All of them, by what an export calls them."""
    for held in HELD:
        if held.theirs is not None and held.file:
            yield TableOfTheirs(held.file, held.about, partial(_of_table, s, held, who))
    yield TableOfTheirs("ledger", LEDGER, partial(_ledger, s, who))
    yield TableOfTheirs("lineage", LINEAGE, partial(_lineage, s, who))
    yield TableOfTheirs("elsewhere", ELSEWHERE, partial(_elsewhere, s, who))


async def files(s: AsyncSession, who: Whose, media: Media) -> list[File]:
    """Clips, then pictures that were given."""
    made = await s.execute(
        select(col(Clip.job_id), col(Clip.number), col(Clip.video_key))
        .where(who.of_jobs(Clip.job_id))
        .order_by(col(Clip.job_id), col(Clip.number))
    )
    found = {f"clips/job-{job}-clip-{number}": key for job, number, key in made.all()}
    given = await s.execute(
        select(col(Job.id), col(Job.first_key), col(Job.last_key))
        .where(who.own(Job.person_id))
        .order_by(col(Job.id))
    )
    for job, first, last in given.all():
        found |= {f"pictures/job-{job}-first": first, f"pictures/job-{job}-last": last}
    there = {name: media.path(key) for name, key in found.items() if key}
    return [
        File(f"{name}{path.suffix}", path, await media.size(path)) for name, path in there.items()
    ]


# ── reading ──────────────────────────────────────────────────────────────────────────────


async def _of_table(s: AsyncSession, held: Held, who: Whose) -> AsyncIterator[Batch]:
    """Of others, who are somebody's business elsewhere, not even the numbers, nor what they said."""
    table = held.model.__table__  # type: ignore[attr-defined]
    columns = [column for column in table.columns if column.name not in held.hides]
    people = {
        c.name for c in columns for key in c.foreign_keys if key.column.table.name == "person"
    }
    which = held.theirs(who) if held.theirs is not None else false()
    query = select(*columns).where(which).order_by(*table.primary_key)
    found = await s.stream(query)

    def told(row: RowMapping) -> Mapping[str, Any]:
        others = {name for name in people if row[name] not in who.persons}
        hidden = others | set(held.guards if "person_id" in others else ())
        return {name: None if name in hidden else value for name, value in row.items()}

    async for batch in found.mappings().partitions(BATCH):
        yield [told(row) for row in batch]


async def _ledger(s: AsyncSession, who: Whose) -> AsyncIterator[Batch]:
    """Newest first, a row for each posting."""
    own = {a.name for person_id in who.persons for a in await books.accounts(s, person_id)}
    seen: set[int] = set()  # what both of a link are in comes once
    for person_id in who.persons:
        before = None
        while batch := await books.newest(s, person_id=person_id, before=before, limit=BATCH):
            rows = [
                {
                    "transaction": booked.id, "at": moment(booked.at), "kind": booked.kind,
                    "job": booked.job, "reference": booked.reference, "account": account,
                    "yours": account in own, "unit": unit, "amount": amount, "key": booked.key,
                    "hash": booked.hash,
                }
                for booked in batch
                if booked.id not in seen
                for account, unit, amount in booked.postings
            ]  # fmt: skip
            if rows:
                yield rows
            seen |= {booked.id for booked in batch}
            before = batch[-1].id


async def _lineage(s: AsyncSession, who: Whose) -> AsyncIterator[Batch]:
    """Of others' jobs only those that everybody may see."""
    own = who.own(Job.person_id)
    grown = who.of_jobs(Job.parent_id) & (own | (col(Job.status) == Status.PUBLISHED))
    columns = [
        col(Job.id).label("job"),
        col(Job.descent).label("how"),
        col(Job.parent_id).label("from_job"),
        col(Job.parent_clip).label("from_clip"),
        own.label("yours"),
    ]
    which = (own & col(Job.parent_id).is_not(None)) | grown
    found = await s.stream(select(*columns).where(which).order_by(col(Job.id)))
    async for batch in found.mappings().partitions(BATCH):
        yield [dict(row) for row in batch]


async def _elsewhere(s: AsyncSession, who: Whose) -> AsyncIterator[Batch]:
    """A token is a key to a platform, and nobody's to have."""
    wanted = {"platform", "id", "moderators", "name", "value", "room", "place", "owner"}
    found = await forgetting.by_platform(s, who)
    if found:
        yield [
            {"what": str(row.__tablename__), **dict.fromkeys(sorted(wanted))}
            | row.model_dump(include=wanted)
            for row in found
        ]


# ── writing ──────────────────────────────────────────────────────────────────────────────


async def as_json(batches: AsyncIterator[Batch]) -> AsyncIterator[str]:
    """A list of objects, in pieces; nothing at all where there are no rows."""
    opening = "["
    async for batch in batches:
        lines = [json.dumps(row, default=_plain, ensure_ascii=False) for row in batch]
        yield f"{opening}\n" + ",\n".join(lines)
        opening = ","
    if opening == ",":
        yield "\n]\n"


async def as_csv(batches: AsyncIterator[Batch]) -> AsyncIterator[str]:
    """A line for each row, below the names of the columns."""
    first = True
    async for batch in batches:
        head = [list(batch[0])] if first else []
        yield csv_lines.lines([*head, *([_cell(v) for v in row.values()] for row in batch)])
        first = False


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return _plain(value) if isinstance(value, date | Enum) else value
