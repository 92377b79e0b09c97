"""`/studio link` as every room says it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from bot import linking
from db.broker import Broker
from db.session import Db
from db.states import Reason, Verdict
from moderation.people import Role
from moderation.rules import Refused
from tests.support.studio import Studio, person


@pytest.fixture
async def studio(sqlite_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(sqlite_url), Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()
    await db.close()


def code_in(said: str) -> str:
    found = re.search(r"\b\w{4}-\w{4}\b", said)
    assert found is not None
    return found[0]


async def test_a_code_is_shown_and_typed_and_undone(studio: Studio) -> None:
    ada, bo = [await person(studio.db, name) for name in ("ada", "bo")]
    shown = await linking.link(studio.desk, ada, " ", "/studio")
    assert "Within ten minutes, type it in the other room, after /studio link." in shown
    assert "whoever types it is one person with you" in shown
    done = await linking.link(studio.desk, bo, code_in(shown), "/studio")
    assert (
        done == "You are one person in both rooms now, ada. /studio link undo makes you two again."
    )
    undone = await linking.link(studio.desk, bo, "undo", "/studio")
    assert undone.startswith("You are two people again, ada and bo, who has back what they had")
    assert "what linking took away stays away" in undone
    with pytest.raises(Refused, match="linked to nobody"):
        await linking.link(studio.desk, bo, "undo", "/studio")


async def test_what_no_longer_counts_is_said(studio: Studio) -> None:
    ada, bo, cy = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    mo = await person(studio.db, "mo", Role.MODERATOR)
    for artist in (ada, cy):
        job = await studio.rendered(artist)
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
        await studio.desk.vote(bo, job.id, 1)
    await studio.desk.vote(ada, 2, 1)
    await studio.desk.report(bo, 1, Reason.SPAM)
    shown = await linking.link(studio.desk, ada, "", "/studio")
    done = await linking.link(studio.desk, bo, code_in(shown), "/studio")
    assert (
        "can't bring back what no longer counts: 2 votes and 1 report. One person has one" in done
    )
