"""A render that finds its store away waits for it: it isn't lost, and isn't made twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import clips
from db.media import Media
from db.models import Job
from db.states import Kind, Status
from gen import keeping
from gen.keeping import WAITS
from tests.gen.test_tasks import Bench
from tests.support.buckets import Store, Wire
from tests.support.engines import Toy


@pytest.fixture
async def wire(store: Store) -> AsyncIterator[Wire]:
    async with Wire.to(store) as made:
        yield made


@pytest.fixture
async def bench(
    sqlite_url: str,
    valkey: str,
    store: Store,
    wire: Wire,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bench]:
    """A renderer whose store is beyond the wire."""
    monkeypatch.setattr(keeping, "PAUSE_SECONDS", 0.01)
    made = Bench(sqlite_url, valkey, tmp_path)
    made.media = Media(tmp_path / "copies", store.bucket(wire.port, patience=0.1))
    yield await made.open(Toy)
    await made.close()


async def until_it_waits(bench: Bench, job: Job) -> None:
    async def waits() -> bool:
        return (await bench.studio.job(job.id)).notes == [WAITS]

    await bench.until(waits)


async def test_a_render_waits_for_its_store(bench: Bench, wire: Wire, tmp_path: Path) -> None:
    wire.cut()
    job = await bench.submit()
    await until_it_waits(bench, job)
    assert (await bench.studio.job(job.id)).status is Status.RENDERING
    wire.mend()
    done = await bench.until_is(job, Status.READY, Status.IN_REVIEW)
    assert (done.attempt, done.notes) == (1, ["12 letters"])
    assert len(bench.noted("make")) == 1
    elsewhere = Media(tmp_path / "elsewhere", bench.media.bucket)
    for clip in await bench.clips(job):
        for key in (clip.video_key, clip.poster_key, clip.preview_key):
            assert await elsewhere.bring(elsewhere.path(key))
        assert await elsewhere.bring(elsewhere.grey(clip.poster_key))


async def test_while_it_waits_it_can_be_cancelled(bench: Bench, wire: Wire) -> None:
    wire.cut()
    job = await bench.submit()
    await until_it_waits(bench, job)
    await bench.studio.desk.cancel(bench.artist, job.id)
    await bench.until_at_rest()
    assert (await bench.studio.job(job.id)).status is Status.CANCELLED
    assert bench.unfinished() == []
    wire.mend()
    await clips.remove_noted(bench.db, bench.media)
    assert bench.media.bucket is not None
    assert await bench.media.bucket.taken() == 0


async def test_a_worker_that_stops_while_it_waits_puts_the_job_back(
    bench: Bench, wire: Wire
) -> None:
    wire.cut()
    job = await bench.submit()
    await until_it_waits(bench, job)
    renderer, _, _ = bench.renderers[0]
    await renderer.close()
    assert (await bench.studio.job(job.id)).status is Status.QUEUED
    assert (await bench.kinds(job))[-1] is Kind.REQUEUED
