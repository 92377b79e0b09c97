"""Films and chains at the screen's door, and what their clips begin to be allowed."""

from __future__ import annotations

import pytest

from db import clips, consents, hits, parts
from db.models import Job
from db.states import Flag, Status, Turn, Verdict
from moderation.films import STOPPED
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.moderation.test_chains import begun
from tests.support.studio import ABLE, Studio, request

pytestmark = pytest.mark.databases("sqlite")

HARD, SOFT = "sexual-minors", "sexual"
WRONG = " ".join(["naked", "child"])
BOARD = f"a red circle | {WRONG} | a blue square"


@pytest.fixture
async def able(studio: Studio) -> Studio:
    return await studio.open([ABLE])


async def shots(studio: Studio, film: Job) -> list[Job]:
    async with studio.db.read() as s:
        return [job for _, job in await parts.of(s, film.id)]


async def rules_of(studio: Studio, job_id: int) -> list[str]:
    async with studio.db.read() as s:
        return await hits.standing(s, job_id)


async def rendered(studio: Studio, count: int) -> None:
    for _ in range(count):
        claimed = await studio.claim()
        assert claimed is not None
        assert await studio.finish(claimed)


async def test_a_shot_that_is_blocked_stops_its_film_and_nothing_is_rendered(
    able: Studio, cast: Five
) -> None:
    ada = cast[0]
    film = await able.submit(ada, BOARD, storyboard=True)
    assert film.status is Status.BLOCKED
    assert await rules_of(able, film.id) == [SOFT, HARD]
    found = await shots(able, film)
    assert [(shot.status, shot.reason) for shot in found] == [
        (Status.CANCELLED, ""),
        (Status.CANCELLED, STOPPED),
        (Status.CANCELLED, ""),
    ]
    assert await able.claim() is None
    with pytest.raises(Refused, match=f"is a shot of film {film.id}"):
        await able.desk.retry(ada, found[0].id)
    with pytest.raises(Refused):
        await able.desk.retry(ada, film.id)
    await able.desk.withdraw(ada, film.id)
    assert (await able.job(film.id)).status is Status.WITHDRAWN


async def test_words_of_two_shots_that_are_harmless_alone_stop_their_film(
    able: Studio, cast: Five
) -> None:
    one, other = WRONG.split()
    film = await able.submit(cast[0], f"a {one} statue | a {other} at a lake", storyboard=True)
    assert film.status is Status.BLOCKED
    assert {shot.status for shot in await shots(able, film)} == {Status.CANCELLED}


async def test_a_film_in_other_words_has_its_shots_as_they_were(able: Studio, cast: Five) -> None:
    film = await able.submit(cast[0], BOARD, storyboard=True, duration=3.0, aspect="16:9")
    again = await able.desk.reword(cast[0], film.id, request(), Wish("a dog | a cat"))
    found = await shots(able, again)
    assert [(shot.prompt, shot.frames, shot.aspect) for shot in found] == [
        ("a dog", 24, "16:9"),
        ("a cat", 24, "16:9"),
    ]
    assert again.status is Status.QUEUED


@pytest.mark.databases("sqlite", "postgres")
async def test_moderators_let_a_film_in_and_its_shots_with_it(able: Studio, cast: Five) -> None:
    ada, _, _, *moderators = cast
    film = await able.submit(ada, BOARD, storyboard=True)
    await able.desk.appeal(ada, film.id, "They are cherubs.")
    await approve(able, film.id, moderators)
    assert (await able.job(film.id)).status is Status.QUEUED
    assert {(shot.status, shot.reason) for shot in await shots(able, film)} == {(Status.QUEUED, "")}
    await rendered(able, 3)
    claimed = await able.claim()
    assert claimed is not None
    assert claimed.id == film.id


async def test_what_is_flagged_in_a_shot_is_looked_at_twice_in_the_film(
    able: Studio, cast: Five
) -> None:
    film = await able.submit(cast[0], "a naked statue | a lake", storyboard=True)
    assert film.status is Status.QUEUED
    assert await rules_of(able, film.id) == [SOFT]
    first, second = await shots(able, film)
    assert await rules_of(able, first.id) == [SOFT]
    assert await rules_of(able, second.id) == []


async def test_no_chain_begins_with_what_the_screen_stops(able: Studio, cast: Five) -> None:
    named = request()
    begun_ = await able.desk.start_chain(cast[0], Wish(WRONG), named)
    assert begun_.chain is None
    assert begun_.job.status is Status.BLOCKED
    twice = await able.desk.start_chain(cast[0], Wish(WRONG), named)
    assert (twice.chain, twice.job.id) == (None, begun_.job.id)


async def test_a_link_that_is_stopped_leaves_the_turn_to_other_words(
    able: Studio, cast: Five
) -> None:
    ada, bo, *_ = cast
    chain, _ = await begun(able, ada, bo)
    glimpse = await chain.glimpse()
    stopped = await able.desk.go_on(bo, glimpse.id, Wish(WRONG), request())
    assert stopped.status is Status.BLOCKED
    await able.desk.appeal(bo, stopped.id, "It is a cherub.")
    await chain.sweep()
    assert await chain.turns() == [Turn.MADE, Turn.NOW], "there is no clip of it"
    again = await able.desk.reword(bo, stopped.id, request(), Wish("a dog"))
    assert (again.prompt, again.source_id) == ("a dog", glimpse.id)
    assert [seat.job_id for seat in await chain.seats()][1] == again.id


@pytest.mark.databases("sqlite", "postgres")
async def test_a_turn_whose_clip_is_stopped_passes_by_time(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    chain, _ = await begun(able, ada, bo)
    glimpse = await chain.glimpse()
    await able.desk.go_on(bo, glimpse.id, Wish(WRONG), request())
    await chain.time_is_over()
    assert await chain.turns() == [Turn.MADE, Turn.PASSED]


async def test_a_film_of_several_is_for_the_showcase_alone(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    chain, _ = await begun(able, ada, bo)
    await chain.go_on(bo)
    everything = dict.fromkeys(Flag, True)
    await able.desk.consent_by_default(ada, everything)
    film_id = await able.desk.close_chain(ada, chain.id)
    await rendered(able, 1)
    async with able.db.read() as s:
        (clip,) = await clips.of(s, film_id)
    allowed = {flag for flag in Flag if getattr(clip, flag)}
    assert allowed == set(Flag) - consents.NOT_OF_SHARED
    with pytest.raises(Refused, match="Clips of others are in"):
        await able.desk.consent(ada, film_id, {Flag.TRAINING: True})
    await able.desk.consent(ada, film_id, {Flag.SHOWCASE: False})
    assert (await able.job(film_id)).status is Status.READY


async def approve(studio: Studio, job_id: int, moderators: list[Person]) -> None:
    for moderator in moderators:
        if (await studio.job(job_id)).status is Status.APPEALED:
            await studio.desk.review(moderator, job_id, Verdict.APPROVE)
