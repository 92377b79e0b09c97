"""The form of consent in a real browser: ticked and saved, on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from db import clips
from tests.bot.on_web.served import Served
from tests.bot.on_web.test_browser import opened

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


async def test_clips_are_ticked_one_by_one(chromium: Browser, served: Served) -> None:
    job = await served.published("ada")
    page = await opened(chromium, served, f"/as/ada/jobs/{job.id}")
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    remix = page.get_by_role("group", name="Remix")
    await remix.get_by_label("Clip 2").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("clip 2: remix is allowed.")
    await expect(page.get_by_role("group", name="Remix").get_by_label("Clip 2")).to_be_checked()
    async with served.db.read() as s:
        assert [clip.remix for clip in await clips.of(s, job.id)] == [False, True]
    await page.get_by_text("How it came about").click()
    await expect(page.get_by_text("Remix of clip 2: allowed.")).to_be_visible()
