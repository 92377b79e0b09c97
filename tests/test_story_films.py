"""Films in the web room, with the embedded model: one of several shots, one of several artists."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, Page, expect

from db import clips, jobs, parts
from db.media import Media
from db.states import Task
from tests.support.films import decoded
from tests.support.processes import Processes
from tests.support.whole import Whole, until
from tests.test_story import window

SHOTS = (
    "a red circle drifting left over a blue background",
    "a yellow square on a dark background",
)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("migrated_data")
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


async def step(page: Page, sentence: str) -> None:
    """Go on in the chain from its card, once it is there."""
    card = page.locator("[data-list=mine] article").filter(has_text="Your turn in chain 1")
    await expect(card.locator("video")).to_be_visible(timeout=90_000)
    await card.get_by_text("Go on", exact=True).click()
    await card.get_by_label("What happens next?").fill(sentence)
    await card.get_by_role("button", name="Send").click()
    await expect(card).to_contain_text("You go on from it with job")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("migrated_data")
async def test_three_artists_make_a_film_of_which_each_sees_a_second(
    sora_process: Processes, chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=30_000)
    whole = Whole(sora_process, tmp_path)
    await whole.start()
    ada, bo, lin = [
        await window(chromium, whole, f"/as/{who}/chains") for who in ("ada", "bo", "lin")
    ]
    theme = "a red circle drifting right over a blue background"
    await ada.get_by_label("What should a new one begin with?").fill(f"{theme} --duration 2")
    await ada.get_by_role("button", name="Start a chain").click()
    await expect(ada.locator("#said")).to_contain_text("Chain 1 begins with job 1")
    for page in (bo, lin):
        await page.reload()
        await expect(page.locator("#chain-1")).to_contain_text(theme)
        await page.get_by_role("button", name="Join chain 1").click()
        await expect(page.locator("#said")).to_contain_text("You have a seat in chain 1")
        await page.screenshot(path=tmp_path / "chains.png", full_page=True)

    for page, sentence in ((bo, "a red circle rising"), (lin, "a red circle falling")):
        await page.goto(page.url.replace("/chains", "/"))
        await step(page, f"{sentence} over a blue background --duration 2")
    await bo.screenshot(path=tmp_path / "turn.png", full_page=True)
    for page in (bo, lin):  # neither sees anybody's clip but their own
        await expect(page.locator("[data-list=mine] article")).to_have_count(2)
        answer = await page.request.get(page.url + "jobs/1/clips/1.mp4")
        assert answer.status == 404

    async def all_made() -> bool:
        await ada.goto(whole.page + "/as/ada/chains")
        return "Clip 3: Lin." in await ada.locator("#chain-1").inner_text()

    await until(all_made, within=90)
    await ada.get_by_role("button", name="Close it and make its film").click()
    await expect(ada.locator("#said")).to_contain_text("it goes to the moderators")
    mo = await window(chromium, whole, "/as/mo/review")
    card = mo.locator("[data-list=review] article")
    await expect(card).to_have_count(1, timeout=60_000)
    await card.get_by_role("button", name="Approve").click()
    await lin.goto(whole.page + "/as/lin/showcase")
    await expect(lin.locator("[data-list=showcase] article")).to_contain_text("by Ada, Bo and Lin")
    await lin.screenshot(path=tmp_path / "shown.png", full_page=True)

    db = whole.db()
    async with db.read() as s:
        newest = await jobs.of_person(s, 1)
        film = next(job for job in newest if job.task is Task.FILM)
        made = [job for _, job in await parts.of(s, film.id)]
        (clip,) = await clips.of(s, film.id)
    await db.close()
    assert len({job.person_id for job in made}) == 3
    frames = decoded(Media(whole.media).path(clip.video_key))
    assert len(frames) == film.frames
    # At no seam is there a cut: neighbours differ no more than they do elsewhere.
    of_clips = frames[: sum(job.frames for job in made) - film.fps]
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(of_clips)]
    assert max(steps) < 12, max(steps)
