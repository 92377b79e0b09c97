"""Limits as people see them before they run into one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import cards, limits, supervisor
from bot.doctor import _look
from bot.finding import Finding, State
from bot.trouble import Trouble
from bot.view import view
from db.broker import Broker
from db.session import Db
from moderation.limits import read
from moderation.people import Person, Role
from moderation.rules import Rules
from tests.support.studio import NO_BROKER, Studio, person

TABLE = (
    "[artist]\njobs_per_day = 5\nin_line = 6\nat_once = 1\n[host]\njobs_per_day = 7\nat_once = 3"
)
RULES = Rules(queued_cap=6, limits=read(TABLE))


@pytest.fixture
async def studio(sqlite_url: str) -> AsyncIterator[Studio]:
    db, broker = Db(sqlite_url), Broker(NO_BROKER)
    yield await Studio(db, broker, RULES).open()
    await broker.close()
    await db.close()


async def last_line(studio: Studio, who: Person, rules: Rules = RULES) -> str:
    async with studio.db.read() as s:
        listing = await limits.queue(s, who, "", 1, (rules, "web", ""))
    return listing.lines[-1].text


async def test_the_line_says_what_one_has_used(studio: Studio) -> None:
    ada, hal = await person(studio.db, "ada"), await person(studio.db, "hal", Role.HOST)
    await studio.submit(ada)
    assert (
        await last_line(studio, ada)
        == "You have used 1 of 5 jobs a day and 1 of 6 in line; 1 of yours may be rendered at once."
    )
    assert await last_line(studio, hal) == (
        "You have used 0 of 7 jobs a day and 0 of 6 in line; 3 of yours may be rendered at once."
    )
    assert "used" not in await last_line(studio, ada, Rules())


async def test_a_receipt_says_what_is_left_once_that_is_little(studio: Studio) -> None:
    ada, said = await person(studio.db, "ada"), []
    for _ in range(4):
        job = await studio.submit(ada)
        async with studio.db.read() as s:
            seen = await view(s, job.id)
        assert seen is not None
        said.append([line.text for line in cards.receipt(seen).lines][1:])
    assert said == [[], [], [], ["You have 1 of your 5 jobs a day left."]]


async def test_the_doctor_names_the_limits_in_force_and_the_row_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lacks() -> None:
        raise Trouble("Nothing renders here.")

    monkeypatch.setattr(supervisor, "insist_on_gen", lacks)
    file = tmp_path / "limits.toml"
    monkeypatch.setenv("SORA_QUOTAS", str(file))

    async def found(table: str) -> dict[str, Finding]:
        file.write_text(table)
        return {finding.name: finding async for finding in _look(tmp_path / "data")}

    limits = (await found(TABLE))["Limits"]
    assert (
        limits.found
        == "artist: jobs per day 5, in line 6, at once 1; host: jobs per day 7, at once 3."
    )
    bad = (await found("[artist]\njobs_per_day = 0"))["Settings"]
    assert bad.state is State.BAD
    assert "[artist] jobs_per_day is a whole number from 1 up, not 0." in bad.found
