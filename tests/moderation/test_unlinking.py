"""One person is two again: what comes back, and what doesn't."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from db import jobs, links
from db.models import Identity
from db.models import Person as Row
from db.states import Reason, Status
from moderation.rules import Rules
from tests.moderation.opinions import (
    YES,
    Five,
    link,
    moderating,
    published,
    reporters,
    reviewers,
    voters,
)
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


async def test_undone_each_has_what_they_had(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    mine, theirs = await published(studio, ada, mo), await published(studio, bo, mo)
    ballot = await published(studio, cy, mo)
    await studio.desk.vote(bo, ballot.id, 2)
    await studio.desk.report(bo, ballot.id, Reason.SPAM, "bo's")
    await link(studio, ada, bo)
    done = await studio.desk.unlink(bo)
    assert (done.first, done.second) == ("ada", "bo")
    assert (await person(studio.db, "bo")).id == bo.id
    assert (await person(studio.db, "ada")).id == ada.id
    assert (await studio.job(mine.id)).person_id == ada.id
    assert (await studio.job(theirs.id)).person_id == bo.id
    assert await voters(studio, ballot) == {bo.id: 2}
    assert await reporters(studio, ballot) == [(bo.id, "bo's")]
    await studio.desk.vote(ada, ballot.id, 1)
    await studio.desk.vote(ada, theirs.id, 1)
    async with studio.db.read() as s:
        assert await links.of(s, ada.id) is None
        known = (await s.scalars(select(Identity))).all()
    assert all(identity.own_id == identity.person_id for identity in known)


async def test_what_was_done_as_one_stays_with_the_first(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    moved, new = await published(studio, cy, mo), await published(studio, cy, mo)
    await studio.desk.vote(bo, moved.id, 1)
    await link(studio, ada, bo)
    await studio.desk.vote(bo, moved.id, 2)
    await studio.desk.vote(bo, new.id, 1)
    job = await studio.submit(bo)
    await studio.desk.unlink(ada)
    assert (await studio.job(job.id)).person_id == ada.id
    assert await voters(studio, moved) == {ada.id: 2}
    assert await voters(studio, new) == {ada.id: 1}


async def test_what_was_merged_away_may_be_said_anew(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    job = await published(studio, cy, mo)
    await studio.desk.vote(bo, job.id, 1)
    await studio.desk.vote(ada, job.id, 2)
    await link(studio, ada, bo)
    await studio.desk.unlink(ada)
    assert await voters(studio, job) == {ada.id: 2}
    await studio.desk.vote(bo, job.id, 1)
    assert await voters(studio, job) == {ada.id: 2, bo.id: 1}


async def test_parting_makes_no_quorum_that_nobody_carries_out(studio: Studio, cast: Five) -> None:
    ada, _, cy, mo, lin = cast
    studio.desk.rules = Rules(quorum=3)
    alone, both = await studio.rendered(cy), await studio.rendered(cy)
    for job in (alone, both):
        await studio.desk.review(lin, job.id, YES)
    await studio.desk.review(mo, both.id, YES)
    await link(studio, mo, lin)
    await studio.desk.review(moderating(ada), both.id, YES)
    await studio.desk.review(mo, both.id, YES, sentence="after all")
    await studio.desk.unlink(mo)
    assert await reviewers(studio, alone) == [lin.id]
    assert set(await reviewers(studio, both)) == {ada.id, mo.id}
    assert (await studio.job(both.id)).status is Status.IN_REVIEW
    await studio.desk.review(lin, both.id, YES)
    assert (await studio.job(both.id)).status is Status.PUBLISHED


async def test_they_may_link_anew_the_other_way_round(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    job = await studio.submit(bo)
    for first, second in ((ada, bo), (bo, ada), (ada, bo)):
        await link(studio, first, second)
        assert (await studio.job(job.id)).person_id == first.id
        await studio.desk.unlink(second)
        assert (await studio.job(job.id)).person_id == bo.id


async def test_a_person_who_brought_very_much_comes_back(
    studio: Studio, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "AT_ONCE", 2)
    ada, bo, *_ = cast
    for _ in range(5):
        await studio.submit(bo)
    await link(studio, ada, bo)
    await studio.desk.unlink(ada)
    async with studio.db.read() as s:
        assert await jobs.count(s, bo.id, Status.QUEUED) == 5
        assert (await s.scalars(select(Row).where(col(Row.id) == ada.id))).one().name == "ada"
