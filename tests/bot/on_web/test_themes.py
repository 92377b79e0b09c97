"""Themes on the page: which there are, and the gallery of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from db.models import Theme
from moderation.people import Person, Role
from tests.bot.on_web.served import Be, Served
from tests.bot.on_web.test_record import CONTRAST


@pytest.fixture
async def theme(served: Served) -> Theme:
    mo = await served.known("mo")
    host = Person(mo.id, mo.name, frozenset({Role.HOST}))
    return await served.desk.begin_theme(host, "What the <moon> sees", "moon", 7)


async def test_a_theme_is_a_gallery_of_what_takes_part(
    served: Served, be: Be, theme: Theme
) -> None:
    ada = be("ada")
    assert "There was no theme yet" not in await ada.page("/themes")
    assert "What the &lt;moon&gt; sees" in await ada.page("/themes")
    page = await ada.page(f"/themes/{theme.id}")
    assert "Use “moon” in your prompt." in page
    assert "Nothing takes part yet." in page
    await served.published("ada", prompt="a moon over water")
    await served.published("ada", prompt="moonlight")
    page = await ada.page(f"/themes/{theme.id}")
    assert "a moon over water" in page
    assert "moonlight" not in page
    await ada.page("/themes/99", status=404)


async def test_the_winner_is_named_and_comes_first(served: Served, be: Be, theme: Theme) -> None:
    await served.published("ada", prompt="a moon over water")
    job = await served.published("ada", prompt="a moon that wins")
    bo, mo = await served.known("bo"), await served.known("mo")
    await served.desk.vote(bo, job.id, 1)
    host = Person(mo.id, mo.name, frozenset({Role.HOST}))
    await served.desk.end_theme(host, theme.id)
    page = await be("bo").page(f"/themes/{theme.id}")
    assert "Job 2 has won, with clip 1." in page
    assert page.index("a moon that wins") < page.index("a moon over water")


async def test_hosts_begin_and_end_one_on_the_page(served: Served, be: Be) -> None:
    asked = {"what": "begin", "title": "The moon", "word": "moon", "number": "7", "credits": ""}
    ada, hal = be("ada"), be("hal")
    assert "Begin a theme" not in await ada.page("/themes")
    await ada.page()
    assert "Only hosts begin a theme." in await ada.send("/theme", [*asked.items()])
    assert "Begin a theme" in await hal.page("/themes")
    refused = await hal.send("/theme", [*(asked | {"word": "two words"}).items()])
    assert "a single word" in refused
    assert 'value="The moon"' in refused, "what was typed is kept"
    await hal.send("/theme", [*asked.items()])
    assert "End theme 1 now" not in await ada.page("/themes")
    assert "End theme 1 now" in await hal.page("/themes")
    await hal.send("/theme", [("what", "end"), ("number", "1")])
    assert "Over; nobody has voted." in await hal.page("/themes")
    for wrong in ({"what": "win"}, asked | {"number": "-1"}, asked | {"number": "9" * 10}):
        assert (await hal.post("/theme", wrong))[0] == 400


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_both_pages_fit_a_phone_and_can_be_read(
    chromium: Browser,
    served: Served,
    theme: Theme,
    tmp_path: Path,
    scheme: Literal["light", "dark"],
) -> None:
    await served.published("ada", prompt="a moon over water")
    context = await chromium.new_context(
        viewport={"width": 320, "height": 700}, color_scheme=scheme
    )
    page = await context.new_page()
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for path in ("/as/ada/themes", f"/as/ada/themes/{theme.id}"):
        await page.goto(served.url + path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        assert await page.evaluate(CONTRAST) == []
        name = path.removeprefix("/as/ada/").replace("/", "-")
        await page.screenshot(path=shots / f"{name}-{scheme}.png", full_page=True)
    await context.close()
