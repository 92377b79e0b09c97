"""Every trouble with a bucket is one sentence, and what was half sent or half brought is nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db.bucket import Bucket
from db.media import Damaged, Media, StoreTrouble
from tests.support.buckets import KEY, SECRET, Store, Wire, halved, spoilt

CONTENT = b"a clip of some length " * 1000
UNREACHED = "can't be reached, or doesn't answer in time"


@pytest.fixture
async def wire(store: Store) -> AsyncIterator[Wire]:
    async with Wire.to(store) as made:
        yield made


@pytest.fixture
def media(store: Store, wire: Wire, tmp_path: Path) -> Media:
    """A store beyond the wire, with little patience."""
    return Media(tmp_path / "copies", store.bucket(wire.port, patience=0.2))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / "clip.mp4"
    file.write_bytes(CONTENT)
    return file


def forgotten(media: Media, key: str) -> Path:
    """The path of a key that isn't copied here any more."""
    media.path(key).unlink()
    return media.path(key)


async def test_what_cannot_be_put_now_can_be_put_again(
    media: Media, wire: Wire, clip: Path
) -> None:
    wire.cut()
    with pytest.raises(StoreTrouble, match=UNREACHED) as trouble:
        await media.put(clip)
    assert SECRET not in str(trouble.value)
    wire.mend()
    path = forgotten(media, await media.put(clip))
    assert await media.bring(path), "a copy alone isn't stored, however often it was tried"


async def test_what_cannot_be_brought_now_is_not_taken_for_gone(
    media: Media, wire: Wire, clip: Path
) -> None:
    path = forgotten(media, await media.put(clip))
    wire.cut()
    for asked in (media.bring(path), media.size(path), media.discard(path.name)):
        with pytest.raises(StoreTrouble, match=UNREACHED):
            await asked
    wire.mend()
    assert await media.bring(path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("change", [spoilt, halved])
async def test_what_comes_damaged_is_not_kept(
    media: Media, wire: Wire, clip: Path, change: Callable[[bytes], bytes]
) -> None:
    key = await media.put(clip)
    path = forgotten(media, key)
    media.fitted.mkdir()
    form = media.form(key, 100)
    form.write_bytes(CONTENT)
    await media.share(form)
    form.unlink()
    wire.change = change
    for wanted in (path, form):
        with pytest.raises((Damaged, StoreTrouble)):
            await media.bring(wanted)
        assert not list(wanted.parent.iterdir())
    wire.mend()
    for wanted in (path, form):
        assert await media.bring(wanted)
        assert wanted.read_bytes() == CONTENT


async def test_a_silent_store_is_not_waited_for_for_ever(
    store: Store, wire: Wire, tmp_path: Path, clip: Path
) -> None:
    media = Media(tmp_path / "copies", store.bucket(wire.port, patience=0.02))
    path = media.path(f"{'0' * 64}.mp4")
    wire.change = lambda data: b""
    with pytest.raises(StoreTrouble, match=UNREACHED):
        await media.bring(path)


async def test_several_who_need_a_file_have_it_brought_once(
    media: Media, wire: Wire, clip: Path
) -> None:
    path = forgotten(media, await media.put(clip))
    answers: list[bytes] = []

    def counted(data: bytes) -> bytes:
        answers.append(data)
        return data

    wire.change = counted
    impatient = asyncio.create_task(media.bring(path))
    others = [asyncio.create_task(media.bring(path)) for _ in range(5)]
    while not answers:
        await asyncio.sleep(0)
    impatient.cancel()
    assert await asyncio.gather(*others) == [path] * 5
    assert sum(data.startswith(b"HTTP/") for data in answers) == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"secret": "another"}, "doesn't let these credentials use s3://clips (SignatureDoesNot"),
        ({"key": "nobody"}, "doesn't let these credentials use s3://clips (InvalidAccessKeyId"),
        ({"url": "s3://nothing"}, "has no bucket for s3://nothing."),
        ({"endpoint": "http://127.0.0.1:1"}, f"http://127.0.0.1:1 {UNREACHED}."),
    ],
)
async def test_what_is_wrong_with_a_bucket_is_said_in_one_sentence(
    store: Store, given: dict[str, str], sentence: str
) -> None:
    right = {"url": "s3://clips", "endpoint": store.endpoint, "key": KEY, "secret": SECRET}
    await Bucket(**right, patience=0.05).try_out()
    with pytest.raises(StoreTrouble) as trouble:
        await Bucket(**right | given, patience=0.05).try_out()
    said = str(trouble.value)
    assert sentence in said
    assert said.endswith(".")
    assert SECRET not in said


async def test_a_bucket_that_is_not_there_is_no_missing_file(store: Store, tmp_path: Path) -> None:
    bucket = Bucket("s3://nothing", endpoint=store.endpoint, key=KEY, secret=SECRET)
    media = Media(tmp_path, bucket)
    with pytest.raises(StoreTrouble, match="has no bucket"):
        await media.bring(media.path(f"{'0' * 64}.mp4"))
