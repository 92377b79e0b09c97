"""The best of a week: by which rule, and of which ballots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import events
from db.broker import Broker
from db.models import utcnow
from db.session import Db
from db.states import Descent, Kind
from db.weeks import Winner
from moderation.sweep import closed_ballots
from moderation.weeks import CAUGHT_UP, MOST, begins, best, drawn, ends, over
from tests.moderation.opinions import Five
from tests.support.cards import job_of
from tests.support.studio import ABLE, Studio
from tests.support.weeks import best_of, swept, won

START = datetime(2026, 11, 16, tzinfo=UTC)
ENTERED = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(0, 5)), max_size=25)
MOMENTS = st.integers(0, 10**9).map(lambda seconds: START + timedelta(seconds=seconds))


@pytest.fixture
async def studio(sqlite_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(sqlite_url), Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()
    await db.close()


@given(ENTERED, st.randoms())
def test_most_votes_first_then_the_earlier_and_of_each_artist_one(
    entered: list[tuple[int, int, int]], random: Random
) -> None:
    winners = [
        Winner(job_of(id=n, person_id=who, published_at=START + timedelta(hours=hours)), votes)
        for n, (who, votes, hours) in enumerate(entered, start=1)
    ]
    found = best(winners)
    random.shuffle(winners)
    assert best(winners) == found, "whatever order they come in"
    assert len(found) == min(MOST, len({who for who, *_ in entered}))
    ranks = [(-votes, job.published_at, job.id) for job, votes in found]
    assert ranks == sorted(ranks)
    chosen = {job.person_id: (-votes, job.published_at, job.id) for job, votes in found}
    assert len(chosen) == len(found)
    for job, votes in winners:
        rank = (-votes, job.published_at, job.id)
        # Whoever is out was beaten by a better one of the same artist, or by as many as there is room for.
        assert rank >= chosen.get(job.person_id, ranks[-1])


@given(MOMENTS)
def test_the_last_weeks_that_are_over_follow_each_other(now: datetime) -> None:
    found = over(now)
    assert len(found) == CAUGHT_UP
    assert all(ends(*one) == begins(*other) for one, other in pairwise(found))
    assert ends(*found[-1]) <= now < ends(*found[-1]) + timedelta(weeks=1)
    assert begins(*found[-1]).weekday() == 0


async def test_what_ends_this_week_waits_and_a_drawn_week_stays(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    running = await won(studio, ada, mo, [bo])
    await studio.change(running.id, ballot_closes_at=utcnow())
    await swept(studio)
    assert await best_of(studio) == []
    late = await won(studio, bo, mo, [ada])
    await swept(studio)
    assert await best_of(studio) == [], f"job {late.id} came after it was drawn"


async def test_of_weeks_that_were_missed_the_last_four_are_drawn(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    missed = {ago: await won(studio, ada, mo, [bo], ago=ago) for ago in (1, 3, CAUGHT_UP)}
    older = await won(studio, ada, mo, [bo], ago=CAUGHT_UP)
    await studio.change(older.id, ballot_closes_at=begins(*over(utcnow())[0]) - timedelta(1))
    await swept(studio)
    for ago, job in missed.items():
        assert await best_of(studio, ago) == [(job.id, 1)]
    async with studio.db.read() as s:
        told = await events.of_kinds(
            s, [older.id, *(job.id for job in missed.values())], {Kind.BEST_OF_WEEK}
        )
    assert [e.job_id for e in told] == [missed[ago].id for ago in (CAUGHT_UP, 3, 1)]


async def test_a_final_is_not_drawn_again_where_its_draft_won(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    await studio.open([ABLE])
    draft = await won(studio, ada, mo, [bo], ago=2)
    final = await won(studio, ada, mo, [bo], variations=1)
    of_it = {"parent_id": draft.id, "parent_clip": 1, "descent": Descent.FINAL}
    await studio.change(final.id, **of_it)
    own = await won(studio, bo, mo, [ada], variations=1)
    await studio.change(own.id, **of_it | {"parent_clip": 2})
    await swept(studio)
    assert await best_of(studio) == [(own.id, 1)]


async def test_a_week_waits_until_its_ballots_are_counted(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    job = await won(studio, ada, mo, [bo])
    assert await drawn(studio.db) == []
    await closed_ballots(studio.db)
    assert await drawn(studio.db) == [job.id]
    assert await drawn(studio.db) == []
