"""A film of several shots, from the form of the web room to the showcase, with the embedded model."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from db import clips, jobs, parts
from db.media import Media
from tests.support.films import decoded
from tests.support.processes import Processes
from tests.support.whole import Whole
from tests.test_story import window

SHOTS = (
    "a red circle drifting left over a blue background",
    "a yellow square on a dark background",
)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_two_prompts_become_one_film(
    sora_process: Processes, chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=30_000)
    whole = Whole(sora_process, tmp_path)
    await whole.start()
    ada = await window(chromium, whole, "/as/ada/")
    mo = await window(chromium, whole, "/as/mo/review")

    # One shot alone is no storyboard: a sentence says so, and nothing that was typed is lost.
    prompt = ada.get_by_label("What should the clip show?")
    await prompt.fill(SHOTS[0])
    await ada.get_by_text("More options").click()
    await ada.get_by_label("Storyboard").check()
    await ada.get_by_role("button", name="Make it").click()
    await expect(ada.get_by_role("alert")).to_contain_text("A storyboard has 2 to 6 shots")
    await expect(prompt).to_have_value(SHOTS[0])

    # Two on lines of their own are one card, which becomes the film.
    await prompt.fill("\n".join(SHOTS))
    await ada.get_by_label("Seconds").fill("2")
    await ada.get_by_role("button", name="Make it").click()
    mine = ada.locator("[data-list=mine] article")
    await expect(mine).to_have_count(1)
    await expect(mine).to_contain_text(" | ".join(SHOTS))
    await expect(mine).to_contain_text("of 2 shots are rendered")
    await expect(mine.locator("video")).to_be_visible(timeout=90_000)
    await expect(mine).to_contain_text("Commons Shapes (Apache-2.0)")
    await ada.screenshot(path=tmp_path / "mine.png", full_page=True)

    card = mo.locator("[data-list=review] article")
    await expect(card).to_have_count(1)
    await card.get_by_role("button", name="Approve").click()
    await ada.goto(whole.page + "/as/ada/showcase")
    await expect(ada.locator("[data-list=showcase] article")).to_contain_text("by Ada")

    db = whole.db()
    async with db.read() as s:
        (film,) = await jobs.of_person(s, 1)
        shots = [job for _, job in await parts.of(s, film.id)]
        (clip,) = await clips.of(s, film.id)
    await db.close()
    frames = decoded(Media(whole.media).path(clip.video_key))
    assert len(frames) == film.frames
    assert film.frames >= sum(shot.frames for shot in shots) + 3 * film.fps
    red, yellow = frames[shots[0].frames // 2], frames[shots[0].frames + shots[1].frames // 2]
    assert ((red[..., 0] > 150) & (red[..., 1] < 110)).mean() > 0.01
    assert ((yellow[..., 0] > 150) & (yellow[..., 1] > 130) & (yellow[..., 2] < 120)).mean() > 0.01
