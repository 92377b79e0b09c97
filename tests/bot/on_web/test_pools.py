"""Pools as people and programs meet them on the web."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import aiohttp
import pytest
from playwright.async_api import Browser

from moderation.pools import close_due
from tests.bot.on_web.served import Be, Served
from tests.bot.on_web.test_record import CONTRAST, anybody, got
from tests.moderation.test_pools import earn, over, proposed, two_days_later

__all__ = ["anybody", "two_days_later"]


@pytest.fixture
async def split(served: Served) -> None:
    """One pool is split between Ada and Bo, and another is proposed."""
    for name, amount in (("ada", 20), ("bo", 10)):
        who = await served.known(name)
        await earn(served.db, who, amount)
        await served.desk.take_part_in_pools(who, True)
    await proposed(served.db)
    await over(served.db)
    await close_due(served.db)


async def test_everybody_may_read_who_gets_what(
    anybody: aiohttp.ClientSession, split: None
) -> None:
    page = await got(anybody, "/pools")
    assert "67 EUR cent" in page
    assert "20 earned · not claimed yet" in page
    assert 'method="post"' not in page
    (pool,) = json.loads(await got(anybody, "/pools.json"))["pools"]
    assert [(one["credit"], one["amount"]) for one in pool["shares"]] == [(20, 67), (10, 33)]


async def test_with_no_pool_there_is_a_sentence(anybody: aiohttp.ClientSession) -> None:
    assert "There was no pool yet." in await got(anybody, "/pools")


async def test_one_takes_part_and_claims_with_buttons(served: Served, be: Be, split: None) -> None:
    page = await be("ada").page("/pools")
    assert "67 EUR cent wait for you." in page
    assert 'value="leave"' in page
    assert 'value="join"' in await be("hal").page("/pools")
    assert "Choose what to do." in await be("ada").send("/pools", [("what", "all")])
    assert "the hosts pay it to you" in await be("ada").send("/pools", [("what", "claim")])
    assert "wait for you" not in await be("ada").page("/pools")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_reads_well_on_a_phone_in_light_and_dark(
    served: Served,
    split: None,
    chromium: Browser,
    tmp_path: Path,
    scheme: Literal["light", "dark"],
) -> None:
    context = await chromium.new_context(
        viewport={"width": 320, "height": 700}, color_scheme=scheme
    )
    page = await context.new_page()
    await page.goto(f"{served.url}/as/ada/pools")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await page.evaluate(CONTRAST) == []
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_text("the hosts pay it to you").wait_for()
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    await page.screenshot(path=shots / f"pools-{scheme}.png", full_page=True)
    await context.close()
