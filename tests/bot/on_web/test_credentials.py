"""The job's page says what was read from the stored files, to those who may see the clips."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from db import clips, credentials
from db.credentials import Flags
from db.models import Clip, Job
from gen import credentials as signing
from gen import encode, signing_key
from gen.credentials import Claim
from gen.settings import WorkerSettings
from tests.bot.on_web.served import Be, Served
from tests.support.films import ball

OURS = "It is unchanged since this studio signed it."


async def store(served: Served, job: Job, number: int, signed: bool = True, **claim: Any) -> str:
    """Give a clip a real file of its own; its key."""
    key = signing_key.hold(WorkerSettings(data=served.folder))
    said = Claim(f"Clip {number} of job {job.id}", "Toy", "Apache-2.0", "", "ab", Flags(), **claim)
    video = encode.mp4(ball(4 + number, 64, 64), 8)
    file = served.folder / f"{number}.mp4"
    await asyncio.to_thread(file.write_bytes, signing.signed(video, said, key) if signed else video)
    media_key = await served.media.put(file)
    async with served.db.begin() as s:
        of = (col(Clip.job_id) == job.id, col(Clip.number) == number)
        await s.execute(update(Clip).where(*of).values(video_key=media_key, signed=signed))
    return media_key


async def test_the_page_says_what_the_files_say(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    await store(served, job, 1, creator="Ada <b>")
    await store(served, job, 2, signed=False)
    page = await be("ada").page(f"/jobs/{job.id}")
    assert f"Clip 1: {OURS}" in page
    assert "Ada &lt;b&gt;" in page
    assert "by AI" in page
    assert "Clip 2: It has no Content Credentials yet" in page


async def test_only_of_clips_that_one_may_see(served: Served, be: Be) -> None:
    job = await served.published("ada", only=(1,))
    for number in (1, 2):
        await store(served, job, number)
    assert f"Clip 2: {OURS}" in await be("ada").page(f"/jobs/{job.id}")
    seen = await be("bo").page(f"/jobs/{job.id}")
    assert OURS in seen
    assert "Clip 2: " not in seen


async def test_an_altered_file_is_called_so(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    key = await store(served, job, 1)
    file = served.media.path(key)
    data = bytearray(await asyncio.to_thread(file.read_bytes))
    data[-9] ^= 1
    await asyncio.to_thread(file.write_bytes, data)
    assert "It was changed after it was signed" in await be("ada").page(f"/jobs/{job.id}")


async def test_each_file_is_read_once_and_a_new_one_anew(
    served: Served, be: Be, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await served.in_review("ada")
    await store(served, job, 1)
    await store(served, job, 2)
    read, reading = [], credentials.read

    def noted(*arguments: Any) -> credentials.Said:
        read.append(arguments[0].name)
        return reading(*arguments)

    monkeypatch.setattr(credentials, "read", noted)
    for _ in range(3):
        await be("ada").page(f"/jobs/{job.id}")
    assert len(read) == 2
    again = await store(served, job, 1, creator="Ada")
    assert "Ada" in await be("ada").page(f"/jobs/{job.id}")
    assert read[2:] == [again]


async def test_a_page_whose_files_are_gone_is_a_page(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    assert "It has no Content Credentials yet" in await be("ada").page(f"/jobs/{job.id}")
    async with served.db.read() as s:
        assert await clips.of(s, job.id)
