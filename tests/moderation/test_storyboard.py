"""Storyboards: several prompts in one wish, a clip of each, and one film of them all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import jobs, parts, renders
from db.models import Job
from db.states import Status, Task
from moderation.people import Person
from moderation.plan import plan
from moderation.rules import Refused, Rules
from moderation.storyboard import FEWEST, MOST, shots_of, storyboard
from moderation.sweep import sweep
from moderation.wish import PROMPT_LIMIT, SEED_LIMIT, Picture, Wish
from moderation.words import clean
from tests.moderation.opinions import Five
from tests.support.studio import ABLE, OFFER, Studio, request

pytestmark = pytest.mark.databases("sqlite")

THREE = "a red circle | a blue square\na green star"
SHOTS = st.text(st.characters(exclude_characters="|\n", exclude_categories=["Cs"]), max_size=30)


@given(st.lists(SHOTS, max_size=8), st.sampled_from(["|", " | ", "\n", "\r\n", "\n\n"]))
def test_what_stands_between_the_bars_or_lines_is_a_shot(typed: list[str], between: str) -> None:
    shots = [shot for shot in map(clean, typed) if shot]
    prompt = between.join(typed)
    if FEWEST <= len(shots) <= MOST:
        assert shots_of(prompt) == shots
    else:
        with pytest.raises(Refused, match="A storyboard has 2 to 6 shots"):
            shots_of(prompt)


@given(seed=st.integers(0, SEED_LIMIT) | st.none(), count=st.integers(FEWEST, MOST))
def test_the_shots_are_alike_but_for_their_words_and_seeds(seed: int | None, count: int) -> None:
    prompts = [f"shot {n}" for n in range(count)]
    wish = Wish(" | ".join(prompts), aspect="16:9", duration=3.0, seed=seed, storyboard=True)
    film, shots = storyboard(wish, request("key"), 1, [ABLE])
    assert [shot.prompt for shot in shots] == prompts
    first = shots[0].seed if seed is None else seed
    assert [shot.seed for shot in shots] == [(first + n) % 2**32 for n in range(count)]
    assert {(s.aspect, s.frames, s.draft, s.private, s.variations) for s in shots} == {
        ("16:9", 24, False, True, 1)
    }
    assert len({film.request_key, *(shot.request_key for shot in shots)}) == count + 1
    assert (film.task, film.prompt, film.private) == (Task.FILM, " | ".join(prompts), False)


@pytest.mark.parametrize(
    ("prompt", "wish", "why"),
    [
        ("one alone", {}, "this one has one."),
        ("| \n |", {}, "this one has none."),
        ("a|b|c|d|e|f|g", {}, "this one has 7."),
        ("a|b", {"variations": 2}, "A storyboard makes one clip of each shot"),
        ("a|b", {"loop": True}, "leave out image, last and loop"),
        ("a|b", {"image": Picture("x")}, "leave out image, last and loop"),
        ("a|b", {"aspect": "2:1"}, "Toy doesn't make 2:1"),
        ("a|" + "b" * (PROMPT_LIMIT + 1), {}, "A prompt has at most 1,000 characters"),
    ],
)
async def test_what_cannot_be_made_is_said_and_nothing_is_queued(
    studio: Studio, cast: Five, prompt: str, wish: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        await studio.submit(cast[0], prompt, storyboard=True, **wish)
    assert await of(studio, cast[0]) == []


def test_a_bar_in_a_wish_that_is_no_storyboard_is_a_bar() -> None:
    assert plan(Wish("a | b"), request(), 1, [OFFER]).prompt == "a | b"


async def of(studio: Studio, who: Person) -> list[Job]:
    async with studio.db.read() as s:
        return list(await jobs.of_person(s, who.id))


async def asked(studio: Studio, who: Person) -> tuple[Job, list[Job]]:
    film = await studio.submit(who, THREE, storyboard=True)
    async with studio.db.read() as s:
        return film, [job for _, job in await parts.of(s, film.id)]


async def test_a_film_comes_out_of_its_shots_in_their_order(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    film, shots = await asked(studio, ada)
    assert [shot.prompt for shot in shots] == ["a red circle", "a blue square", "a green star"]
    for shot in shots:
        claimed = await studio.claim()
        assert claimed is not None
        assert claimed.id == shot.id
        assert await studio.finish(claimed)
        assert (await studio.job(shot.id)).status is Status.READY
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == film.id
    assert await studio.finish(claimed)
    assert (await studio.job(film.id)).status is Status.IN_REVIEW
    assert [job.id for job in await of(studio, ada)] == [film.id], "the film stands for its shots"


async def test_the_same_request_twice_is_one_film(studio: Studio, cast: Five) -> None:
    wish, named = Wish(THREE, storyboard=True), request()
    first = await studio.desk.submit(cast[0], wish, named)
    second = await studio.desk.submit(cast[0], wish, named)
    assert first.id == second.id
    async with studio.db.read() as s:
        assert await jobs.count(s, cast[0].id, Status.QUEUED) == 4


async def test_a_shot_that_failed_is_retried_alone(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, shots = await asked(studio, ada)
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    claimed = await studio.claim()
    assert claimed is not None
    async with studio.db.begin() as s:
        await renders.fail(s, claimed.id, claimed.attempt, "It broke.")
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.retry(bo, film.id)
    await studio.desk.retry(ada, film.id)
    stands = [(await studio.job(shot.id)).status for shot in shots]
    assert stands == [Status.READY, Status.QUEUED, Status.QUEUED]
    assert (await studio.job(film.id)).status is Status.QUEUED
    with pytest.raises(Refused, match="Only a failed or cancelled job can be retried"):
        await studio.desk.retry(ada, film.id)


async def test_cancelling_the_film_cancels_what_it_waits_for(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    film, shots = await asked(studio, ada)
    claimed = await studio.claim()
    assert claimed is not None
    await studio.desk.cancel(ada, film.id)
    assert not await studio.finish(claimed)
    for job in (film, *shots):
        assert (await studio.job(job.id)).status is Status.CANCELLED
    await studio.desk.retry(ada, film.id)
    for job in (film, *shots):
        assert (await studio.job(job.id)).status is Status.QUEUED


async def test_shots_count_as_jobs_in_line(studio: Studio, cast: Five) -> None:
    studio.desk.rules = Rules(queued_cap=3)
    await asked(studio, cast[1])
    await studio.submit(cast[0])
    with pytest.raises(Refused, match="These are 3 shots and you already have 1 jobs in line"):
        await studio.submit(cast[0], THREE, storyboard=True)


@pytest.mark.databases("sqlite", "postgres")
async def test_a_film_that_waits_rings_no_bell(studio: Studio, cast: Five) -> None:
    film, shots = await asked(studio, cast[0])
    for job in (film, *shots):
        await studio.change(job.id, queued_at=job.queued_at.replace(year=2020))
    rung: list[int] = []

    async def ring(job_id: int, attempt: int) -> bool:
        rung.append(job_id)
        return True

    studio.desk.broker.ring = ring  # type: ignore[method-assign]
    await sweep(studio.db, studio.desk.broker)
    assert rung == [shot.id for shot in shots]
