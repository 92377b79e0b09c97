"""From a render to a withdrawal, with media in a folder and in a bucket that two machines share."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from bot import kept
from db import clips, forgetting
from db.media import Media
from db.models import Job
from tests.bot.on_web.served import Be, Served
from tests.support.buckets import Store, Wire


async def test_a_clip_is_served_until_it_is_withdrawn_and_goes_for_good(
    served: Served, be: Be, media: Media, tmp_path: Path
) -> None:
    await served.stop()
    served.media = media
    await served.start()
    if media.bucket is not None:  # what renders is another machine
        served.media = Media(tmp_path / "worker", media.bucket)
    job = await served.in_review(variations=1)
    clip, poster = f"/jobs/{job.id}/clips/1.mp4", f"/jobs/{job.id}/clips/1.jpg"
    ada, bo, mo = be("ada"), be("bo"), be("mo")
    assert [await who.status(clip) for who in (ada, mo, bo)] == [200, 200, 404]
    async with ada.session.get(ada.base + clip, headers={"Range": "bytes=4-7"}) as part:
        assert (part.status, await part.read()) == (206, b"ftyp")
        assert "media-src 'self';" in part.headers["Content-Security-Policy"]
    await mo.act(job, "approve")
    await served.told()
    assert await bo.status(clip) == await bo.status(poster) == 200
    await served.desk.withdraw(await served.known("ada"), job.id)
    assert [await who.status(clip) for who in (bo, mo)] == [404, 404], "a copy is no leave"

    async with served.db.begin() as s:
        (made,) = await clips.of(s, job.id)
        await forgetting.release(s, served.media, await s.get_one(Job, job.id))
    await clips.remove_noted(served.db, served.media)
    for machine in (served.media, Media(tmp_path / "third", media.bucket)):
        for key in (made.video_key, made.poster_key, made.preview_key):
            assert await machine.bring(machine.path(key)) is None
    assert await ada.status(clip) == 404


async def test_what_is_to_go_goes_once_the_store_is_there_again(
    served: Served, store: Store, tmp_path: Path
) -> None:
    async with Wire.to(store) as wire:
        served.media = Media(tmp_path / "copies", store.bucket(wire.port, patience=0.1))
        job = await served.in_review(variations=1)
        wire.cut()
        async with served.db.begin() as s:
            (made,) = await clips.of(s, job.id)
            await forgetting.release(s, served.media, await s.get_one(Job, job.id))
        with pytest.raises(OSError, match="can't be reached"):
            await clips.remove_noted(served.db, served.media)
        wire.mend()
        path = served.media.path(made.video_key)
        assert await served.media.size(path) == made.bytes
        await clips.remove_noted(served.db, served.media)
        assert await served.media.size(path) is None
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"stored anew")
        await served.media.share(path)
        await clips.remove_noted(served.db, served.media)
        assert await served.media.size(path), "what was noted is removed once"
        async with served.db.begin() as s:
            await clips.discard_unused(s, served.media, [made.video_key])
        await clips.keep(served.db, served.media, made.video_key)
        await clips.remove_noted(served.db, served.media)
        assert await served.media.size(path), "whoever puts it again wants it"


async def test_a_store_that_is_away_is_said_and_the_page_still_comes(
    served: Served, be: Be, store: Store, tmp_path: Path
) -> None:
    await served.stop()
    async with Wire.to(store) as wire:
        served.media = Media(tmp_path / "room", store.bucket(wire.port, patience=0.05))
        await served.start()
        served.media = Media(tmp_path / "worker", served.media.bucket)
        job = await served.in_review(variations=1)
        wire.cut()
        assert kept.AWAY in unescape(await be("ada").page(f"/jobs/{job.id}/clips/1.mp4", 503))
        assert f"Job {job.id}" in await be("ada").page(f"/jobs/{job.id}")
