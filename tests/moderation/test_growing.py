"""Jobs that grow out of clips, at the desk: near one, after one, over one, and its final."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from db import events, jobs
from db.models import Job
from db.states import Descent, Kind, Status, Task, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots, sweep
from moderation.wish import Wish
from tests.support.studio import ABLE, OFFER, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def ada(studio: Studio) -> Person:
    await studio.open([ABLE])
    return await person(studio.db, "ada")


async def mine(studio: Studio, artist: Person) -> list[Job]:
    async with studio.db.read() as s:
        return list(await jobs.of_person(s, artist.id))


async def test_each_verb_puts_one_job_into_the_line(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada, seed=7)
    desk = studio.desk
    varied = await desk.vary(ada, job.id, 2, request())
    extended = await desk.extend(ada, job.id, 1, request())
    redrawn = await desk.redraw(ada, job.id, 1, request(), Wish("a cube", strength=0.5))
    final = await desk.finalize(ada, job.id, 2, request())
    assert [j.status for j in (varied, extended, redrawn, final)] == [Status.QUEUED] * 4
    descents = [Descent.VARY, Descent.EXTEND, Descent.REDRAW, Descent.FINAL]
    assert [j.descent for j in (varied, extended, redrawn, final)] == descents
    assert [j.task for j in (varied, extended, redrawn, final)] == [
        Task.TEXT,
        Task.EXTEND,
        Task.VIDEO,
        Task.TEXT,
    ]
    stored = await studio.job(varied.id)
    assert (stored.near, stored.vary, stored.parent_id, stored.parent_clip) == (
        [[8, 1.0]],
        0.35,
        job.id,
        2,
    )
    assert (await studio.job(redrawn.id)).strength == 0.5


async def test_a_request_that_comes_twice_at_once_is_one_job(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    asked = request("twice")
    grown = await asyncio.gather(
        *(studio.desk.vary(ada, job.id, 1, asked) for _ in range(4)),
    )
    assert len({each.id for each in grown}) == 1
    assert len(await mine(studio, ada)) == 2


async def test_nothing_grows_out_of_what_is_not_ones_own_or_not_there(
    studio: Studio, ada: Person
) -> None:
    bo = await person(studio.db, "bo")
    job = await studio.submit(ada)
    with pytest.raises(Refused, match="has no clips to go on from: it is waiting in line"):
        await studio.desk.vary(ada, job.id, 1, request())
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    for verb in (studio.desk.vary, studio.desk.extend, studio.desk.finalize):
        with pytest.raises(Refused, match="somebody else's"):
            await verb(bo, job.id, 1, request())
        for number in (0, 3, 2**40):
            with pytest.raises(Refused, match=f"Job {job.id} has no clip {number}; it has 2"):
                await verb(ada, job.id, number, request())
        with pytest.raises(Refused, match=f"Pick the clip first: job {job.id} has 2"):
            await verb(ada, job.id, None, request())
        with pytest.raises(Refused, match="There is no job 99"):
            await verb(ada, 99, 1, request())
    assert len(await mine(studio, ada)) == 1


async def test_the_only_clip_needs_no_number(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada, variations=1)
    assert (await studio.desk.extend(ada, job.id, None, request())).source_clip == 1


async def test_it_counts_for_the_line_like_any_other(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    studio.desk.rules = Rules(queued_cap=1)
    await studio.desk.vary(ada, job.id, 1, request())
    with pytest.raises(Refused, match="already have 1 jobs in line"):
        await studio.desk.extend(ada, job.id, 1, request())


async def test_a_model_that_can_not_says_which_can(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    able = ABLE.model_copy(update={"name": "able"})
    await studio.open([OFFER, able])
    with pytest.raises(Refused, match=r"Toy can't go on from the end of a clip; able can\."):
        await studio.desk.extend(ada, job.id, 1, request())
    assert (await studio.desk.vary(ada, job.id, 1, request())).model == "toy"


async def test_a_withdrawn_job_is_still_its_artists_to_go_on_from(
    studio: Studio, ada: Person
) -> None:
    job = await studio.rendered(ada)
    await studio.desk.withdraw(ada, job.id)
    assert (await studio.desk.vary(ada, job.id, 1, request())).parent_id == job.id


async def test_a_clip_has_one_final_until_that_comes_to_nothing(
    studio: Studio, ada: Person
) -> None:
    job = await studio.rendered(ada)
    final = await studio.desk.finalize(ada, job.id, 1, request())
    with pytest.raises(Refused, match=f"The final of clip 1 is job {final.id} already"):
        await studio.desk.finalize(ada, job.id, 1, request())
    await studio.desk.finalize(ada, job.id, 2, request())
    await studio.desk.cancel(ada, final.id)
    assert (await studio.desk.finalize(ada, job.id, 1, request())).id > final.id


async def test_again_keeps_what_it_was_made_from(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    extended = await studio.desk.extend(ada, job.id, 2, request())
    again = await studio.desk.again(ada, extended.id, request())
    assert (again.task, again.source_id, again.source_clip) == (Task.EXTEND, job.id, 2)
    assert again.seed != extended.seed


async def elected(studio: Studio, artist: Person, clip: int, **wish: Any) -> Job:
    """A published job whose ballot is over and was won by this clip."""
    mo, bo = await person(studio.db, "mo", Role.MODERATOR), await person(studio.db, "bo")
    job = await studio.rendered(artist, **wish)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.vote(bo, job.id, clip)
    await studio.change(job.id, ballot_closes_at=job.created_at - timedelta(days=1))
    return job


async def test_the_winner_of_a_ballot_on_drafts_is_rendered_in_full_once(
    studio: Studio, ada: Person
) -> None:
    job = await elected(studio, ada, 2, seed=7)
    rounds = await asyncio.gather(*(closed_ballots(studio.db) for _ in range(3)))
    final, _ = await mine(studio, ada)
    assert sorted(chain.from_iterable(rounds)) == [job.id, final.id]
    assert (final.parent_id, final.parent_clip, final.seed) == (job.id, 2, 8)
    assert (final.descent, final.draft, final.width) == (Descent.FINAL, False, 64)
    await sweep(studio.db, studio.desk.broker)
    assert len(await mine(studio, ada)) == 2
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == final.id


@pytest.mark.databases("sqlite", "postgres")
async def test_the_final_of_a_winner_lets_others_go_first_until_its_artist_asks(
    studio: Studio, ada: Person
) -> None:
    await elected(studio, ada, 2)
    await closed_ballots(studio.db)
    final, _ = await mine(studio, ada)
    bo = await person(studio.db, "bo")
    first = await studio.submit(bo)
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == first.id
    await studio.submit(bo)
    assert (await studio.desk.finalize(ada, 1, 2, request())).id == final.id
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == final.id
    with pytest.raises(Refused, match=f"The final of clip 2 is job {final.id} already"):
        await studio.desk.finalize(ada, 1, 2, request())


async def test_a_final_that_the_artist_had_already_is_not_rendered_again(
    studio: Studio, ada: Person
) -> None:
    job = await elected(studio, ada, 1)
    await studio.desk.finalize(ada, job.id, 1, request())
    assert await closed_ballots(studio.db) == [job.id]
    assert len(await mine(studio, ada)) == 2


async def test_the_winner_of_a_ballot_on_finals_needs_no_other(studio: Studio, ada: Person) -> None:
    job = await elected(studio, ada, 1, final=True)
    assert await closed_ballots(studio.db) == [job.id]
    assert len(await mine(studio, ada)) == 1


async def test_a_ballot_closes_even_where_its_model_is_gone(studio: Studio, ada: Person) -> None:
    job = await elected(studio, ada, 1)
    await studio.open([OFFER.model_copy(update={"name": "other"})])
    assert await closed_ballots(studio.db) == [job.id]
    assert (await studio.job(job.id)).winner == 1


async def test_what_grows_is_told_like_what_is_asked_for(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    grown = await studio.desk.vary(ada, job.id, 1, request())
    async with studio.db.read() as s:
        assert [event.kind for event in await events.of(s, grown.id)] == [Kind.SUBMITTED]
