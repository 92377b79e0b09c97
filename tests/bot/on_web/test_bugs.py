"""Reports about the studio on the page: made by anybody, decided by two moderators."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from tests.bot.on_web.served import Be, Served
from tests.bot.on_web.test_record import CONTRAST


async def test_a_report_is_made_and_two_moderators_accept_it(served: Served, be: Be) -> None:
    ada, bo, mo, lin = be("ada"), be("bo"), be("mo"), be("lin")
    assert "No report of yours waits." in await ada.page("/bugs")
    assert "Say in a few sentences" in await ada.send("/bug", [("text", " "), ("kind", "bug")])
    said = await ada.send("/bug", [("text", "The <moon> is a sun."), ("kind", "red_team")])
    assert "Report 1 is with the moderators." in said
    hers = await ada.page("/bugs")
    assert "The &lt;moon&gt; is a sun." in hers
    assert 'name="key"' not in hers
    assert "Accept report 1" not in hers
    assert "The &lt;moon&gt;" not in await bo.page("/bugs")
    yes = [("number", "1"), ("verdict", "yes")]
    assert "Only moderators decide" in await ada.send("/bug", yes)
    assert "Accept report 1" in await mo.page("/bugs")
    assert "needs one more moderator" in await mo.send("/bug", yes)
    await lin.page("/bugs")
    assert "Report 1 is accepted" in await lin.send("/bug", yes)
    assert "No report waits." in await mo.page("/bugs")
    for wrong in (
        {"verdict": "perhaps"},
        {"kind": "joke", "text": "x"},
        {"verdict": "no", "number": "x"},
    ):
        assert (await mo.post("/bug", wrong))[0] == 400


async def test_nobody_decides_about_their_own(served: Served, be: Be) -> None:
    mo = be("mo")
    await mo.page("/bugs")
    await mo.send("/bug", [("text", "Something is wrong."), ("kind", "bug")])
    assert "Accept report 1" not in await mo.page("/bugs")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_forms_fit_a_phone_and_can_be_read(
    chromium: Browser, served: Served, be: Be, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    hal = be("hal")
    await hal.page("/themes")
    theme = [("what", "begin"), ("title", "What the moon sees"), ("word", "moon"), ("number", "7")]
    await hal.send("/theme", theme)
    ada = be("ada")
    await ada.page("/bugs")
    await ada.send("/bug", [("text", "A click on the moon shows the sun. " * 5), ("kind", "bug")])
    context = await chromium.new_context(color_scheme=scheme)
    page = await context.new_page()
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for width in (320, 1280):
        await page.set_viewport_size({"width": width, "height": 700})
        for path in ("hal/themes", "mo/bugs", "ada/help"):
            await page.goto(f"{served.url}/as/{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await page.evaluate(CONTRAST) == []
            name = path.replace("/", "-")
            await page.screenshot(path=shots / f"{name}-{width}-{scheme}.png", full_page=True)
    await context.close()
