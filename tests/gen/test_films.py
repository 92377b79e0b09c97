"""Films in the line like every job: claimed without a model, put together, stopped, lost, withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from db import clips, jobs, parts, renders
from db.models import Clip, Job
from db.states import Kind, Status, Task
from gen import encode, lease, stitcher
from gen.briefs import inputs_of
from gen.films import GONE, NO_MUSIC, UNNAMED, order_of
from gen.order import Piece
from gen.trouble import CRASHED, HANGS
from moderation import films
from moderation.films import Clips
from moderation.people import Person
from moderation.sweep import sweep
from tests.gen.test_tasks import Bench
from tests.gen.test_worker import Bench as Workers
from tests.support.films import ball, decoded
from tests.support.processes import Processes
from tests.support.studio import person, request

NO_PICTURES: dict[str, Any] = {"poster_key": f"{0:064x}.jpg", "preview_key": f"{0:064x}.webp"}
DEAF = "import time; print(flush=True, end=''); time.sleep(3600)"
SLOW = """
import json, sys, time
sys.stdin.readline()
while True:
    print(json.dumps({"is": "step", "done": 1, "total": 2}), flush=True)
    time.sleep(0.05)
"""
# Stands in for `python -m gen.worker`, whose films come to a halt in the middle.
HALF_WAY = """
import sys
from gen import stitcher
program = '''
import pathlib, time
from gen import stitch, stitch_child
def half(*args):
    pathlib.Path({marker!r}).touch(); time.sleep(3600)
stitch.spliced = half
stitch_child.main()
'''
stitcher.COMMAND = (sys.executable, "-c", program)
from gen.worker import main; main()
"""


@pytest.fixture
async def bench(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(sqlite_url, valkey, tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def workers(
    sqlite_url: str, valkey: str, tmp_path: Path, sora_process: Processes
) -> AsyncIterator[Workers]:
    made = Workers(sqlite_url, valkey, tmp_path, sora_process)
    yield made
    await made.close()


def replaced_by(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let something else run in place of what puts films together."""
    monkeypatch.setattr(stitcher, "COMMAND", (stitcher.COMMAND[0], "-c", program))


async def shot(bench: Bench, **wish: Any) -> Job:
    """A finished clip of Ada's that nobody reviews."""
    job = await bench.submit(private=True, variations=1, **wish)
    return await bench.until_is(job, Status.READY)


async def film(bench: Bench, *parts: Job, task: Task = Task.FILM, private: bool = False) -> Job:
    shown: Clips = [(job, 1) for job in parts]
    made = films.put_together(
        task, shown, request(), bench.artist.id, "two squares", private=private
    )
    async with bench.db.begin() as s:
        await films.add(s, made, shown)
    bench._looking += [asyncio.create_task(r.look()) for r, _, _ in bench.renderers]
    return made


async def test_a_film_needs_no_model_and_goes_to_review_like_every_job(bench: Bench) -> None:
    await bench.open()
    one, two = await shot(bench), await shot(bench, duration=2.0)
    made = await bench.until_is(await film(bench, one, two), Status.IN_REVIEW)
    (clip,) = await bench.clips(made)
    frames = decoded(bench.media.path(clip.video_key))
    assert (made.fps, made.frames) == (8, len(frames))
    assert made.frames >= 8 + 16 + 3 * 8, "both clips, and the credits"
    assert (made.width, made.height) == (64, 64)
    assert made.energy_wh == 0
    assert not clip.signed, "whoever signs what is stored does it"
    seen = [
        frame for job in (one, two) for shown in await bench.clips(job) for frame in shown.hashes
    ]
    assert clip.hashes == list(dict.fromkeys(seen))
    assert clip.hashes
    assert bench.noted("make") == ["make", "make"], "no model was asked"
    assert await bench.kinds(made) == [
        Kind.SUBMITTED,
        Kind.CLAIMED,
        Kind.FINISHED,
        Kind.SENT_TO_REVIEW,
    ]
    await bench.until_at_rest()
    assert bench.unfinished() == []


async def test_a_film_waits_for_its_clips_and_then_is_next(bench: Bench) -> None:
    await bench.open()
    bench.renderers[0][0]._catalogue = {}  # it can render nothing, for now
    waiting = await bench.submit(private=True, variations=1)
    made = await film(bench, waiting)
    await bench.until_at_rest()
    assert (await bench.studio.job(made.id)).attempt == 0
    async with bench.db.read() as s:
        assert [w.job_id for w in await jobs.line(s)] == [waiting.id]
    claimed = await bench.studio.claim()
    assert claimed is not None
    assert claimed.id == waiting.id
    assert await bench.studio.finish(claimed)
    kinds = await bench.kinds(made)
    assert kinds == [Kind.SUBMITTED, Kind.PART_MOVED, Kind.PART_MOVED]
    async with bench.db.read() as s:
        assert [w.job_id for w in await jobs.line(s)] == [made.id]


async def test_the_order_says_who_made_it_and_with_what(bench: Bench) -> None:
    await bench.open()
    one, bo = await shot(bench), await person(bench.db, "Bo")
    made = await film(bench, one)
    async with bench.db.read() as s:
        order = await order_of(s, bench.media, made)
    assert order.credits == ("A film by Ada", "Model: Toy (Apache-2.0)", NO_MUSIC)
    two = await shot(bench)
    await bench.studio.change(two.id, person_id=bo.id)
    both = await film(bench, one, two)
    async with bench.db.read() as s:
        order = await order_of(s, bench.media, both)
    names = ("two squares", "1. Ada", "2. Bo")
    assert order.credits == (*names, "Model: Toy (Apache-2.0)", NO_MUSIC)
    assert [piece.follows for piece in order.pieces] == [False, False]
    after = {"task": Task.EXTEND, "parent_id": one.id, "parent_clip": 1}
    await bench.studio.change(two.id, **after)
    async with bench.db.read() as s:
        order = await order_of(s, bench.media, both)
    assert [piece.follows for piece in order.pieces] == [False, True]


async def test_a_reel_begins_with_its_title_and_names_who_wants_to_be_named(bench: Bench) -> None:
    await bench.open()
    one, two, bo = await shot(bench), await shot(bench), await person(bench.db, "Bo")
    await bench.studio.change(two.id, person_id=bo.id)
    made = await film(bench, one, two, task=Task.REEL, private=True)
    async with bench.db.begin() as s:
        (_, (part, _)) = await parts.of(s, made.id)
        part.named = False
    made = await bench.until_is(made, Status.READY)
    assert made.frames >= 3 * 8 + 8 + 8 + 3 * 8, "title, both clips, and the credits"
    (clip,) = await bench.clips(made)
    assert len(decoded(bench.media.path(clip.video_key))) == made.frames
    async with bench.db.read() as s:
        order = await order_of(s, bench.media, made)
    assert order.title == ("two squares",)
    assert order.credits[:3] == ("two squares", "1. Ada", f"2. {UNNAMED}")


async def test_a_glimpse_is_a_second_without_credits(bench: Bench) -> None:
    await bench.open()
    one = await shot(bench, duration=3.0)
    made = await film(bench, one, task=Task.GLIMPSE, private=True)
    made = await bench.until_is(made, Status.READY)
    assert made.frames == 8
    async with bench.db.read() as s:
        order = await order_of(s, bench.media, made)
        source = await clips.get(s, one.id, 1)
    assert source is not None
    assert order.pieces == (Piece(bench.media.path(source.video_key), seconds=1.0),)
    assert order.credits == ()
    # Who goes on from it sees this second; the model is given the clip itself, which loses less.
    await bench.studio.change(one.id, source_id=made.id, source_clip=1)
    async with bench.db.read() as s:
        inputs = await inputs_of(s, bench.media, await s.get_one(Job, one.id))
    assert inputs.film == bench.media.path(source.video_key)


async def test_a_clip_that_was_withdrawn_is_in_no_film(bench: Bench) -> None:
    await bench.open()
    one, two = await shot(bench), await shot(bench)
    shown = await bench.until_is(await film(bench, one, two), Status.IN_REVIEW)
    await bench.studio.desk.withdraw(bench.artist, two.id)
    assert (await bench.studio.job(shown.id)).status is Status.WITHDRAWN
    assert (await bench.kinds(shown))[-1] is Kind.WITHDRAWN
    late = await bench.until_is(await film(bench, one, two), Status.FAILED)
    assert late.reason == GONE


async def test_a_film_that_is_cancelled_stops_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced_by(monkeypatch, SLOW)
    await bench.open()
    made = await film(bench, await shot(bench))
    await bench.until_is(made, Status.RENDERING)
    await bench.studio.desk.cancel(bench.artist, made.id)
    await bench.until_at_rest()
    assert (await bench.studio.job(made.id)).status is Status.CANCELLED
    assert bench.renderers[0][0]._stitcher._process is None


@pytest.mark.parametrize(
    ("program", "why"), [("import os; os._exit(9)", CRASHED), (DEAF, HANGS), ("1/0", CRASHED)]
)
async def test_what_goes_wrong_is_said_and_the_next_film_is_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    await bench.open()
    one = await shot(bench)
    with monkeypatch.context() as patched:
        replaced_by(patched, program)
        patched.setattr(stitcher, "SILENT_SECONDS", 0.5)
        failed = await bench.until_is(await film(bench, one), Status.FAILED)
    assert failed.reason == why
    await bench.studio.desk.retry(bench.artist, failed.id)
    bench._looking += [asyncio.create_task(r.look()) for r, _, _ in bench.renderers]
    await bench.until_is(failed, Status.IN_REVIEW)


async def test_a_lease_that_runs_out_ends_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced_by(monkeypatch, SLOW)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(lease, "PROGRESS_SECONDS", 0.05)
    await bench.open()
    made = await film(bench, await shot(bench))
    await bench.until_is(made, Status.RENDERING)
    await bench.studio.change(made.id, attempt=7)
    await bench.until_at_rest()
    assert bench.renderers[0][0]._stitcher._process is None


async def a_clip(workers: Workers, artist: Person) -> Job:
    """A finished clip of 8 frames, as a worker leaves it."""
    submitted = await workers.studio.submit(artist, private=True, variations=1)
    claimed = await workers.studio.claim()
    assert claimed is not None
    file = workers.folder / "clip.mp4"
    file.write_bytes(encode.mp4(ball(8, 64, 64), 8))
    key = await workers.media.put(file)
    clip = Clip(job_id=submitted.id, number=1, seed=1, video_key=key, bytes=1, **NO_PICTURES)
    async with workers.db.begin() as s:
        assert await renders.finish(s, claimed.id, claimed.attempt, [clip], ())
    return submitted


async def test_a_power_cut_while_a_film_is_put_together_loses_nothing(workers: Workers) -> None:
    studio = await workers.studio.open()
    artist = await person(workers.db, "Ada")
    job = await a_clip(workers, artist)
    second = workers.worker("second", program=HALF_WAY)
    await second.line("worker.announced")
    parts: Clips = [(job, 1)] * 2
    made = films.put_together(Task.FILM, parts, request(), artist.id, "twice", private=False)
    async with workers.db.begin() as s:
        await films.add(s, made, parts)
    await workers.until_seen(workers.marker)
    children = psutil.Process(second.pid).children(recursive=True)
    second.kill9()
    assert psutil.wait_procs(children, timeout=20)[1] == [], "what it had started ends with it"
    assert (await studio.job(made.id)).status is Status.RENDERING

    third = workers.worker("third")
    await third.line("worker.announced")
    await studio.lose(made.id)
    await sweep(workers.db, workers.broker)
    done = await workers.until_is(made, Status.IN_REVIEW)
    third.terminate()
    await third.ends()
    assert (done.attempt, done.losses, done.worker) == (2, 1, "third")
    assert (await workers.kinds(made)).count(Kind.FINISHED) == 1
    (clip,) = await workers.clips(made)
    assert len(decoded(workers.media.path(clip.video_key))) == done.frames
    assert not list((workers.data / "renders").iterdir())
