"""The worker as a process of its own, killed and stopped at the worst moments."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from db import clips, credentials, events, migrate, renders, workers
from db.broker import Broker
from db.media import PARTIAL_SECONDS, Media
from db.models import Clip, Job, Worker, utcnow
from db.session import Db
from db.states import Kind, Status
from gen.lease import BEAT_SECONDS
from moderation.sweep import sweep
from tests.bot.on_web.served import free_port
from tests.support import weights as made
from tests.support.engines import Toy, catalogue_file, entry
from tests.support.processes import Processes, Running
from tests.support.studio import Studio, person

WITHIN = 20.0

# Stands in for `python -m gen.worker`, and stops dead where a power cut would hurt most.
HALF_STORED = """
import pathlib, shutil, time
def half(source, target):
    target.write(source.read()[:100]); target.flush()
    pathlib.Path({marker!r}).touch(); time.sleep(3600)
shutil.copyfileobj = half
from gen.worker import main; main()
"""
HALF_FINISHED = """
import asyncio, pathlib
from db import renders
finish = renders.finish
async def half(*args, **used):
    await finish(*args, **used)
    pathlib.Path({marker!r}).touch(); await asyncio.sleep(3600)
renders.finish = half
from gen.worker import main; main()
"""


class Bench:
    """A studio whose workers are real processes on one database and one disk."""

    def __init__(self, url: str, valkey: str, folder: Path, processes: Processes) -> None:
        self.db = Db(url)
        self.broker = Broker(valkey)
        self.studio = Studio(self.db, self.broker)
        self.folder = folder
        self.diary = folder / "diary"
        self.data = folder / "data"
        self.media = Media(self.data / "media")
        self.marker = folder / "marker"
        self.processes = processes
        self.env = {
            "SORA_DATABASE_URL": url,
            "SORA_REDIS_URL": valkey,
            "SORA_DATA": str(self.data),
        }

    def worker(
        self, name: str = "", *, program: str = "", step_ms: float = 0, steps: int = 0, **more: str
    ) -> Running:
        model = entry("toy", Toy, self.diary, step_ms=step_ms, steps=steps)
        models = catalogue_file(self.folder / f"models-{name}.toml", model)
        arguments = (
            ("-c", program.format(marker=str(self.marker))) if program else ("-m", "gen.worker")
        )
        env = self.env | {"SORA_MODELS": str(models), "SORA_WORKER_NAME": name} | more
        return self.processes.start(*arguments, env=env)

    async def submit(self, name: str = "Ada") -> Job:
        """Submit as soon as a worker has announced its model."""

        async def offered() -> bool:
            async with self.db.read() as s:
                return bool(await workers.offers(s))

        await self.until(offered)
        return await self.studio.submit(await person(self.db, name))

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + WITHIN
        while not await reached():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)

    async def until_is(self, job: Job, status: Status) -> Job:
        async def reached() -> bool:
            return (await self.studio.job(job.id)).status is status

        await self.until(reached)
        return await self.studio.job(job.id)

    async def until_seen(self, path: Path, what: str = "") -> None:
        async def reached() -> bool:
            return path.exists() and what in path.read_text()

        await self.until(reached)

    async def rows(self) -> list[Worker]:
        async with self.db.read() as s:
            return list(await workers.every(s))

    async def clips(self, job: Job) -> list[Clip]:
        async with self.db.read() as s:
            return list(await clips.of(s, job.id))

    async def kinds(self, job: Job) -> list[Kind]:
        async with self.db.read() as s:
            return [event.kind for event in await events.of(s, job.id)]

    async def close(self) -> None:
        await self.broker.close()
        await self.db.close()

    def children(self, worker: Running) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(worker.pid).children()
        return found


@pytest.fixture
async def bench(
    sqlite_url: str, valkey: str, tmp_path: Path, sora_process: Processes
) -> AsyncIterator[Bench]:
    made = Bench(sqlite_url, valkey, tmp_path, sora_process)
    yield made
    await made.close()


async def test_a_worker_renders_what_was_asked_and_stays_small(bench: Bench) -> None:
    port = free_port()
    worker = bench.worker("one", SORA_WORKER_METRICS_PORT=str(port))
    job = await bench.submit()
    await bench.until_is(job, Status.IN_REVIEW)
    await worker.answers(f"http://127.0.0.1:{port}/readyz", within=WITHIN)
    (row,) = await bench.rows()
    assert (row.name, row.state, row.loaded, row.loads) == ("one", "ready", "toy", 1)
    assert row.measured["toy"]["load_seconds"] > 0
    assert row.loaded_at is not None
    assert [offer["name"] for offer in row.offers] == ["toy", "commons-shapes"]
    loaded = Path(f"/proc/{worker.pid}/maps")
    if loaded.exists():
        assert "torch" not in loaded.read_text()
    for line in worker.said().splitlines():
        if line.startswith("{"):
            said = json.loads(line)
            assert "." in said["event"]
            assert "circle" not in line, "prompts are not logged"
    worker.terminate()
    assert await worker.ends(within=5) == 0
    (row,) = await bench.rows()
    assert row.state == "stopped"
    assert not workers.alive(row)
    assert not list((bench.data / "renders").iterdir())


async def test_a_draining_worker_finishes_its_render_takes_no_more_and_ends(bench: Bench) -> None:
    worker = bench.worker("one", step_ms=300, steps=10)
    job = await bench.submit()
    await bench.until_is(job, Status.RENDERING)
    other = await bench.submit("Bo")
    drain = bench.processes.start("-m", "bot", "worker", "--drain", "--name", "one", env=bench.env)
    assert await worker.ends(within=30) == 0
    assert await drain.ends(within=10) == 0
    done = await bench.studio.job(job.id)
    assert (done.status, done.attempt) == (Status.IN_REVIEW, 1)
    assert (await bench.studio.job(other.id)).status is Status.QUEUED
    bench.worker("one")
    await bench.until_is(other, Status.IN_REVIEW)


async def test_a_rolling_restart_loses_no_render_and_does_none_twice(bench: Bench) -> None:
    def start(name: str) -> Running:
        return bench.worker(name, step_ms=100, steps=6)

    running, submitted = {name: start(name) for name in ("one", "two")}, list[Job]()
    for name in list(running):
        for number in range(2):
            submitted.append(await bench.submit(f"artist {number}"))

        async def renders_now(name: str = name) -> bool:
            return any(
                (job.status, job.worker) == (Status.RENDERING, name)
                for job in [await bench.studio.job(job.id) for job in submitted]
            )

        await bench.until(renders_now)
        drain = ("-m", "bot", "worker", "--drain", "--name", name)
        asked = bench.processes.start(*drain, env=bench.env)
        assert await running[name].ends(within=30) == 0
        running[name] = start(name)
        assert await asked.ends(within=10) == 0
    for job in submitted:
        done = await bench.until_is(job, Status.IN_REVIEW)
        assert (done.attempt, done.losses) == (1, 0)
        kinds = await bench.kinds(job)
        assert kinds.count(Kind.CLAIMED) == kinds.count(Kind.FINISHED) == 1
        assert [clip.number for clip in await bench.clips(job)] == [1, 2]
    assert bench.diary.read_text().count("make") == len(submitted)


async def test_importing_the_worker_imports_no_torch(sora_process: Processes) -> None:
    program = "import sys, gen.worker; print('modules', *sys.modules)"
    line = await sora_process.start("-c", program).line("^modules")
    assert not {"torch", "diffusers", "transformers", "av"} & set(line.split())


async def test_what_it_stores_is_signed_and_a_bell_has_it_signed_again(bench: Bench) -> None:
    worker = bench.worker("one")
    job = await bench.submit()
    await bench.until_is(job, Status.IN_REVIEW)
    known = bench.data / "credentials" / credentials.KNOWN
    first, other = await bench.clips(job)
    for clip in (first, other):
        said = credentials.read(bench.media.path(clip.video_key), known)
        assert (clip.signed, said.intact, said.ours, said.model) == (True, True, True, "Toy")
        assert said.title == f"Clip {clip.number} of job {job.id}"
    async with bench.db.begin() as s:
        await clips.unsign(s, job.id, 1)
    assert await bench.broker.ring_to_sign(job.id, 1)

    async def signed_again() -> bool:
        now, _ = await bench.clips(job)
        return now.signed and now.video_key != first.video_key

    async def replaced_file_is_gone() -> bool:
        return not bench.media.path(first.video_key).exists()

    await bench.until(signed_again)
    await bench.until(replaced_file_is_gone)
    worker.terminate()
    assert await worker.ends(within=5) == 0
    assert [clip.video_key for clip in await bench.clips(job)][1] == other.video_key


async def test_a_certificate_that_cannot_be_used_is_said_and_ends_it(
    sora_process: Processes, tmp_path: Path
) -> None:
    (tmp_path / "host.pem").write_text("nonsense")
    given = {
        f"SORA_CREDENTIALS_{name}": str(tmp_path / "host.pem") for name in ("CERTIFICATE", "KEY")
    }
    worker = sora_process.start(
        "-m", "gen.worker", env={"SORA_DATA": str(tmp_path / "data"), **given}
    )
    assert await worker.ends() == 1
    last = worker.said().splitlines()[-1]
    assert last == f"{tmp_path / 'host.pem'} holds no certificate in PEM."


@pytest.mark.parametrize("where", ["rendering", "storing", "finishing"])
async def test_a_power_cut_loses_nothing_and_doubles_nothing(bench: Bench, where: str) -> None:
    if where == "rendering":
        first = bench.worker("first", step_ms=50, steps=1000)
        job = await bench.submit()
        await bench.until_seen(bench.diary, "step 3")
    else:
        program = HALF_STORED if where == "storing" else HALF_FINISHED
        first = bench.worker("first", program=program)
        job = await bench.submit()
        await bench.until_seen(bench.marker)
    (child,) = bench.children(first)
    first.kill9()
    assert psutil.wait_procs([child], timeout=WITHIN)[1] == [], "its child ends with it"
    assert (await bench.studio.job(job.id)).status is Status.RENDERING

    for partial in bench.media.folder.rglob(".partial-*"):
        long_ago = time.time() - PARTIAL_SECONDS - 1
        os.utime(partial, (long_ago, long_ago))
    second = bench.worker("second")
    await second.line("worker.announced")
    await bench.studio.lose(job.id)
    await sweep(bench.db, bench.broker)
    done = await bench.until_is(job, Status.IN_REVIEW)
    second.terminate()
    assert await second.ends(within=5) == 0

    assert (done.attempt, done.losses, done.worker) == (2, 1, "second")
    assert (await bench.kinds(job)).count(Kind.FINISHED) == 1
    made = await bench.clips(job)
    assert [clip.number for clip in made] == [1, 2]
    needed = {key for c in made for key in (c.video_key, c.poster_key, c.preview_key)}
    files = {path.name for path in bench.media.folder.rglob("*") if path.is_file()}
    assert needed <= files
    assert not [name for name in files if name.startswith(".partial-")]
    assert not list((bench.data / "renders").iterdir()), "what the first one left is gone"


async def test_sigterm_puts_the_render_back_and_another_worker_takes_it(bench: Bench) -> None:
    first = bench.worker("first", step_ms=100, steps=1000)
    job = await bench.submit()
    await bench.until_seen(bench.diary, "step 2")
    second = bench.worker("second")
    await second.line("worker.announced")
    (child,) = bench.children(first)
    first.terminate()
    assert await first.ends(within=5) == 0
    assert not child.is_running()
    done = await bench.until_is(job, Status.IN_REVIEW)
    assert (done.attempt, done.losses, done.worker) == (2, 0, "second")


async def test_a_killed_child_costs_one_render_and_not_the_worker(bench: Bench) -> None:
    worker = bench.worker("one", step_ms=50, steps=20)
    job = await bench.submit()
    await bench.until_seen(bench.diary, "step 3")
    (child,) = bench.children(worker)
    child.kill()
    failed = await bench.until_is(job, Status.FAILED)
    assert failed.reason
    await bench.studio.desk.retry(await person(bench.db, "Ada"), job.id)
    await bench.until_is(job, Status.IN_REVIEW)
    assert worker.alive


async def test_two_workers_never_render_the_same_attempt(bench: Bench) -> None:
    running = [bench.worker(name, step_ms=10) for name in ("first", "second")]
    for worker in running:
        await worker.line("worker.announced")
    submitted = [await bench.submit(f"artist {n % 5}") for n in range(10)]
    for job in submitted:
        done = await bench.until_is(job, Status.IN_REVIEW)
        assert done.attempt == 1
        assert (await bench.kinds(job)).count(Kind.CLAIMED) == 1
    assert bench.diary.read_text().count("make") == len(submitted)


async def test_a_worker_waits_for_the_database_and_needs_no_broker(
    tmp_path: Path, sora_process: Processes
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'late.db'}"
    bench = Bench(url, f"unix://{tmp_path}/nobody.sock", tmp_path, sora_process)
    worker = bench.worker("one")
    await worker.line("database.unreachable")
    await worker.line("broker.unreachable")
    assert worker.alive
    await asyncio.to_thread(migrate.upgrade, url)
    await worker.line("worker.announced")
    job = await bench.submit()
    await bench.until_is(job, Status.IN_REVIEW)
    worker.terminate()
    assert await worker.ends(within=5) == 0
    await bench.close()


async def test_workers_on_one_machine_differ_and_old_ones_are_forgotten(bench: Bench) -> None:
    async with bench.db.begin() as s:
        s.add(Worker(name="ancient", seen_at=utcnow() - 2 * workers.FORGOTTEN))
        s.add(Worker(name="recent", seen_at=utcnow() - workers.FORGOTTEN / 2))
    running = [bench.worker(), bench.worker()]
    for worker in running:
        await worker.line("worker.announced")
    names = [row.name for row in await bench.rows()]
    assert len(names) == len(set(names)) == 3
    assert "recent" in names


async def test_only_models_that_can_be_used_here_are_offered(bench: Bench) -> None:
    made.pipeline(bench.data / "models" / "cogvideox-2b")  # it states how much memory it needs
    broken = made.pipeline(bench.data / "models" / "mochi-1")
    (broken / "transformer" / "config.json").unlink()
    (broken / "transformer" / "diffusion_pytorch_model.safetensors").write_bytes(b"cut short")
    worker = bench.worker("one")
    await worker.line("worker.announced")
    (row,) = await bench.rows()
    assert [offer["name"] for offer in row.offers] == ["toy", "commons-shapes", "cogvideox-2b"]
    assert "sora models fetch mochi-1" in worker.said()
    assert "ltx-2" not in worker.said()
    loaded = Path(f"/proc/{worker.pid}/maps")
    if loaded.exists():
        assert "torch" not in loaded.read_text()


async def test_a_bad_catalogue_is_one_sentence(bench: Bench) -> None:
    bad = bench.folder / "bad.toml"
    bad.write_text("[[model]]\nname = 3\n")
    worker = bench.processes.start("-m", "gen.worker", env={"SORA_MODELS": str(bad)})
    assert await worker.ends() == 1
    assert worker.said().count("\n") == 1
    assert "model.0.name" in worker.said()


def test_a_heartbeat_comes_well_within_the_lease() -> None:
    assert renders.LEASE.total_seconds() >= 3 * BEAT_SECONDS
