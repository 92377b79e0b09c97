"""Stored clips that are signed again: on both databases, with real files, by workers that race."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from db import clips, credentials
from db.broker import Broker
from db.credentials import Flags, Said
from db.media import Media
from db.models import Clip, Job
from db.session import Db
from db.states import Status, Task
from gen import claims, encode, resign, signing_key
from gen.resign import Resigner
from gen.settings import WorkerSettings
from gen.signing_key import SigningKey
from moderation import films
from moderation.people import Person
from tests.support.engines import Toy, entry
from tests.support.films import ball
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request


class Bench:
    """A studio whose clips are real files, and one that signs them."""

    def __init__(self, db: Db, folder: Path, key: SigningKey) -> None:
        self.db = db
        self.media = Media(folder / "media")
        self.folder = folder
        self.key = key
        self.studio = Studio(db, Broker(NO_BROKER))
        self.toy = entry("toy", Toy, folder / "diary")
        self.resigner = self.another()
        self.artist: Person

    def another(self) -> Resigner:
        return Resigner(self.db, self.media, self.key, {"toy": self.toy}, self.folder)

    async def open(self) -> Bench:
        await self.studio.open([ABLE])
        self.artist = await person(self.db, "Ada")
        return self

    async def clip(self, seed: int = 1, **wish: Any) -> Job:
        """A finished job of one clip, which isn't signed yet."""
        job = await self.studio.rendered(self.artist, variations=1, seed=seed, final=True, **wish)
        await self.give_file(job, seed)
        return job

    async def give_file(self, job: Job, seed: int) -> None:
        file = self.folder / "plain.mp4"
        await asyncio.to_thread(file.write_bytes, encode.mp4(ball(4 + seed, 64, 64), 8))
        key = await self.media.put(file)
        async with self.db.begin() as s:
            await s.execute(update(Clip).where(col(Clip.job_id) == job.id).values(video_key=key))

    async def row(self, job: Job) -> Clip:
        async with self.db.read() as s:
            found = await clips.get(s, job.id, 1)
        assert found is not None
        return found

    async def says(self, job: Job) -> Said:
        return credentials.read(self.media.path((await self.row(job)).video_key))

    async def changed(self, job: Job) -> None:
        async with self.db.begin() as s:
            await clips.unsign(s, job.id, 1)

    def files(self) -> set[str]:
        return {path.name for path in self.media.folder.rglob("*.mp4")}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return signing_key.hold(WorkerSettings(data=tmp_path_factory.mktemp("data")))


@pytest.fixture
async def bench(db: Db, tmp_path: Path, key: SigningKey) -> Bench:
    return await Bench(db, tmp_path, key).open()


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch) -> dict[int, Flags]:
    """By job: what its artist agrees to."""
    agreed: dict[int, Flags] = {}

    async def flags_of(_s: object, job: Job, _number: int) -> Flags:
        return agreed.get(job.id, Flags())

    monkeypatch.setattr(claims, "flags_of", flags_of)
    return agreed


async def test_what_was_stored_before_there_were_credentials_is_signed(bench: Bench) -> None:
    jobs = [await bench.clip(seed) for seed in (1, 2, 3)]
    before = bench.files()
    await bench.resigner.all()
    for job in jobs:
        said, row = await bench.says(job), await bench.row(job)
        assert (said.title, said.model) == (f"Clip 1 of job {job.id}", "Toy")
        assert said.licence == "Apache-2.0"
        assert row.signed
        assert row.bytes == bench.media.path(row.video_key).stat().st_size
    assert len(bench.files()) == 3
    assert not bench.files() & before, "what nobody needs any more is gone"
    assert list(bench.folder.glob("tmp*")) == []


async def test_changed_flags_are_in_the_file_and_the_rest_is_as_it_was(
    bench: Bench, flags: dict[int, Flags]
) -> None:
    job = await bench.clip(prompt="a red ball")
    flags[job.id] = Flags(named=True, prompt_shown=True, training=True)
    await bench.resigner.all()
    first = await bench.says(job)
    assert (first.creator, first.prompt, first.training) == ("Ada", "a red ball", True)
    flags[job.id] = Flags(dataset=True)
    bench.toy = bench.toy.model_copy(update={"licence": "changed since"})
    bench.resigner = bench.another()
    await bench.changed(job)
    await bench.resigner.all()
    second = await bench.says(job)
    assert second == replace(first, creator="", prompt="", training=False, dataset=True)
    assert len(bench.files()) == 1


async def test_twice_is_harmless(bench: Bench) -> None:
    job = await bench.clip()
    assert await bench.resigner.sign(job.id, 1)
    key = (await bench.row(job)).video_key
    assert await bench.resigner.sign(job.id, 1)
    await bench.resigner.all()
    assert (await bench.row(job)).video_key == key
    assert not await bench.resigner.sign(job.id, 4)
    assert not await bench.resigner.sign(99, 1)


async def test_workers_that_sign_the_same_clip_leave_one_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.clip()
    all_have_signed, signing = threading.Barrier(4), resign._sign

    def together(*arguments: Any) -> None:
        signing(*arguments)
        all_have_signed.wait(20)

    monkeypatch.setattr(resign, "_sign", together)
    done = await asyncio.gather(*(bench.another().sign(job.id, 1) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    row = await bench.row(job)
    assert row.signed
    assert bench.files() == {row.video_key}


async def test_a_change_while_it_is_signed_is_not_overlooked(
    bench: Bench, flags: dict[int, Flags], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await bench.clip()
    signing = resign._sign

    def slowly(*arguments: Any) -> None:
        signing(*arguments)
        flags[job.id] = Flags(training=not flags.get(job.id, Flags()).training)

    monkeypatch.setattr(resign, "_sign", slowly)
    assert not await bench.resigner.sign(job.id, 1)
    assert not (await bench.row(job)).signed
    assert bench.files() == {(await bench.row(job)).video_key}
    monkeypatch.setattr(resign, "_sign", signing)
    assert await bench.resigner.sign(job.id, 1)
    assert (await bench.says(job)).training


async def test_a_render_keeps_the_file_that_it_reads(bench: Bench) -> None:
    job = await bench.clip()
    extension = await bench.studio.desk.extend(bench.artist, job.id, 1, request())
    assert await bench.studio.claim() is not None
    before = (await bench.row(job)).video_key
    assert not await bench.resigner.sign(job.id, 1)
    assert bench.files() == {before}
    await bench.studio.finish(await bench.studio.job(extension.id))
    assert await bench.resigner.sign(job.id, 1)


async def test_what_was_made_from_a_clip_follows_it(bench: Bench, flags: dict[int, Flags]) -> None:
    """A child quotes its parent's credentials: a name that is taken back goes there, too."""
    parent = await bench.clip(1)
    child = await _child(bench, parent, 2)
    grandchild = await _child(bench, child, 3)
    flags[parent.id] = Flags(named=True)
    await bench.changed(parent)
    await bench.resigner.all()
    assert [one.signed for one in (await bench.says(child)).ingredients] == [True]
    assert b"Ada" in await _bytes(bench, grandchild)
    flags[parent.id] = Flags()
    await bench.changed(parent)
    await bench.resigner.all()
    for job in (parent, child, grandchild):
        assert (await bench.row(job)).signed
        assert b"Ada" not in await _bytes(bench, job)


async def test_a_film_follows_its_clips_and_leaves_them_their_files_while_it_is_made(
    bench: Bench, flags: dict[int, Flags]
) -> None:
    one, two = await bench.clip(1), await bench.clip(2)
    flags[two.id] = Flags(named=True)
    await bench.resigner.all()
    shown = [(one, 1), (two, 1)]
    film = films.put_together(Task.FILM, shown, request(), bench.artist.id, "both", private=True)
    async with bench.db.begin() as s:
        await films.add(s, film, shown)
    claimed = await bench.studio.claim()
    assert claimed is not None
    await bench.changed(one)
    assert not await bench.resigner.sign(one.id, 1), "its file is being read"
    await bench.studio.finish(claimed)
    await bench.give_file(claimed, 3)
    await bench.resigner.all()
    of = (await bench.says(claimed)).ingredients
    assert [(part.title, part.signed) for part in of] == [
        (f"Clip 1 of job {job.id}", True) for job in (one, two)
    ]
    assert b"Ada" in await _bytes(bench, claimed)
    flags[two.id] = Flags()
    await bench.changed(two)
    await bench.resigner.all()
    assert b"Ada" not in await _bytes(bench, claimed)


async def test_a_withdrawn_parent_is_named_and_no_longer_quoted(
    bench: Bench, flags: dict[int, Flags]
) -> None:
    parent = await bench.clip(1)
    flags[parent.id] = Flags(named=True)
    await bench.resigner.all()
    child = await _child(bench, parent, 2)
    await bench.resigner.all()
    assert b"Ada" in await _bytes(bench, child)
    await bench.studio.desk.withdraw(bench.artist, parent.id)
    assert (await bench.studio.job(parent.id)).status is Status.WITHDRAWN
    await bench.resigner.all()
    assert b"Ada" not in await _bytes(bench, child)
    (named,) = (await bench.says(child)).ingredients
    assert (named.title, named.signed) == (f"Clip 1 of job {parent.id}", False)


async def test_an_altered_file_is_not_signed_as_if_it_were_ours(bench: Bench) -> None:
    job, other = await bench.clip(1), await bench.clip(2)
    file = bench.media.path((await bench.row(job)).video_key)
    data = bytearray(file.read_bytes())
    data[-9] ^= 1
    file.write_bytes(data)
    await bench.resigner.all()
    assert not (await bench.row(job)).signed
    assert file.read_bytes() == data
    assert (await bench.row(other)).signed, "it keeps nobody else waiting"


async def _child(bench: Bench, parent: Job, seed: int) -> Job:
    submitted = await bench.studio.desk.extend(bench.artist, parent.id, 1, request())
    assert await bench.studio.claim() is not None
    rendering = await bench.studio.job(submitted.id)
    assert await bench.studio.finish(rendering)
    await bench.give_file(rendering, seed)
    return rendering


async def _bytes(bench: Bench, job: Job) -> bytes:
    return bench.media.path((await bench.row(job)).video_key).read_bytes()
