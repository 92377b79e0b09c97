"""Claims, places and times where workers differ: by models, by what they have loaded, by speed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import renders, workers
from db.broker import Broker
from db.line import MOMENT, Forecast, Hand
from db.models import Job, Worker, utcnow
from db.session import Db
from db.speed import FEW, Render, Shape, pace
from db.workers import Measured
from moderation import forecast
from tests.support.studio import NO_BROKER, OFFER, Studio, person

GIANT = OFFER.model_copy(update={"name": "giant", "title": "Giant"})
TOOK, LOAD = 60.0, 600.0
SLOW = 30.0
"""Seconds that a test itself may take."""
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def studio(db: Db) -> Studio:
    """Nobody is there yet, and both models have been seen to take a minute."""
    made = await Studio(db, Broker(NO_BROKER)).open([OFFER, GIANT])
    await past(made, "elsewhere", OFFER.name)
    await past(made, "elsewhere", GIANT.name)
    async with db.begin() as s:
        await workers.gone(s, "worker")
    return made


async def past(studio: Studio, worker: str, model: str, took: float = TOOK) -> None:
    """A render of before; its worker had waited for the model first."""
    job = await studio.submit(await person(studio.db, "of before"), model=model, private=True)
    claimed = await claim(studio, worker, Hand({model}, model))
    assert claimed is not None
    assert claimed.id == job.id
    assert await studio.finish(claimed)
    assert claimed.started_at is not None
    done = claimed.started_at + timedelta(seconds=took + 7)
    await studio.change(claimed.id, finished_at=done, load_seconds=7.0)


async def join(
    studio: Studio, name: str, *, models: tuple[str, ...] = ("toy", "giant"), loaded: str = ""
) -> None:
    """A worker that is ready, and takes ten minutes to load either model."""
    measured: Measured = {"load_seconds": LOAD}
    async with studio.db.begin() as s:
        offers = [offer for offer in (OFFER, GIANT) if offer.name in models]
        await workers.announce(s, name, offers, workers.READY)
        row = await s.get_one(Worker, name)
        row.loaded, row.loaded_at = loaded, utcnow() - timedelta(hours=1)
        row.measured = {model: dict(measured) for model in models}


async def claim(studio: Studio, name: str, hand: Hand | None = None) -> Job | None:
    async with studio.db.begin() as s:
        its = hand or workers.hand(await s.get_one(Worker, name))
        return await renders.claim_next(s, name, its, running_cap=2)


async def foretold(studio: Studio) -> dict[int, tuple[int, float | None]]:
    """Places and whole seconds."""
    async with studio.db.read() as s:
        found = await forecast.of_line(s)
    return {job: (told.place, told.seconds and round(told.seconds)) for job, told in found.items()}


async def test_loading_counts_in_the_time_and_not_in_a_renders_own(studio: Studio) -> None:
    await join(studio, "one", loaded="toy")
    toy = await studio.submit(await person(studio.db, "ada"))
    giant = await studio.submit(await person(studio.db, "bo"), model="giant")
    assert await foretold(studio) == {toy.id: (1, 60), giant.id: (2, TOOK + LOAD + TOOK)}


async def test_a_model_that_one_worker_has_is_foretold_by_that_one(studio: Studio) -> None:
    await join(studio, "able", loaded="giant")
    for name in ("small", "smaller"):
        await join(studio, name, models=("toy",), loaded="toy")
    first = await studio.submit(await person(studio.db, "ada"), model="giant")
    second = await studio.submit(await person(studio.db, "bo"), model="giant")
    toy = await studio.submit(await person(studio.db, "cy"))
    assert await foretold(studio) == {first.id: (1, 60), toy.id: (2, 60), second.id: (3, 120)}


async def test_a_render_that_loads_its_model_is_waited_for_with_the_loading(studio: Studio) -> None:
    await join(studio, "one", loaded="toy")
    await studio.submit(await person(studio.db, "ada"), model="giant")
    loading = await claim(studio, "one")
    assert loading is not None
    waits = await studio.submit(await person(studio.db, "bo"), model="giant")
    _, seconds = (await foretold(studio))[waits.id]
    assert seconds == pytest.approx(LOAD + 2 * TOOK, abs=SLOW)
    async with studio.db.read() as s:
        assert await forecast.remaining(s, loading) == pytest.approx(LOAD + TOOK, abs=SLOW)
    ago = utcnow() - timedelta(seconds=LOAD + 20)
    await studio.change(loading.id, started_at=ago)
    async with studio.db.begin() as s:
        row = await s.get_one(Worker, "one")
        row.loaded, row.loaded_at = "giant", utcnow() - timedelta(seconds=20)
    async with studio.db.read() as s:
        job = await studio.job(loading.id)
        assert await forecast.remaining(s, job) == pytest.approx(TOOK - 20, abs=SLOW)


async def test_a_worker_that_was_slower_with_its_like_is_given_longer(studio: Studio) -> None:
    await join(studio, "slow", loaded="toy")
    for _ in range(FEW):
        await past(studio, "another", "toy")
        await past(studio, "slow", "toy", took=3 * TOOK)
    waits = await studio.submit(await person(studio.db, "ada"))
    assert await foretold(studio) == {waits.id: (1, 180)}


def test_a_workers_pace_is_of_like_with_like_and_not_of_few() -> None:
    small, large = Shape(64, 64, 16, 4, 1), Shape(128, 128, 16, 4, 1)
    usual = [Render(shape, took, 0, None, "usual") for shape, took in ((small, 4), (large, 9))] * 9
    slow = [Render(large, 18, 0, None, "slow")] * FEW
    assert pace("slow", [*usual, *slow]) == 2
    assert pace("usual", [*usual, *slow]) == 1
    assert pace("slow", [*usual, *slow[1:]]) == pace("nobody", usual) == 1


@pytest.mark.databases("sqlite", "postgres")
async def test_a_new_job_is_left_to_the_idle_worker_that_has_its_model(studio: Studio) -> None:
    await join(studio, "cold", loaded="toy")
    await join(studio, "warm", loaded="giant")
    job = await studio.submit(await person(studio.db, "ada"), model="giant")
    assert await foretold(studio) == {job.id: (1, 60)}
    assert await claim(studio, "cold") is None
    claimed = await claim(studio, "warm")
    assert claimed is not None
    assert claimed.id == job.id

    second = await studio.submit(await person(studio.db, "bo"), model="giant")
    claimed = await claim(studio, "cold")
    assert claimed is not None, "the other one is busy now"
    assert claimed.id == second.id


@pytest.mark.parametrize("trouble", ["dead", "draining", "loading", "late"])
async def test_nothing_is_left_lying_to_a_worker_that_does_not_take_it(
    studio: Studio, trouble: str
) -> None:
    await join(studio, "cold", loaded="toy")
    await join(studio, "warm", loaded="giant")
    job = await studio.submit(await person(studio.db, "ada"), model="giant")
    async with studio.db.begin() as s:
        row = await s.get_one(Worker, "warm")
        row.draining = trouble == "draining"
        if trouble == "dead":
            row.seen_at = utcnow() - workers.ALIVE
        if trouble == "loading":
            row.state = "loading Giant"
    if trouble == "late":
        await studio.change(job.id, queued_at=utcnow() - MOMENT)
    claimed = await claim(studio, "cold")
    assert claimed is not None
    assert claimed.id == job.id


async def test_an_idle_worker_loads_what_waits_and_nobody_has(studio: Studio) -> None:
    await join(studio, "one", loaded="toy")
    ada = await person(studio.db, "ada")
    hand = Hand({"toy", "giant"}, "toy")

    async def wanted() -> str:
        async with studio.db.read() as s:
            return await renders.most_wanted(s, "one", hand)

    assert await wanted() == ""
    await studio.submit(ada, model="giant")
    assert await wanted() == "giant"
    await join(studio, "two", loaded="giant")
    assert await wanted() == ""


@pytest.mark.databases("sqlite", "postgres")
async def test_what_was_measured_outlives_a_restart_and_nothing_else_does(studio: Studio) -> None:
    await join(studio, "one", loaded="toy")
    async with studio.db.begin() as s:
        measured = await workers.announce(s, "one", [OFFER], "starting")
        row = await s.get_one(Worker, "one", populate_existing=True)
        fresh = await workers.announce(s, "another", [OFFER], "starting")
    assert measured == row.measured == {model: {"load_seconds": LOAD} for model in ("toy", "giant")}
    assert (row.loaded, row.loaded_at, row.loads, row.busy) == ("", None, 0, 0.0)
    assert fresh == {}


async def test_nobody_here_means_no_time(studio: Studio) -> None:
    async with studio.db.begin() as s:
        await workers.gone(s, "worker")
    job = await studio.submit(await person(studio.db, "ada"))
    async with studio.db.read() as s:
        assert await forecast.of_line(s) == {job.id: Forecast(1, None)}
