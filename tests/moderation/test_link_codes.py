"""The codes by which two become one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from db.models import Code, Guess, utcnow
from moderation.linking import LETTERS
from moderation.rules import Refused
from tests.moderation.opinions import (
    Five,
    link,
)
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


async def test_a_code_can_be_typed_and_not_guessed(studio: Studio, cast: Five) -> None:
    codes = {await studio.desk.link_code(one) for one in cast}
    assert len(codes) == len(cast)
    for code in codes:
        assert re.fullmatch(f"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", code)
    assert not set(LETTERS) & set("0O1IL2Z5S8BUAE")


async def test_it_may_be_typed_anyhow(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    code = await studio.desk.link_code(ada)
    typed = f" {code.lower().replace('-', '–')}\u200b "
    assert (await studio.desk.link(bo, typed)).name == "ada"


@pytest.mark.databases("sqlite", "postgres")
async def test_asked_for_again_it_is_the_same_and_lasts_longer(studio: Studio, cast: Five) -> None:
    ada, *_ = cast
    code = await studio.desk.link_code(ada)
    soon = utcnow() + timedelta(seconds=30)
    async with studio.db.begin() as s:
        await s.execute(update(Code).values(expires_at=soon))
    assert await studio.desk.link_code(ada) == code
    async with studio.db.read() as s:
        assert (await s.scalars(select(col(Code.expires_at)))).one() > soon + timedelta(minutes=8)


async def test_it_ends_by_itself(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    code = await studio.desk.link_code(ada)
    async with studio.db.begin() as s:
        await s.execute(update(Code).values(expires_at=utcnow()))
    with pytest.raises(Refused, match="no such code: it lasts for ten minutes"):
        await studio.desk.link(bo, code)
    assert await studio.desk.link_code(ada) != code


async def test_it_works_once(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    code = await studio.desk.link_code(ada)
    await studio.desk.link(bo, code)
    with pytest.raises(Refused, match="no such code"):
        await studio.desk.link(cy, code)
    await studio.desk.unlink(ada)
    with pytest.raises(Refused, match="no such code"):
        await studio.desk.link(bo, code)


async def test_told_twice_it_is_answered_twice(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    code = await studio.desk.link_code(ada)
    first = await studio.desk.link(bo, code)
    assert await studio.desk.link(bo, code) == first
    assert await studio.desk.link(await person(studio.db, "bo"), code) == first


async def test_ones_own_code_is_for_the_other_room(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    code = await studio.desk.link_code(ada)
    with pytest.raises(Refused, match="your own code; type it in the other room"):
        await studio.desk.link(ada, code)
    await studio.desk.link(bo, code)


async def test_who_is_linked_is_not_linked_again(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    await link(studio, ada, bo)
    code = await studio.desk.link_code(cy)
    for one in (ada, bo):
        with pytest.raises(Refused, match="You are linked already"):
            await studio.desk.link_code(one)
        with pytest.raises(Refused, match="You are linked already"):
            await studio.desk.link(one, code)


async def test_both_their_codes_are_used_up(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    of_bo = await studio.desk.link_code(bo)
    await link(studio, ada, bo)
    with pytest.raises(Refused, match="no such code"):
        await studio.desk.link(cy, of_bo)


@pytest.mark.databases("sqlite", "postgres")
async def test_five_wrong_codes_are_the_most(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    code = await studio.desk.link_code(ada)
    for n in (1, 1, 2, 2, 3, 4, 5):  # told twice, or typed again, it is one
        with pytest.raises(Refused, match="no such code"):
            await studio.desk.link(bo, f"wrong-{n}")
    with pytest.raises(Refused, match="5 wrong codes are the most in ten minutes"):
        await studio.desk.link(bo, code)
    with pytest.raises(Refused, match="no such code"):
        await studio.desk.link(cy, "wrong")
    async with studio.db.begin() as s:
        await s.execute(update(Guess).values(at=utcnow() - timedelta(minutes=10)))
    await studio.desk.link(bo, code)


async def test_nothing_to_undo(studio: Studio, cast: Five) -> None:
    with pytest.raises(Refused, match="nothing to undo: you are linked to nobody"):
        await studio.desk.unlink(cast[0])
