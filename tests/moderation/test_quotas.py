"""Limits at the desk: what counts for whom, what is refused, and what never is. On both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db import chains, usage, workers
from db.models import Job, utcnow
from db.states import Status
from db.usage import Used
from moderation import forecast
from moderation.limits import read
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import sweep
from moderation.wish import Request, Wish
from tests.moderation.opinions import Five
from tests.support.studio import ABLE, OFFER, Studio, person, request

DAY = timedelta(days=1)


def limit(studio: Studio, table: str) -> None:
    studio.desk.rules = Rules(queued_cap=50, limits=read(table))


async def used(studio: Studio, who: Person) -> Used:
    async with studio.db.read() as s:
        (found,) = await usage.since(s, usage.of_person(who.id), [utcnow() - DAY])
    return found


async def rendered(studio: Studio, who: Person, seconds: float) -> Job:
    """A job whose render took so long."""
    job = await studio.rendered(who)
    assert job.started_at is not None
    done = job.started_at + timedelta(seconds=seconds)
    await studio.change(job.id, compute_seconds=seconds, finished_at=done)
    return job


async def test_jobs_an_hour_free_one_by_one(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    limit(studio, "[artist]\njobs_per_hour = 2")
    first = await studio.submit(ada)
    await studio.change(first.id, queued_at=utcnow() - timedelta(minutes=50, seconds=30))
    await studio.submit(ada)
    with pytest.raises(Refused) as refused:
        await studio.submit(ada)
    assert str(refused.value) == (
        "You have had 2 of 2 jobs in the last 60 minutes; there is room for one more in 10 minutes."
    )
    await studio.submit(bo)  # who has hours of their own
    await studio.change(first.id, queued_at=utcnow() - timedelta(hours=1))
    await studio.submit(ada)
    assert (await used(studio, ada)).jobs == 3


async def test_seconds_are_thought_of_until_they_are_known(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    await rendered(studio, cast[1], 40)
    limit(studio, "[artist]\ngpu_seconds_per_day = 100")
    first = await studio.submit(ada)
    assert await used(studio, ada) == Used(1, 40)
    second = await studio.submit(ada)
    assert (second.nearly, first.nearly) == ({"gpu_seconds_per_day": [20, 100]}, {})
    with pytest.raises(Refused) as refused:
        await studio.submit(ada)
    assert str(refused.value) == (
        "You have used 80 of 100 GPU-seconds in the last 24 hours; there is room for 40 more in 24 hours."
    )
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    await studio.change(claimed.id, compute_seconds=15)
    assert await used(studio, ada) == Used(2, 55)
    await studio.submit(ada)


async def test_what_is_more_than_there_ever_is_says_so(studio: Studio, cast: Five) -> None:
    await rendered(studio, cast[1], 40)
    limit(studio, "[artist]\ngpu_seconds_per_day = 30")
    with pytest.raises(Refused) as refused:
        await studio.submit(cast[0])
    assert str(refused.value) == (
        "This takes 40 GPU-seconds, and 30 in 24 hours is the most for one person; ask for less."
    )


async def test_what_is_cancelled_gives_back_what_it_did_not_use(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    await rendered(studio, cast[1], 40)
    limit(studio, "[artist]\ngpu_seconds_per_day = 200")
    waiting, begun = await studio.submit(ada), await studio.submit(ada)
    await studio.desk.cancel(ada, waiting.id)
    assert await used(studio, ada) == Used(1, 40)
    assert await studio.claim() is not None
    await studio.change(begun.id, step=begun.steps // 2)
    await studio.desk.cancel(ada, begun.id)
    assert await used(studio, ada) == Used(1, 20)
    await studio.desk.retry(ada, begun.id)  # what was used before counts on
    assert await used(studio, ada) == Used(1, 60)
    await studio.desk.cancel(ada, begun.id)
    assert await used(studio, ada) == Used(1, 20)
    await studio.desk.retry(ada, begun.id)
    await studio.change(begun.id, status=Status.FAILED)
    assert await used(studio, ada) == Used(1, 20)


async def test_what_the_studio_asks_for_and_what_is_put_together_is_nobodys(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    await studio.open([ABLE])
    limit(studio, "[artist]\njobs_per_day = 3")
    await studio.submit(ada, "a | b", storyboard=True)
    assert (await used(studio, ada)).jobs == 2  # its shots, and not the film
    with pytest.raises(Refused, match=r"You have had 2 of 3 jobs .* room for 2 more in 24 hours"):
        await studio.submit(ada, "a | b", storyboard=True)
    final = await studio.submit(ada)
    await studio.change(final.id, idle=True)
    assert (await used(studio, ada)).jobs == 2


async def test_a_channel_and_the_community_count_besides(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    limit(studio, '[community]\njobs_per_day = 3\n["discord/1/2"]\njobs_per_day = 1\nin_line = 1')

    async def submit(who: Person, place: str) -> Job:
        asked = Request(request().key, "discord", place)
        return await studio.desk.submit(who, Wish("a red circle"), asked)

    await submit(ada, "1/2/7/1")
    with pytest.raises(Refused, match="This channel has had 1 of 1 jobs in the last 24 hours"):
        await submit(bo, "1/2/8/2")
    limit(studio, '[community]\njobs_per_day = 3\n["discord/1/2"]\nin_line = 1')
    with pytest.raises(Refused, match="This channel has 1 of 1 jobs in line; try again once"):
        await submit(bo, "1/2/8/2")
    await submit(bo, "1/3/8/2")
    await studio.submit(cy)
    with pytest.raises(Refused, match="The studio has had 3 of 3 jobs in the last 24 hours"):
        await studio.submit(cy)


async def test_of_two_limits_the_one_is_said_that_frees_last(studio: Studio, cast: Five) -> None:
    limit(studio, "[artist]\njobs_per_hour = 1\njobs_per_day = 1")
    await studio.submit(cast[0])
    with pytest.raises(Refused, match=r"in the last 24 hours; .* in 24 hours\."):
        await studio.submit(cast[0])


async def test_one_person_of_two_has_the_limits_of_one(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    limit(studio, "[artist]\njobs_per_day = 2")
    await studio.submit(ada)
    await studio.submit(bo)
    await studio.desk.link(bo, await studio.desk.link_code(ada))
    for who in (ada, bo):
        with pytest.raises(Refused, match="You have had 2 of 2 jobs"):
            await studio.submit(who)


async def test_a_role_has_more_in_line_and_at_once(studio: Studio, cast: Five) -> None:
    ada, hal = cast[0], await person(studio.db, "hal", Role.HOST)
    studio.desk.rules = Rules(
        queued_cap=1, limits=read("[artist]\nat_once = 1\n[host]\nin_line = 4\nat_once = 3")
    )
    await studio.submit(ada)
    with pytest.raises(Refused, match="1 is the most per person"):
        await studio.submit(ada)
    for _ in range(4):
        await studio.submit(hal)
    with pytest.raises(Refused, match="4 is the most per person"):
        await studio.submit(hal)
    claimed = [await studio.claim(running_cap=1) for _ in range(5)]
    assert [job.person_id for job in claimed if job].count(hal.id) == 3


async def test_what_comes_from_a_channel_is_rendered_so_many_at_once(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    limit(studio, "[web]\nat_once = 1")
    async with studio.db.begin() as s:
        await workers.announce(s, "another", [OFFER], "ready")
    await studio.submit(ada)
    first = await studio.claim()
    assert first is not None
    waits = await studio.submit(bo)
    other = await studio.desk.submit(cy, Wish("a red circle"), request(room="discord"))
    async with studio.db.read() as s:
        foretold = await forecast.of_line(s)
    assert {job: told.place for job, told in foretold.items()} == {other.id: 1, waits.id: 2}
    second = await studio.claim()
    assert second is not None
    assert second.id == other.id
    assert await studio.claim() is None
    assert await studio.finish(first)
    last = await studio.claim()
    assert last is not None
    assert last.id == waits.id


async def test_a_turn_in_a_chain_counts_and_is_never_lost_by_a_limit(
    studio: Studio, cast: Five
) -> None:
    ada, bo, *_ = cast
    await studio.open([ABLE])
    limit(studio, "[artist]\njobs_per_day = 1")
    begun = await studio.desk.start_chain(ada, Wish("a red circle"), request())
    assert begun.chain is not None
    await studio.submit(bo)  # all that he may ask for
    await studio.desk.join_chain(bo, begun.chain.id, request())
    for _ in range(3):
        claimed = await studio.claim()
        assert claimed is not None
        assert await studio.finish(claimed)
        await sweep(studio.db, studio.desk.broker)
    async with studio.db.read() as s:
        _, his = await chains.seats(s, begun.chain.id)
    clip = await studio.desk.go_on(bo, his.glimpse_id or 0, Wish("a blue square"), request())
    assert (await used(studio, bo)).jobs == 2
    await studio.desk.cancel(bo, clip.id)
    await studio.desk.retry(bo, clip.id)
    with pytest.raises(Refused, match="You have had 2 of 1 jobs"):
        await studio.submit(bo)


async def test_nobody_slips_past_a_limit_at_the_same_moment(studio: Studio, cast: Five) -> None:
    limit(studio, "[artist]\njobs_per_day = 2\n[community]\njobs_per_day = 3")
    wishes = [studio.submit(who) for who in cast for _ in range(4)]
    done = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(one, Job) for one in done) == 3
    assert all(isinstance(one, Job | Refused) for one in done)
    async with studio.db.read() as s:
        each = [
            (await usage.since(s, usage.of_person(who.id), [utcnow() - DAY]))[0].jobs
            for who in cast
        ]
    assert max(each) <= 2
    assert sum(each) == 3
