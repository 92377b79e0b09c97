"""Claims, tickets and guarded moves, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from db import clips, events, jobs, people, renders, speed, workers
from db.broker import Broker
from db.line import Hand
from db.models import Person, utcnow
from db.session import Db
from db.speed import Shape
from db.states import MOVES, Kind, Status
from tests.support.studio import OFFER, Studio, person


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()


async def test_a_move_is_made_by_exactly_one_of_many(studio: Studio) -> None:
    job = await studio.rendered(await person(studio.db, "ada"))

    async def approve() -> bool:
        async with studio.db.begin() as s:
            return await jobs.move(s, job.id, Kind.APPROVED)

    assert sum(await asyncio.gather(*(approve() for _ in range(8)))) == 1
    async with studio.db.read() as s:
        history = [event.kind for event in await events.of(s, job.id)]
    assert history.count(Kind.APPROVED) == 1


async def test_a_late_finish_of_an_old_attempt_changes_nothing(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    await studio.submit(ada)
    first = await studio.claim()
    assert first is not None
    async with studio.db.begin() as s:
        assert await renders.put_back(s, first.id, first.attempt, "stopped")
    second = await studio.claim()
    assert second is not None
    assert second.attempt == first.attempt + 1

    assert not await studio.finish(second, attempt=first.attempt)
    async with studio.db.read() as s:
        assert await clips.of(s, first.id) == []
    assert await studio.finish(second)
    assert not await studio.finish(second)


async def test_a_cancelled_render_is_told_at_its_next_heartbeat(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    await studio.submit(ada)
    job = await studio.claim()
    assert job is not None
    async with studio.db.begin() as s:
        assert await renders.hold(s, job.id, job.attempt, step=1)
    await studio.desk.cancel(ada, job.id)
    async with studio.db.begin() as s:
        assert not await renders.hold(s, job.id, job.attempt, step=2)
    assert not await studio.finish(job)


async def test_claims_go_round_the_people_and_keep_the_running_cap(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    for _ in range(4):
        await studio.submit(ada)
    await studio.submit(bo)
    claimed = [await studio.claim(running_cap=2) for _ in range(5)]
    assert [job.person_id for job in claimed if job] == [ada.id, bo.id, ada.id]


async def test_a_worker_is_given_only_what_it_can_render(studio: Studio) -> None:
    job = await studio.submit(await person(studio.db, "ada"))
    async with studio.db.begin() as s:
        assert await renders.claim_next(s, "other", Hand({"giant"}), 2) is None
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == job.id


async def test_two_workers_never_claim_the_same_job_nor_pass_a_persons_cap(studio: Studio) -> None:
    people_ = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    for who in people_:
        for _ in range(4):
            await studio.submit(who)
    claimed = await asyncio.gather(*(studio.claim(f"w{n}", running_cap=2) for n in range(12)))
    got = [job.id for job in claimed if job]
    assert len(got) == len(set(got))
    async with studio.db.read() as s:
        for who in people_:
            assert await jobs.count(s, who.id, Status.RENDERING) <= 2


async def test_a_lost_render_goes_back_and_too_many_losses_fail_it(studio: Studio) -> None:
    await studio.submit(await person(studio.db, "ada"))
    outcomes = []
    for _ in range(renders.MAX_LOSSES):
        job = await studio.claim()
        assert job is not None
        await studio.lose(job.id)
        async with studio.db.begin() as s:
            outcomes.append(await renders.give_up_lost(s, job.id))
    assert outcomes == [Kind.REQUEUED, Kind.REQUEUED, Kind.FAILED]
    assert job is not None
    assert "lost 3 times" in (await studio.job(job.id)).reason


async def test_a_render_whose_worker_came_back_in_time_is_not_given_up(studio: Studio) -> None:
    await studio.submit(await person(studio.db, "ada"))
    job = await studio.claim()
    assert job is not None
    async with studio.db.begin() as s:
        assert await renders.give_up_lost(s, job.id) is None
    assert (await studio.job(job.id)).status is Status.RENDERING


async def test_the_same_stranger_met_twice_at_once_is_one_person(studio: Studio) -> None:
    async def meet() -> int:
        async with studio.db.begin() as s:
            return (await people.known(s, "web", "demo", "ada", "Ada")).id

    met = await asyncio.gather(*(meet() for _ in range(8)))
    assert len(set(met)) == 1
    async with studio.db.read() as s:
        assert await s.get(Person, met[0]) is not None


async def test_times_come_back_in_utc(studio: Studio) -> None:
    job = await studio.submit(await person(studio.db, "ada"))
    fresh = await studio.job(job.id)
    assert fresh.created_at.utcoffset() is not None
    assert abs((utcnow() - fresh.created_at).total_seconds()) < 60


async def test_every_status_can_be_reached_and_none_but_withdrawn_is_a_trap() -> None:
    reachable = {Status.QUEUED} | {move.to for move in MOVES.values()}
    assert reachable == set(Status)
    leavable = {origin for move in MOVES.values() for origin in move.origins}
    assert set(Status) - leavable == {Status.WITHDRAWN}


async def test_estimates_come_from_renders_alike_then_from_the_work(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    for took in (4.0, 6.0, 100.0):
        job = await studio.rendered(ada, private=True)
        started = job.started_at
        assert started is not None
        await studio.change(job.id, finished_at=started + timedelta(seconds=took))
    async with studio.db.read() as s:
        recent = await workers.recent_renders(s, OFFER.name)
    same = Shape(job.width, job.height, job.frames, job.steps, job.variations)
    assert speed.estimate(same, recent) == 6.0
    assert speed.estimate(same._replace(frames=same.frames * 2), recent) == pytest.approx(12.0)
    assert speed.estimate(same, []) is None


async def test_an_interrupted_render_does_not_lose_its_turn(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    first = await studio.submit(ada)
    await studio.claim()
    await studio.submit(bo)
    async with studio.db.begin() as s:
        assert await renders.put_back(s, first.id, 1, "the worker stopped")
    again = await studio.claim()
    assert again is not None
    assert again.id == first.id
