"""What is booked by the day: so that the ledger doesn't tell who decided on which job."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db import books, days, workers
from db.models import utcnow
from moderation.bookkeeping import keep_books
from moderation.days import book_days
from tests.moderation.opinions import Five
from tests.moderation.test_credit import TABLE, has, published
from tests.support.studio import OFFER, Studio

pytestmark = pytest.mark.databases("sqlite")

TOMORROW = timedelta(days=1)


async def test_a_days_reviews_are_one_transaction_that_names_no_job(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    for by in (mo, mo, lin):
        await published(studio, ada, by)
    while await keep_books(studio.db):
        pass
    assert await book_days(studio.db) == 0, "the day isn't over"
    tomorrow = utcnow().date() + TOMORROW
    for _ in range(2):  # more who do it at once change nothing
        await asyncio.gather(*(book_days(studio.db, tomorrow) for _ in range(3)))
    async with studio.db.read() as s:
        booked = await books.newest(s, kinds=["reviewed"])
        assert await days.earned(s, mo.id, utcnow().date()) == 0
    assert sorted(b.postings[1][2] for b in booked) == [TABLE.reviewed, 2 * TABLE.reviewed]
    for one in booked:
        assert one.job is None
        assert one.key.split(":")[0] == "reviewed"
        assert len(one.key.split(":")[1]) == 16
        assert one.reference == utcnow().date().isoformat()


async def test_a_review_earns_once_whatever_becomes_of_the_job(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    job = await published(studio, ada, mo)
    assert await has(studio, mo) == [TABLE.reviewed]
    await studio.desk.take_down(lin, job.id, "It shows a real person.")
    assert await has(studio, mo, lin) == [TABLE.reviewed, TABLE.reviewed]
    assert await studio.desk.reinstate(mo, job.id)
    assert await has(studio, mo, lin) == [2 * TABLE.reviewed, TABLE.reviewed]


async def test_what_today_has_earned_comes_on_top_of_what_is_late(
    studio: Studio, cast: Five
) -> None:
    """A process whose clock is behind still counts for a day that was booked."""
    mo = cast[3]
    today = utcnow().date()
    for expected in (3, 7):
        async with studio.db.begin() as s:
            await days.count(s, today, mo.id, "rendered", expected - (expected == 7) * 3, 1)
        await book_days(studio.db, today + TOMORROW)
        assert await has(studio, mo) == [expected]


@pytest.mark.databases("sqlite", "postgres")
async def test_a_render_for_others_names_no_job_either(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    async with studio.db.begin() as s:
        await workers.announce(s, "worker", [OFFER], "ready", 2, "test::bo")
    await studio.rendered(ada)
    await has(studio)
    async with studio.db.read() as s:
        assert all(b.job is None for b in await books.newest(s, kinds=["rendered"]))
