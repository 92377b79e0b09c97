"""The best of each week on its page and for programs, and its reel in the showcase."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from bot import weeks
from db.models import Job, utcnow
from db.states import Status
from moderation.weeks import over
from tests.bot.on_web.served import Be, Served
from tests.bot.on_web.test_record import CONTRAST
from tests.support.weeks import put_together, reel, swept, won

PROMPTS = ("a <red> circle", "two yellow squares over a hill", "waves")


async def a_week(served: Served, ago: int = 1) -> list[Job]:
    """Three winners of a week."""
    ada, bo, mo, lin, kim = [await served.known(key) for key in ("ada", "bo", "mo", "lin", "kim")]
    voted = ((ada, [bo, lin, kim]), (bo, [ada, lin]), (lin, [ada]))
    return [
        await won(served, who, mo, voters, ago=ago, prompt=prompt, aspect="16:9")
        for (who, voters), prompt in zip(voted, PROMPTS, strict=True)
    ]


async def asked(served: Served, query: str = "") -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.url}/best.json{query}") as got,
    ):
        assert got.status == 200
        found: dict[str, Any] = await got.json()
        return found


async def test_a_week_with_its_clips_and_its_reel(served: Served, be: Be) -> None:
    bo = be("bo")
    assert "No week is over yet in which somebody voted." in await bo.page("/best")
    assert 'href="/as/bo/best"' in await bo.page("/")
    first, second, _ = await a_week(served)
    await swept(served)
    page = await bo.page("/best")
    assert "a &lt;red&gt; circle" in page
    assert page.index(f"/jobs/{first.id}/clips/1.jpg") < page.index(
        f"/jobs/{second.id}/clips/1.jpg"
    )
    assert "1 · <bdi>Ada</bdi> · 3 votes" in page
    assert "<video" not in page, "there is no reel yet"
    film = await put_together(served)
    await served.told()
    page = await bo.page("/best")
    assert f"/jobs/{film.id}/clips/1.mp4" in page
    card = await bo.page("/showcase")
    assert f"Job {film.id} · by the community" in card
    assert weeks.RULE in card
    assert "Number 1 of the best of week " in card
    assert f'id="showcase-{film.id}"' in card
    assert (
        "The ballot is closed"
        not in card.split(f'id="showcase-{film.id}"')[1].split("</article>")[0]
    )
    assert await bo.status(f"/jobs/{film.id}/clips/1.mp4") == 200
    assert "By the community." in await bo.page(f"/jobs/{film.id}")

    await served.desk.withdraw(await served.known("bo"), second.id)
    await served.told()
    assert "two yellow squares" not in await bo.page("/best")
    assert f'id="showcase-{film.id}"' not in await bo.page("/showcase")
    assert await bo.status(f"/jobs/{film.id}/clips/1.mp4") == 404


async def test_programs_read_the_same_week_after_week(served: Served, be: Be) -> None:
    assert await asked(served) == {"weeks": [], "next": None}
    older = await a_week(served, ago=2)
    newer = await a_week(served)
    await swept(served)
    found = await asked(served)
    assert [week["number"] for week in found["weeks"]] == [n for _, n in over(utcnow())[:-3:-1]]
    assert [one["job"] for one in found["weeks"][0]["best"]] == [job.id for job in newer]
    assert found["weeks"][0]["best"][0] == {
        "place": 1, "job": newer[0].id, "clip": 1, "artist": "Ada", "votes": 3, "prompt": PROMPTS[0],
    }  # fmt: skip
    assert found["weeks"][0]["reel"] is None
    year, number = over(utcnow())[-1]
    before = f"?before={100 * year + number}"
    assert [week["best"][0]["job"] for week in (await asked(served, before))["weeks"]] == [
        older[0].id
    ]
    assert PROMPTS[1] in await be("ada").page(f"/best{before}")
    assert (await asked(served, "?before=x"))["weeks"] == found["weeks"]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits_a_phone_and_can_be_read(
    chromium: Browser, served: Served, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    await a_week(served)
    await swept(served)
    await put_together(served)
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for width in (320, 1280):
        context = await chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page = await context.new_page()
        await page.goto(f"{served.url}/as/ada/best")
        await expect(page.locator(".best li")).to_have_count(3)
        await expect(page.locator("article video")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(CONTRAST) == []
        await page.screenshot(path=shots / f"best-{scheme}-{width}.png", full_page=True)
        await context.close()
    shown = await reel(served)
    assert shown is not None
    assert shown.status is Status.PUBLISHED
