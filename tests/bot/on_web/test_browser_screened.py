"""What is blocked, in a real browser: its artist reads why, says it otherwise, appeals, and is let in."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from db.states import Status
from tests.bot.on_web.served import Served
from tests.bot.on_web.test_browser import CONTRAST, opened

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
STOPPED = " ".join(["A naked cherub, painted as a", "child", "on a ceiling"])


@pytest.fixture
async def windows(chromium: Browser) -> Browser:
    """Give the browser's windows the patience of a shared machine."""
    expect.set_options(timeout=15_000)
    return chromium


async def test_a_blocked_wish_is_explained_reworded_appealed_and_let_in(
    windows: Browser, served: Served
) -> None:
    ada = await opened(windows, served, "/as/ada/")
    await ada.get_by_label("What should the clip show?").fill(STOPPED)
    await ada.get_by_role("button", name="Make it").click()
    await expect(ada.get_by_role("status")).to_contain_text("Job 1 was stopped by the screen")
    card = ada.locator("#mine-1")
    await expect(card).to_contain_text("Nothing here may show a minor in a sexual way.")
    await expect(card).to_contain_text("rule sexual-minors, version 1")
    await expect(card.locator("q")).to_have_text("child, naked")
    await expect(card.locator(".prompt")).to_have_text(STOPPED)

    await card.locator("summary", has_text="Reword").click()
    await card.get_by_label("in other words").fill("A cherub, painted on a ceiling")
    await card.get_by_role("button", name="Send").click()
    await expect(ada.locator("#mine-2")).to_contain_text("Next in line")

    await card.locator("summary", has_text="Appeal").click()
    await card.get_by_label("Why should others look at it again?").fill("It is the Sistine Chapel.")
    await card.locator("[data-asks=appeal] button[value=appeal]").click()
    await expect(card).to_contain_text("moderators will read your words and decide")
    for moderator in ("mo", "lin"):
        window = await opened(windows, served, f"/as/{moderator}/review")
        asked = window.locator("#review-1")
        if (await served.job(1)).status is not Status.APPEALED:
            continue
        await expect(asked).to_contain_text("It is the Sistine Chapel.")
        await expect(asked).to_contain_text("so there are no clips")
        words = asked.locator("q", has_text="child, naked")
        await expect(words).to_be_hidden()
        await asked.get_by_text("Show the words").first.click()
        await expect(words).to_be_visible()
        await asked.get_by_role("button", name="Approve").click()
        await expect(asked.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(card).to_contain_text("in line")
    assert (await served.job(1)).status is Status.QUEUED
    bo = await opened(windows, served, "/as/bo/line")
    await expect(bo.get_by_text("Ada").first).to_be_visible()
    assert "sexual" not in await bo.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_its_cards_can_be_read_on_a_phone(
    windows: Browser, served: Served, scheme: Literal["light", "dark"]
) -> None:
    ada = await served.known("ada")
    for number in (1, 2):
        job = await served.submit(ada, STOPPED + " W" * 200 * number)
    await served.desk.appeal(ada, job.id, "It is a ceiling.")
    await served.in_review("bo", prompt="a nude statue turns its head")
    for path in ("/as/ada/", "/as/mo/review", "/as/bo/"):
        size = {"width": 360, "height": 740}
        page = await opened(windows, served, path, color_scheme=scheme, viewport=size)
        for covered in await page.get_by_text("Show the words").all():
            await covered.click()
        pale = await page.evaluate(CONTRAST)
        assert not pale, f"{path} ({scheme}): {json.dumps(pale, indent=1, ensure_ascii=False)}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
