"""One wish, three people: through a real Valkey, a real worker with the embedded model, and a browser."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, Page, expect

from db.models import Job, utcnow
from tests.support.processes import Processes
from tests.support.whole import Whole

PROMPT = "a red circle drifting left over a blue background"

# Draws frames of the first clip as they are shown, and says where the red is and what is around it.
LOOK_AT_THE_CLIP = """
async (video) => {
  const loaded = new Promise((done) => video.addEventListener("loadeddata", done, {once: true}));
  video.preload = "auto";
  video.load();
  await loaded;
  video.pause();
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const paper = canvas.getContext("2d", {willReadFrequently: true});
  const seen = [];
  for (const part of [0.1, 0.5, 0.9]) {
    const wanted = video.currentTime = part * video.duration;
    do await new Promise((done) => setTimeout(done, 50));
    while (video.seeking || Math.abs(video.currentTime - wanted) > 0.01);
    paper.drawImage(video, 0, 0);
    const pixels = paper.getImageData(0, 0, canvas.width, canvas.height).data;
    let red = 0, blue = 0, x = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      const [r, g, b] = [pixels[i], pixels[i + 1], pixels[i + 2]];
      if (r > 150 && g < 110 && b < 110) { red += 1; x += (i / 4) % canvas.width; }
      if (b > 120 && r < 110) blue += 1;
    }
    const all = pixels.length / 4;
    seen.push({red: red / all, blue: blue / all, x: red ? x / red / canvas.width : null});
  }
  return seen;
}
"""


async def window(chromium: Browser, whole: Whole, path: str) -> Page:
    page = await (await chromium.new_context()).new_page()
    page.set_default_timeout(30_000)
    await page.goto(whole.page + path)
    return page


async def close_the_ballot(whole: Whole) -> None:
    """What only a day would do."""
    db = whole.db()
    async with db.begin() as s:
        (await s.get_one(Job, 1)).ballot_closes_at = utcnow() - timedelta(seconds=1)
    await db.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_wish_becomes_a_voted_clip(
    sora_process: Processes, chromium: Browser, tmp_path: Path
) -> None:
    expect.set_options(timeout=30_000)
    whole = Whole(sora_process, tmp_path, SORA_NEWCOMER_PUBLICATIONS="3")
    up = await whole.start()
    ada = await window(chromium, whole, "/as/ada/")
    bo = await window(chromium, whole, "/as/bo/showcase")
    mo = await window(chromium, whole, "/as/mo/review")

    # Ada wishes; her receipt follows the render and becomes the result, hers alone at first.
    await ada.get_by_label("What should the clip show?").fill(f"{PROMPT} --variations 2")
    await ada.get_by_role("button", name="Make it").click()
    mine = ada.locator("[data-list=mine] article")
    await expect(mine).to_contain_text(PROMPT)
    clip = mine.locator("video").first
    await expect(clip).to_be_visible(timeout=90_000)
    seen = await clip.evaluate(LOOK_AT_THE_CLIP)
    assert all(frame["red"] > 0.01 for frame in seen), seen
    assert all(frame["blue"] > 0.4 for frame in seen), seen
    assert seen[0]["x"] > seen[1]["x"] > seen[2]["x"], seen
    await expect(bo.locator("[data-list=showcase] article")).to_have_count(0)

    # Mo sees it without reloading, behind a spoiler, and approves with one tap; of a newcomer's first
    # clips Lin has to agree.
    card = mo.locator("[data-list=review] article")
    await expect(card).to_contain_text(PROMPT)
    await expect(card.get_by_role("button", name="Show clip 1")).to_be_visible()
    await card.get_by_role("button", name="Approve").click()
    await expect(card).to_contain_text("Mo approved.")
    await expect(card).to_contain_text("1 of 2 reviews.")
    lin = await window(chromium, whole, "/as/lin/review")
    await lin.get_by_role("button", name="Approve").click()
    await expect(card).to_contain_text("Lin approved.")

    # Bo sees it without reloading, votes, and changes his mind; Mo votes too; Ada may not.
    shown = bo.locator("[data-list=showcase] article")
    await expect(shown).to_contain_text(PROMPT)
    await shown.get_by_role("button", name="Vote for 1").click()
    await expect(shown.get_by_role("button", name="Vote for 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    await shown.get_by_role("button", name="Vote for 2").click()
    await mo.goto(whole.page + "/as/mo/showcase")
    await mo.get_by_role("button", name="Vote for 2").click()
    await expect(shown.locator("figure").nth(1)).to_contain_text("2 votes")
    await expect(shown.locator("figure").nth(0)).to_contain_text("0 votes")
    await ada.goto(whole.page + "/as/ada/showcase")
    await expect(ada.get_by_role("button", name="Vote for 1")).to_have_count(0)

    # The ballot closes by time, and every window shows the winner.
    await close_the_ballot(whole)
    for page in (ada, bo, mo):
        await expect(page.locator("figure.winner")).to_contain_text("Winner")
    await bo.screenshot(path=tmp_path / "showcase.png", full_page=True)

    # Ada takes it out again, and it is gone from everybody's window.
    await ada.goto(whole.page + "/as/ada/")
    await ada.get_by_text("Withdraw", exact=True).click()
    await ada.get_by_role("button", name="Yes, withdraw").click()
    await expect(bo.locator("[data-list=showcase] article")).to_have_count(0)

    children = psutil.Process(up.pid).children(recursive=True)
    up.terminate()
    assert await up.ends(within=30) == 0
    await asyncio.to_thread(psutil.wait_procs, children, timeout=5)
    assert not [child for child in children if child.is_running()]
