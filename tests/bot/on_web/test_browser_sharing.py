"""Remix, Report and Info under a clip of the showcase, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from db.states import Flag
from tests.bot.on_web.served import Served
from tests.bot.on_web.test_browser import opened
from tests.support.studio import ABLE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


async def test_a_clip_is_remixed_reported_and_looked_into(
    chromium: Browser, served: Served
) -> None:
    await served.open([ABLE])
    job = await served.published("ada")
    await served.desk.consent(await served.known("ada"), job.id, {Flag.REMIX: True})
    await served.told()
    page = await opened(chromium, served, "/as/bo/showcase")
    card = page.locator(f"#showcase-{job.id}")
    await card.get_by_role("radio", name="Clip 2").check()
    await card.locator("summary", has_text="Remix").click()
    words = card.get_by_label("What should yours show?")
    await expect(words).to_be_focused()
    await words.fill("a cube")
    await words.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("your remix of that clip")
    assert (await served.job(2)).parent_clip == 2

    await card.locator("summary", has_text="Report").click()
    reason = card.get_by_label("What is wrong with it?")
    await expect(reason).to_be_focused()
    await reason.select_option("Spam")
    vote = card.get_by_role("button", name="Vote for 1")
    lin = await opened(chromium, served, "/as/lin/showcase")
    await lin.locator(f"#showcase-{job.id}").get_by_role("button", name="Vote for 1").click()
    await expect(card).to_contain_text("1 vote")
    await expect(reason).to_have_value("spam")  # what was begun survives a repaint
    await expect(vote).to_be_visible()
    await card.get_by_label("More about it, in a sentence").fill("It sells shoes.")
    await card.get_by_role("button", name="Send").last.click()
    await expect(page.get_by_role("status")).to_contain_text("The moderators will look at job")
    await expect(card.locator("summary", has_text="Report")).to_have_count(0)

    mo = await opened(chromium, served, "/as/lin/review")
    reported = mo.locator(f"#review-{job.id}")
    await expect(reported).to_contain_text("Reported by 1 person: spam.")
    await mo.keyboard.press("j")
    await mo.keyboard.press("x")
    await mo.keyboard.type("No shops.")
    await mo.keyboard.press("Enter")
    await expect(reported).to_contain_text("Taken down")
    await expect(card).to_have_count(0)


async def test_info_is_a_link_to_how_it_was_made(chromium: Browser, served: Served) -> None:
    job = await served.published("ada")
    page = await opened(chromium, served, "/as/bo/showcase")
    await page.get_by_role("link", name="Info").click()
    await expect(page.locator("#info")).to_contain_text(f"About job {job.id}")
    assert page.url.endswith(f"/jobs/{job.id}#info")
