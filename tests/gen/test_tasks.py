"""The renderer against a real database, a real broker and a real child: every way a render ends."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from db import clips, credentials, events, jobs
from db.broker import Broker
from db.media import Media
from db.models import Clip, Job
from db.session import Db
from db.sources import GONE_PICTURE
from db.states import Kind, Status
from gen import lease, signing_key, tasks
from gen.answers import BROKE
from gen.catalogue import Catalogue
from gen.host import Host
from gen.resign import Resigner
from gen.settings import WorkerSettings
from gen.tasks import Renderer
from gen.trouble import CRASHED, DISK_FULL
from moderation.people import Person
from moderation.rules import Refused
from moderation.sweep import sweep
from moderation.wish import Picture
from tests.support import engines
from tests.support.certificates import Authority, given, pem
from tests.support.engines import Toy, entry
from tests.support.studio import ABLE, Studio, person, request

WITHIN = 20.0


class Bench:
    """A studio with one renderer in this process."""

    def __init__(self, url: str, valkey: str, folder: Path) -> None:
        self.db = Db(url)
        self.broker = Broker(valkey)
        self.studio = Studio(self.db, self.broker)
        self.media = Media(folder / "media")
        self.folder = folder
        self.diary = folder / "diary"
        self.key = signing_key.hold(WorkerSettings(data=folder))
        self.artist: Person
        self._looking: list[asyncio.Task[None]] = []
        self.renderers: list[tuple[Renderer, Host, asyncio.Task[None]]] = []

    async def open(self, engine: type[Toy] = Toy, **options: Any) -> Bench:
        """Announce one model and start a renderer that has it."""
        model = entry("toy", engine, self.diary, **options)
        await self.studio.open([model.offer])
        self.artist = await person(self.db, "Ada")
        self.add_renderer({"toy": model}, "worker")
        return self

    def add_renderer(self, catalogue: Catalogue, name: str) -> Renderer:
        scratch = self.folder / f"scratch-{name}"
        scratch.mkdir()
        host = Host()
        renderer = Renderer(
            self.db, self.broker, self.media, host, catalogue, scratch, name, 2, self.key
        )
        host.start()
        renderer.start()
        self.renderers.append((renderer, host, asyncio.create_task(renderer.listen())))
        return renderer

    async def close(self) -> None:
        waiting = list(self._looking)
        for renderer, host, listening in self.renderers:
            await renderer.close()
            await host.close()
            waiting.append(listening)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self.broker.close()
        await self.db.close()

    async def submit(self, **wish: Any) -> Job:
        job = await self.studio.submit(self.artist, **wish)
        self._looking = [asyncio.create_task(r.look()) for r, _, _ in self.renderers]
        return job

    async def until(self, reached: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + WITHIN
        while not await reached():
            assert time.monotonic() < deadline, self.noted("")
            await asyncio.sleep(0.01)

    async def until_is(self, job: Job, *statuses: Status) -> Job:
        async def reached() -> bool:
            return (await self.studio.job(job.id)).status in statuses

        await self.until(reached)
        return await self.studio.job(job.id)

    async def until_noted(self, what: str) -> None:
        async def reached() -> bool:
            return bool(self.noted(what))

        await self.until(reached)

    async def until_at_rest(self) -> None:
        """Until every renderer has cleaned up and found nothing more to do."""
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*(renderer.look() for renderer, _, _ in self.renderers))

    def noted(self, what: str) -> list[str]:
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [line for line in lines if line.startswith(what)]

    def files(self) -> set[str]:
        return {path.name for path in self.media.folder.rglob("*") if path.is_file()}

    def unfinished(self) -> list[Path]:
        return list(self.folder.glob("scratch-*/*"))

    async def clips(self, job: Job) -> list[Clip]:
        async with self.db.read() as s:
            return list(await clips.of(s, job.id))

    async def kinds(self, job: Job) -> list[Kind]:
        async with self.db.read() as s:
            return [event.kind for event in await events.of(s, job.id)]


def keys(made: list[Clip]) -> set[str]:
    """The files of these clips, the still without colours of each poster with them."""
    found = {key for clip in made for key in (clip.video_key, clip.poster_key, clip.preview_key)}
    return found | {f"{Path(clip.poster_key).stem}-grey.jpg" for clip in made}


@pytest.fixture
async def bench(sqlite_url: str, valkey: str, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(sqlite_url, valkey, tmp_path)
    yield made
    await made.close()


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_job_becomes_clips(bench: Bench) -> None:
    await bench.open()
    job = await bench.submit(seed=2**32 - 1)
    done = await bench.until_is(job, Status.IN_REVIEW)
    made = await bench.clips(job)
    assert [(clip.number, clip.seed) for clip in made] == [(1, 2**32 - 1), (2, 0)]
    assert [clip.bytes for clip in made] == [
        bench.media.path(clip.video_key).stat().st_size for clip in made
    ]
    assert done.notes == ["12 letters"]
    assert all(clip.signed for clip in made)
    assert all(clip.hashes and not clip.marks and not clip.screened for clip in made)
    await bench.until_at_rest()
    assert bench.files() == keys(made), "previews are gone, clips are all there"
    assert bench.unfinished() == []


async def test_on_postgresql_too(postgres_url: str, valkey: str, tmp_path: Path) -> None:
    bench = await Bench(postgres_url, valkey, tmp_path).open()
    try:
        job = await bench.submit(private=True)
        await bench.until_is(job, Status.READY)
        await bench.until_at_rest()
        assert bench.files() == keys(await bench.clips(job))
    finally:
        await bench.close()


async def test_progress_is_shown_and_only_the_latest_preview_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PROGRESS_SECONDS", 0.05)
    await bench.open(step_ms=150)
    job = await bench.submit(steps=8)
    seen: dict[int, str] = {}

    async def ready() -> bool:
        now = await bench.studio.job(job.id)
        if now.preview_key:
            seen[now.step] = now.preview_key
        return now.status is not Status.RENDERING and now.status is not Status.QUEUED

    await bench.until(ready)
    assert len(seen) >= 3
    assert len(set(seen.values())) >= 2, "the preview changes"
    await bench.until_at_rest()
    assert bench.files() == keys(await bench.clips(job))


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        (engines.Refusing, "This model makes no dragons."),
        (engines.Broken, BROKE),
        (engines.Crashing, CRASHED),
        (engines.Cramped, DISK_FULL),
    ],
)
async def test_a_failure_is_told_in_one_sentence(
    bench: Bench, engine: type[Toy], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await bench.open(engine, noise=True)
    job = await bench.submit(prompt="a secret of mine")
    failed = await bench.until_is(job, Status.FAILED)
    assert failed.reason == sentence
    await bench.until_at_rest()
    assert bench.files() == set()
    assert bench.unfinished() == []
    out, err = capfd.readouterr()
    assert "secret" not in out + err, "prompts are not logged"


async def test_a_picture_that_is_gone_fails_the_job_in_one_sentence(bench: Bench) -> None:
    await bench.open()
    await bench.studio.open([ABLE])
    job = await bench.submit(image=Picture("a" * 64 + ".png"), final=True)
    failed = await bench.until_is(job, Status.FAILED)
    assert failed.reason == GONE_PICTURE
    assert bench.noted("make") == []


async def test_a_disk_that_fills_up_while_storing_keeps_nothing(bench: Bench) -> None:
    await bench.open(step_ms=100, noise=True)
    job = await bench.submit(duration=4.0, aspect="16:9", variations=1)
    await bench.until_noted("step 1")
    with no_file_over(1_500_000):
        failed = await bench.until_is(job, Status.FAILED)
        await bench.until_at_rest()
    assert failed.reason == DISK_FULL
    assert bench.files() == set()
    await bench.studio.desk.retry(bench.artist, job.id)
    await bench.until_is(job, Status.IN_REVIEW)


async def test_a_cancelled_render_stops_within_one_step(bench: Bench) -> None:
    await bench.open(step_ms=200, steps=100)
    job = await bench.submit()
    await bench.until_noted("step 2")
    await bench.studio.desk.cancel(bench.artist, job.id)
    at_cancel = len(bench.noted("step"))
    await bench.until_at_rest()
    assert len(bench.noted("step")) <= at_cancel + 1
    assert (await bench.studio.job(job.id)).status is Status.CANCELLED
    assert bench.files() == set()


async def test_without_news_the_heartbeat_finds_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "PROGRESS_SECONDS", 0.01)
    await bench.open(step_ms=50, steps=1000)
    job = await bench.submit()
    await bench.until_noted("step 2")
    bench.renderers[0][2].cancel()
    await bench.studio.desk.cancel(bench.artist, job.id)
    await bench.until_at_rest()
    assert len(bench.noted("step")) < 100


async def test_a_cancel_that_races_the_finish_leaves_one_truth(bench: Bench) -> None:
    """Whoever is first wins; never both, and never files that nobody needs."""
    await bench.open(step_ms=1)
    ends = set()
    for number in range(8):
        job = await bench.submit(seed=number)
        await bench.until_is(job, Status.RENDERING, Status.IN_REVIEW)
        await asyncio.sleep(0.02 * number)
        with suppress(Refused):
            await bench.studio.desk.cancel(bench.artist, job.id)
        await bench.until_at_rest()
        status = (await bench.studio.job(job.id)).status
        assert status in (Status.CANCELLED, Status.IN_REVIEW)
        ends.add(status)
        made = await bench.clips(job)
        assert len(made) == (2 if status is Status.IN_REVIEW else 0)
        kinds = await bench.kinds(job)
        assert (Kind.FINISHED in kinds) != (Kind.CANCELLED in kinds)
    async with bench.db.read() as s:
        needed = set()
        for done in await jobs.with_status(s, Status.IN_REVIEW):
            needed |= keys(list(await clips.of(s, done.id)))
    assert bench.files() == needed


async def test_a_stale_attempt_changes_nothing_and_takes_nothing_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was paused wakes up while another one makes the same files."""
    monkeypatch.setattr(lease, "PROGRESS_SECONDS", 60)  # its heart beats once and then not again
    await bench.open(step_ms=100)
    job = await bench.submit()

    async def beaten() -> bool:
        return (await bench.studio.job(job.id)).step > 0

    await bench.until(beaten)
    await bench.studio.lose(job.id)
    await sweep(bench.db, bench.broker)
    bench.add_renderer({"toy": entry("toy", Toy, bench.diary)}, "second")
    done = await bench.until_is(job, Status.IN_REVIEW)
    await bench.until_at_rest()
    assert done.attempt == 2
    assert done.losses == 1
    made = await bench.clips(job)
    assert len(made) == 2
    assert keys(made) <= bench.files()
    assert (await bench.kinds(job)).count(Kind.FINISHED) == 1


async def test_two_workers_share_a_line_without_rendering_anything_twice(bench: Bench) -> None:
    await bench.open()
    bench.add_renderer({"toy": entry("toy", Toy, bench.diary)}, "second")
    artists = [await person(bench.db, f"artist {number}") for number in range(4)]
    submitted = [
        await bench.studio.submit(artist, seed=number) for number in range(3) for artist in artists
    ]
    await bench.until_at_rest()
    for job in submitted:
        done = await bench.until_is(job, Status.IN_REVIEW)
        assert done.attempt == 1
    assert len(bench.noted("make")) == len(submitted)
    async with bench.db.read() as s:
        workers = {(await bench.studio.job(job.id)).worker for job in submitted}
        assert await events.untold(s) == 0  # no room has joined
    assert workers == {"worker", "second"}


async def test_a_bell_that_was_lost_is_found_by_looking(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "GLANCE_SECONDS", 0.05)
    await bench.open()
    job = await bench.studio.submit(bench.artist)
    await bench.until_is(job, Status.IN_REVIEW)


async def test_closing_puts_the_render_back_and_rings_for_it(bench: Bench, valkey: str) -> None:
    await bench.open(step_ms=100, steps=1000)
    job = await bench.submit()
    await bench.until_noted("step 1")
    renderer, host, _ = bench.renderers[0]
    await renderer.close()
    await host.close()
    back = await bench.studio.job(job.id)
    assert (back.status, back.attempt, back.losses) == (Status.QUEUED, 1, 0)
    assert bench.unfinished() == []
    pool = await bench.broker._open()
    assert await pool.zscore("arq:queue", f"render:{job.id}:1") is not None


async def test_a_certificate_that_ends_costs_no_render(bench: Bench) -> None:
    """The clip is there unsigned, to be signed when there is a certificate again."""
    ec_key = ec.generate_private_key(ec.SECP256R1())
    authority = Authority()
    ended = authority.certify(ec_key, "A host", days=-1) + authority.certificate
    (bench.folder / "ended").mkdir()
    found = signing_key.look(given(bench.folder / "ended", ended, pem(ec_key)))
    assert found is not None
    whole, bench.key = bench.key, found
    await bench.open()
    job = await bench.submit()
    await bench.until_is(job, Status.IN_REVIEW)
    assert [clip.signed for clip in await bench.clips(job)] == [False, False]
    await Resigner(bench.db, bench.media, whole, {}, bench.folder).all()
    made = await bench.clips(job)
    assert [clip.signed for clip in made] == [True, True]
    assert all(credentials.read(bench.media.path(clip.video_key)).intact for clip in made)


async def test_what_changes_while_it_is_rendered_is_signed_again(bench: Bench) -> None:
    """The file was signed with what was so when the render began."""
    await bench.open(step_ms=100)
    await bench.studio.open([ABLE])
    parent = await bench.submit(final=True)
    await bench.until_is(parent, Status.IN_REVIEW)
    child = await bench.studio.desk.vary(bench.artist, parent.id, 1, request())

    async def begun() -> bool:
        return len(bench.noted("step 1")) == 2

    await bench.until(begun)
    await bench.studio.desk.withdraw(bench.artist, parent.id)
    await bench.until_is(child, Status.IN_REVIEW)
    assert [clip.signed for clip in await bench.clips(child)] == [False, False]


async def two_models(bench: Bench) -> Catalogue:
    """Two that take half a second to load, known to the studio; no renderer yet."""
    models = {
        name: entry(name, engine, bench.diary, load_ms=500)
        for name, engine in (("toy", Toy), ("other", engines.Other))
    }
    await bench.studio.open([model.offer for model in models.values()])
    return models


async def test_two_models_in_one_line_are_not_switched_at_every_job(bench: Bench) -> None:
    models = await two_models(bench)
    submitted = []
    for number in range(6):
        artist = await person(bench.db, f"artist {number}")
        submitted.append(await bench.studio.submit(artist, model=("toy", "other")[number % 2]))
    bench.add_renderer(models, "one")
    await bench.until_at_rest()
    for job in submitted:
        await bench.until_is(job, Status.IN_REVIEW)
    assert len(bench.noted("load")) <= 4
    for job in submitted[:2]:  # the first of each model
        assert (await bench.studio.job(job.id)).load_seconds >= 0.5


async def test_an_idle_worker_loads_the_default_or_what_waits(bench: Bench) -> None:
    models = await two_models(bench)
    artist = await person(bench.db, "Ada")
    for _ in range(2):  # as many as may be rendered at once
        await bench.studio.submit(artist)
        assert await bench.studio.claim("elsewhere")
    renderer = bench.add_renderer(models, "one")
    _, host, _ = bench.renderers[0]

    async def has(name: str) -> bool:
        return host.warm.loaded == name

    await bench.until(lambda: has("toy"))
    waits = await bench.studio.submit(artist, model="other")
    await renderer.look()
    await bench.until(lambda: has("other"))
    assert (await bench.studio.job(waits.id)).status is Status.QUEUED
