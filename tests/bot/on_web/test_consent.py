"""Consent on the web: the job's page and the page of what clips begin with."""

from __future__ import annotations

import re

import pytest

from bot.on_web import guard
from db import clips
from db.states import Flag, Status
from moderation.consent import may
from tests.bot.on_web.served import Be, Caller, Served


async def allowed(served: Served, job_id: int, number: int) -> set[Flag]:
    async with served.db.read() as s:
        clip = await clips.get(s, job_id, number)
    assert clip is not None
    return {flag for flag in Flag if may(clip, flag)}


def was(page: str) -> list[str]:
    return re.findall(r'name="was" value="([\w-]+)"', page)


async def send(caller: Caller, path: str, page: str, *ticked: str) -> str:
    """Send the form of a page; what the page says that it leads to."""
    fields: list[tuple[str, str]] = [("was", name) for name in was(page)]
    return await caller.send(path, [*fields, *(("allow", name) for name in ticked)])


async def test_each_clip_is_ticked_by_itself(served: Served, be: Be) -> None:
    job = await served.published("ada")
    ada, path = be("ada"), f"/jobs/{job.id}"
    page = await ada.page(path)
    assert was(page) == ["1-showcase", "2-showcase"]
    after = await send(ada, f"{path}/consent", page, "1-showcase", "1-remix", "2-dataset")
    assert await allowed(served, job.id, 1) == {Flag.SHOWCASE, Flag.REMIX}
    assert await allowed(served, job.id, 2) == {Flag.DATASET}
    assert "clip 1: remix is allowed." in after
    assert "Showcase of clip 2: taken back." in await ada.page(path)
    await served.told()
    public = await be("bo").page(path)
    assert "showcase of clip 1, remix of clip 1" in public
    assert 'name="allow"' not in public
    assert "How it came about" not in public
    assert f"/jobs/{job.id}/clips/1.mp4" in public
    assert f"/jobs/{job.id}/clips/2.mp4" not in public
    assert (await be("bo").status(f"{path}/clips/2.mp4")) == 404
    assert (await be("ada").status(f"{path}/clips/2.mp4")) == 200


async def test_a_form_takes_nothing_back_that_was_said_meanwhile(served: Served, be: Be) -> None:
    job = await served.published("ada")
    ada, path = be("ada"), f"/jobs/{job.id}"
    page = await ada.page(path)
    await served.desk.consent(await served.known("ada"), job.id, {Flag.SHOWCASE: False})
    await send(ada, f"{path}/consent", page, "1-showcase", "2-showcase", "2-name")
    assert await allowed(served, job.id, 2) == {Flag.NAMED}
    assert (await served.job(job.id)).status is Status.READY


async def test_nobody_says_it_for_others(served: Served, be: Be) -> None:
    job = await served.published("ada")
    page = await be("ada").page(f"/jobs/{job.id}")
    await send(be("bo"), f"/jobs/{job.id}/consent", page, "1-showcase", "2-showcase", "1-remix")
    assert await allowed(served, job.id, 1) == {Flag.SHOWCASE}


async def test_what_clips_begin_with(served: Served, be: Be) -> None:
    ada = be("ada")
    page = await ada.page("/consent")
    after = await send(ada, "/consent", page, "all-showcase", "all-elsewhere")
    assert "elsewhere is allowed" in after
    job = await served.in_review("ada")
    assert await allowed(served, job.id, 1) == {Flag.SHOWCASE, Flag.ELSEWHERE}


@pytest.mark.parametrize("clip", ["9" * 5000, str(2**70), "٣", "-1", "0"])
async def test_a_clip_of_no_number_that_there_could_be_changes_nothing(
    served: Served, be: Be, clip: str
) -> None:
    job = await served.published("ada")
    await be("ada").page()
    said = await be("ada").send(f"/jobs/{job.id}/consent", [("allow", f"{clip}-remix")])
    assert guard.BUG not in said
    assert "Traceback" not in said
