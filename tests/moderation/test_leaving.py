"""Whoever leaves is forgotten, and nobody else loses anything by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, select
from sqlalchemy.types import JSON
from sqlmodel import AutoString, SQLModel

import db.models
from bot import verifying
from db import chains, events, forgetting, people, reviews, votes
from db.chain import GENESIS
from db.media import Media
from db.states import Status, Turn, Verdict
from db.yours import HELD, Whose
from moderation.audit import audit
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Wish
from tests.support.leaver import (
    DISCORD,
    WORDS,
    Filed,
    Leaver,
    Row,
    everything,
    key_of,
    saying,
    somebody,
)
from tests.support.studio import Studio, request

Rows = dict[str, dict[tuple[Any, ...], Row]]


@pytest.fixture
async def leaver(studio: Studio, tmp_path: Path) -> Leaver:
    made = Leaver(Filed(studio, Media(tmp_path / "media"), tmp_path))
    await made.make()
    return made


@pytest.fixture
async def one(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Leaver]:
    """The same on SQLite, for what doesn't depend on SQL."""
    async with somebody(sqlite_url, tmp_path) as made:
        yield made


async def test_nothing_is_left_of_them_and_others_keep_what_is_theirs(leaver: Leaver) -> None:
    studio = leaver.studio
    before = await everything(leaver.db)
    theirs = {}
    async with leaver.db.read() as s:
        who = await forgetting.whose(s, leaver.they.id)
        for held in HELD:
            if held.theirs is not None:
                table = held.model.__table__  # type: ignore[attr-defined]
                rows = await s.execute(select(table).where(held.theirs(who)))
                theirs[table.name] = {key_of(table, row) for row in rows.mappings()}
    seldom = {"code", "guess", "telling"}
    assert {name for name, rows in theirs.items() if not rows} == seldom, "the story misses a table"
    assert len(saying(before)) > 15

    await leaver.desk.leave(leaver.they)
    await studio.settle()

    after = await everything(leaver.db)
    assert saying(after) == []
    async with leaver.db.read() as s:
        for held in HELD:
            if held.theirs is not None and (held.deletes or "person_id" in held.blanks):
                left = await s.scalars(select(held.model).where(held.theirs(who)))
                assert left.all() == [], "it leads to them"
    files = [file.read_text() for file in studio.media.folder.rglob("*.*") if file.is_file()]
    assert files
    # What Bo made in the same words was made by Bo, and is Bo's.
    own = f"{leaver.extended.id} "
    assert [text for text in files if "quetzal" in text and not text.startswith(own)] == []
    changed = _changed(before, after, theirs)
    assert changed == OTHERS_LOSE
    assert "U0SOMEBODYELSE" in {row["user_id"] for row in after["reaction"].values()}
    assert "U0SOMEBODYELSE" in {row["value"] for row in after["note"].values()}
    (moderators,) = [row["moderators"] for row in after["workspace"].values()]
    assert moderators == "U0OTHER"
    async with leaver.db.read() as s:
        *_, replay = [replay async for replay in audit(s)]
    assert replay.count > 5
    head, _ = await verifying.database(leaver.db.url, "", lambda *_: None)
    assert head.hash != GENESIS


OTHERS_LOSE = [
    "clip gone",  # the glimpse that showed somebody a second of theirs
    "consent gone",
    "event.detail",  # who lent a worker
    "job.negative",  # said by them, in what goes on after a clip of theirs;
    "job.prompt",  # and what their chain was about
    "job.status",
    "job.status_since",
    "lenderkey.owner",
    "note gone",
    "reply gone",
    "seat.turn",  # nothing is left to go on from in their chain
    "seat.turn_ends_at",
    "worker.owner",
    "workspace.moderators",
]


def _changed(before: Rows, after: Rows, theirs: dict[str, set[tuple[Any, ...]]]) -> list[str]:
    """What is otherwise in rows of others."""
    found = set()
    for table, rows in before.items():
        for key, row in rows.items():
            if key in theirs.get(table, ()):
                continue
            now = after[table].get(key)
            if now is None:
                found.add(f"{table} gone")
                continue
            found |= {f"{table}.{column}" for column in row if row[column] != now[column]}
    return sorted(found)


async def test_nothing_is_left_in_the_files_of_sqlite(one: Leaver, tmp_path: Path) -> None:
    def words() -> set[str]:
        stored = b"".join(file.read_bytes() for file in tmp_path.glob("test.db*")).lower()
        return {word for word in WORDS if word.encode() in stored}

    assert words() == set(WORDS)
    await one.desk.leave(one.they)
    await one.studio.settle()
    assert words() == set()


async def test_whoever_comes_back_is_somebody_new(one: Leaver) -> None:
    late = one.they
    await one.desk.leave(late)
    with pytest.raises(Refused, match="somebody new"):
        await one.desk.submit(late, Wish("one more"), request())
    async with one.db.begin() as s:
        new = await people.known(s, "discord", "", DISCORD, "Zephyrine")
    assert new.id != late.id
    await one.studio.settle()
    async with one.db.read() as s:
        left = await people.get(s, late.id)
        here = await people.get(s, new.id)
    assert (left.name, here.name) == (people.LEFT, "Zephyrine")
    assert (await one.desk.belongings(Person(new.id, "Zephyrine"))).jobs == 0


async def test_what_is_counted_stays_and_what_is_open_is_taken_back(one: Leaver) -> None:
    await one.desk.leave(one.they)
    await one.studio.settle()
    async with one.db.read() as s:
        assert await votes.tally(s, one.over.id) == {2: 1}
        assert await votes.tally(s, one.open.id) == {}
        (decided,) = await reviews.of(s, one.over.id)
        assert (decided.verdict, decided.sentence) == (Verdict.APPROVE, "")
        assert await reviews.of(s, one.waiting.id) == []
        theirs, others = [await chains.get(s, n) for n in (one.chain, one.others_chain)]
        assert theirs is not None
        assert theirs.closed_at is not None
        assert others is not None
        assert others.closed_at is None
        turns = [seat.turn for seat in await chains.seats(s, others.id)]
    assert turns == [Turn.MADE, Turn.PASSED]
    assert (await one.studio.job(one.extended.id)).status is Status.IN_REVIEW


class Crash(Exception):
    pass


async def test_a_sweep_goes_on_where_a_process_was_killed(
    one: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.desk.leave(one.they)
    real, left = Media.discard, [9]

    async def killed(media: Media, key: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash
        await real(media, key)

    monkeypatch.setattr(Media, "discard", killed)
    with pytest.raises(Crash):
        await one.studio.settle()
    assert saying(await everything(one.db)) != []
    await one.studio.settle()
    assert saying(await everything(one.db)) == []


async def test_words_wait_until_the_rooms_took_the_cards_away_but_no_longer_than_a_day(
    one: Leaver,
) -> None:
    async with one.db.begin() as s:
        await events.join(s, "shut")
    await one.desk.leave(one.they)
    await one.studio.settle()
    assert (await one.studio.job(one.shown.id)).prompt == "a quetzal over water"
    async with one.db.begin() as s:
        for row in await s.scalars(select(db.models.Person)):
            row.leaving_at = row.leaving_at and row.leaving_at - forgetting.PATIENCE
    await one.studio.settle()
    assert saying(await everything(one.db)) == []


def test_every_table_and_every_column_says_what_becomes_of_it() -> None:
    tables = {held.model.__tablename__: held for held in HELD}
    assert tables.keys() == SQLModel.metadata.tables.keys()
    for name, table in SQLModel.metadata.tables.items():
        held = tables[name]
        people_in = [c.name for c in table.columns if _is_person(c)]
        assert held.theirs is not None or not people_in, f"{name} knows people"
        if held.theirs is None or held.deletes:
            continue
        which = str(held.theirs(Whose((1,), (("discord", "", "1"),))))
        missed = [c for c in people_in if f"{name}.{c} IN" not in which]
        # Of a frame its moderator, of an event whoever acted, and so on: by all that knows somebody.
        assert missed == [], f"{name} isn't found by {missed}"
        texts = {c.name for c in table.columns if isinstance(c.type, (AutoString, JSON))}
        said = {*held.blanks, *held.keeps}
        assert texts <= said, f"{name} says nothing of {texts - said}"


def _is_person(column: Column[Any]) -> bool:
    return any(key.column.table.name == "person" for key in column.foreign_keys)
