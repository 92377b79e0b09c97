"""The dataset holds what its artists allow, with licence and credit, and names what was taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.dataset import METADATA, REMOVED, Exported, export
from bot.trouble import Misused
from db import clips, workers
from db.broker import Broker
from db.media import Media
from db.models import Job, Worker
from db.session import Db
from db.states import Flag, Verdict
from moderation.people import Person, Role
from tests.support.studio import NO_BROKER, Studio, person

pytestmark = pytest.mark.databases("sqlite")

DATASET = {Flag.DATASET}
BOTH = {Flag.DATASET, Flag.TRAINING}


@pytest.fixture
async def studio(db: Db) -> Studio:
    return await Studio(db, Broker(NO_BROKER)).open()


@pytest.fixture
def media(tmp_path: Path) -> Media:
    return Media(tmp_path / "media")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


async def published(studio: Studio, media: Media, name: str = "ada", **wish: Any) -> Job:
    """A job in the showcase whose files are there."""
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(await person(studio.db, name), **wish)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    async with studio.db.begin() as s:
        for clip in await clips.of(s, job.id):
            file = media.folder / f"{job.id}-{clip.number}.mp4"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"job {job.id}, clip {clip.number}")
            clip.video_key = await media.put(file)
    return job


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def artist(studio: Studio, name: str = "ada") -> Person:
    return await person(studio.db, name)


@pytest.mark.databases("sqlite", "postgres")
async def test_only_what_is_allowed_with_licence_and_credit(
    studio: Studio, media: Media, folder: Path
) -> None:
    job = await published(studio, media)
    await published(studio, media, "bo")
    assert (await export(studio.db, media, folder, DATASET)).clips == 0
    ada = await artist(studio)
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 2)
    assert await export(studio.db, media, folder, DATASET) == Exported(1, 0, 0, 0)
    (entry,) = lines(folder / METADATA)
    said = ("job-1-clip-2.mp4", "ada", "Apache-2.0", job.seed + 1, 64, 64, False)
    asked = ("file_name", "credit", "licence", "seed", "width", "height", "training")
    assert tuple(entry[name] for name in asked) == said
    assert "prompt" not in entry
    assert (folder / "job-1-clip-2.mp4").read_text() == "job 1, clip 2"
    await studio.desk.consent(ada, job.id, {Flag.PROMPT_SHOWN: True}, 2)
    await export(studio.db, media, folder, DATASET)
    assert lines(folder / METADATA)[0]["prompt"] == "a red circle"


@pytest.mark.databases("sqlite", "postgres")
async def test_training_needs_both(studio: Studio, media: Media, folder: Path) -> None:
    job, ada = await published(studio, media), await artist(studio)
    await studio.desk.consent(ada, job.id, {Flag.TRAINING: True})
    assert (await export(studio.db, media, folder, BOTH)).clips == 0
    assert (await export(studio.db, media, folder, DATASET)).clips == 0
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 1)
    assert (await export(studio.db, media, folder, BOTH)).clips == 1


async def test_what_was_taken_back_goes_and_is_named(
    studio: Studio, media: Media, folder: Path
) -> None:
    job, ada = await published(studio, media, variations=2), await artist(studio)
    other = await published(studio, media)
    for one in (job, other):
        await studio.desk.consent(ada, one.id, {Flag.DATASET: True})
    assert (await export(studio.db, media, folder, DATASET)).clips == 4
    await studio.desk.consent(ada, job.id, {Flag.DATASET: False}, 1)
    await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: False}, 2)
    await studio.desk.withdraw(ada, other.id)
    assert await export(studio.db, media, folder, DATASET) == Exported(0, 4, 0, 0)
    gone = {entry["file_name"] for entry in lines(folder / REMOVED)}
    assert gone == {f"job-{j}-clip-{n}.mp4" for j in (job.id, other.id) for n in (1, 2)}
    assert [file.name for file in folder.glob("*.mp4")] == []
    assert (await export(studio.db, media, folder, DATASET)).removed == 0
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 1)
    await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: True}, 2)  # it isn't shown, for all that
    assert (await export(studio.db, media, folder, DATASET)).clips == 1
    assert len(lines(folder / REMOVED)) == 3


@pytest.mark.databases("sqlite", "postgres")
async def test_a_licence_that_is_unknown_leaves_a_clip_out_unless_it_was_known(
    studio: Studio, media: Media, folder: Path
) -> None:
    job, ada = await published(studio, media), await artist(studio)
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 1)
    await export(studio.db, media, folder, DATASET)
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 2)
    async with studio.db.begin() as s:
        for worker in await workers.every(s):
            await s.delete(await s.get_one(Worker, worker.name))
    done = await export(studio.db, media, folder, DATASET)
    assert done == Exported(1, 0, 1, 0)
    assert "licence isn't known" in str(done)
    assert lines(folder / METADATA)[0]["licence"] == "Apache-2.0"


async def test_a_folder_of_something_else_is_left_alone(
    studio: Studio, media: Media, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Misused, match="something else"):
        await export(studio.db, media, tmp_path, DATASET)


async def test_a_new_file_of_the_same_clip_replaces_the_old(
    studio: Studio, media: Media, folder: Path
) -> None:
    job, ada = await published(studio, media), await artist(studio)
    await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 1)
    await export(studio.db, media, folder, DATASET)
    new = media.folder / "new.mp4"
    new.write_text("signed anew")
    async with studio.db.begin() as s:
        clip = await clips.get(s, job.id, 1)
        assert clip is not None
        clip.video_key = await media.put(new)
    await export(studio.db, media, folder, DATASET)
    assert (folder / "job-1-clip-1.mp4").read_text() == "signed anew"
