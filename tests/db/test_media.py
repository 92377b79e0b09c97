"""The media store, the same in a folder and in a bucket."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from db.media import IN_USE_SECONDS, PARTIAL, PARTIAL_SECONDS, UNUSED_SECONDS, Media
from tests.support.buckets import Store

CONTENT = b"a clip " * 100_000


def written(folder: Path, content: bytes = CONTENT, name: str = "clip.mp4") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def elsewhere(media: Media, folder: Path) -> Media:
    """The same store as another machine has it, which a folder can only be by itself."""
    return media if media.bucket is None else Media(folder / "elsewhere", media.bucket)


async def test_what_is_put_is_there_for_everybody_under_its_hash(
    media: Media, tmp_path: Path
) -> None:
    key = await media.put(written(tmp_path))
    assert key == f"{hashlib.sha256(CONTENT).hexdigest()}.mp4"
    for one in (media, elsewhere(media, tmp_path)):
        path = await one.bring(one.path(key))
        assert path is not None
        assert path.read_bytes() == CONTENT
        assert await one.size(one.path(key)) == await one.taken() == len(CONTENT)
    assert await media.put(written(tmp_path)) == key


async def test_what_nobody_put_is_nowhere(media: Media) -> None:
    path = media.path(f"{'0' * 64}.mp4")
    assert await media.bring(path) is None
    assert await media.size(path) is None
    assert not path.exists()
    await media.discard(path.name)
    with pytest.raises(ValueError, match="not a media key"):
        media.path("../secret.mp4")


async def test_a_discarded_clip_takes_its_smaller_forms_with_it(
    media: Media, tmp_path: Path
) -> None:
    one, other = [
        await media.put(written(tmp_path, content, name))
        for name, content in (("a.mp4", b"one"), ("b.mp4", b"other"))
    ]
    media.fitted.mkdir()
    forms = {
        key: [media.form(key, 8_000_000), media.form(key, 1_000_000), media.grey(key)]
        for key in (one, other)
    }
    for form in (*forms[one], *forms[other]):
        form.write_text(form.name)
        await media.share(form)
    await media.discard(one)
    await media.discard(one)
    for where in (media, elsewhere(media, tmp_path)):
        there = [where.fitted / form.name for form in forms[other]]
        gone = [where.path(one), *(where.fitted / form.name for form in forms[one])]
        for path in [where.path(other), *there]:
            assert await where.bring(path) == path
        assert [form.read_text() for form in there] == [form.name for form in there]
        assert [await where.bring(path) for path in gone] == [None] * 4


async def test_what_a_killed_process_left_half_written_goes_and_nothing_else(
    media: Media, tmp_path: Path
) -> None:
    key = await media.put(written(tmp_path))
    old, new = [media.path(key).parent / f"{PARTIAL}{name}" for name in ("old", "new")]
    for file in (old, new):
        file.touch()
    os.utime(old, (time.time() - PARTIAL_SECONDS - 1,) * 2)
    media.tidy()
    assert {file.name for file in media.folder.rglob("*") if file.is_file()} == {new.name, key}


async def test_copies_that_are_too_many_or_old_go_and_come_again(
    store: Store, tmp_path: Path
) -> None:
    bucket = store.bucket()
    large, small = [Media(tmp_path / "copies", bucket, copies) for copies in (10**9, 1000)]
    over = {
        "old": UNUSED_SECONDS,
        "older": IN_USE_SECONDS + 5,
        "less old": IN_USE_SECONDS,
        "new": -9,
    }
    paths = {}
    for name, age in over.items():
        paths[name] = large.path(await large.put(written(tmp_path, name.encode() * 400)))
        os.utime(paths[name], (time.time() - age - 5,) * 2)
    large.tidy()
    assert [name for name, path in paths.items() if path.exists()] == ["older", "less old", "new"]
    assert await small.bring(paths["less old"]), "whoever asks for it needs it again"
    small.tidy()
    assert [name for name, path in paths.items() if path.exists()] == ["less old", "new"]
    assert await small.bring(paths["old"])


async def test_a_folder_is_no_copy_and_keeps_everything(tmp_path: Path) -> None:
    media = Media(tmp_path / "media", copies=1)
    path = media.path(await media.put(written(tmp_path)))
    os.utime(path, (0, 0))
    media.tidy()
    assert path.exists()
