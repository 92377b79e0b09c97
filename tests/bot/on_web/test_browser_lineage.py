"""The drawn lineage in a real browser: with a keyboard, a wheel, two fingers, and on a phone."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from db.states import Status
from tests.bot.on_web.served import Served
from tests.bot.on_web.test_browser import CONTRAST, opened
from tests.support.forest import Tree, put

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROOT = 1
PHONE = {"width": 320, "height": 700}


@pytest.fixture
async def family(served: Served) -> Served:
    """Job 1; 2, 3 and a hidden 4 grew out of it; 5 of 2, 6 of 4; and many more of 3."""
    await served.published("ada", prompt="A red circle")
    bo = await served.known("bo")
    public, hidden = Status.PUBLISHED, Status.WITHDRAWN
    trees = [Tree(2, 1, bo, public), Tree(3, 1, bo, public), Tree(4, 1, bo, hidden)]
    trees += [Tree(5, 2, bo, public), Tree(6, 4, bo, public)]
    trees += [Tree(n, 3, bo, public) for n in range(7, 307)]
    await put(served.db, trees)
    return served


async def tree_of(browser: Browser, served: Served, **options: object) -> Page:
    page = await opened(browser, served, f"/as/ada/jobs/{ROOT}", **options)
    await expect(page.locator("[data-lineage][data-ready]")).to_be_attached()
    return page


def spot(page: Page, words: str) -> Locator:
    return page.locator(".tree .spot").filter(has_text=words).first


async def width_of(page: Page) -> float:
    return float(await page.locator(".tree svg").get_attribute("width") or 0)


async def test_arrows_go_from_job_to_job_and_enter_opens_one(
    chromium: Browser, family: Served
) -> None:
    page = await tree_of(chromium, family)
    here = spot(page, "this one")
    await page.get_by_role("button", name="Move right").focus()
    await page.keyboard.press("Tab")
    await expect(here).to_be_focused()
    for key, words in (
        ("ArrowRight", "Job 3 by Bo"),
        ("ArrowUp", "Job 2 by Bo"),
        ("ArrowUp", "Job 2 by Bo"),  # there is nothing above
        ("ArrowRight", "Job 5 by Bo"),
        ("ArrowLeft", "Job 2 by Bo"),
        ("ArrowDown", "Job 3 by Bo"),
        ("ArrowDown", "isn't shown"),
        ("ArrowRight", "Job 6 by Bo"),
        ("Home", "this one"),
    ):
        await page.keyboard.press(key)
        await expect(spot(page, words)).to_be_focused()
    await page.keyboard.press("Tab")  # one stop for the whole tree
    assert await page.evaluate("document.activeElement.closest('.tree') === null")
    await here.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/as/ada/jobs/3")


async def test_what_is_focused_is_brought_into_sight(chromium: Browser, family: Served) -> None:
    page = await tree_of(chromium, family, viewport=PHONE, reduced_motion="reduce")
    await spot(page, "this one").focus()
    for key in ("ArrowRight", "ArrowRight"):
        await page.keyboard.press(key)
    inside = await page.evaluate(
        """(() => { const one = document.activeElement.getBoundingClientRect(),
        frame = document.querySelector(".tree").getBoundingClientRect();
        return one.left >= frame.left && one.right <= frame.right && one.top >= frame.top; })()"""
    )
    assert inside


async def test_it_zooms_by_keys_buttons_and_wheel(chromium: Browser, family: Served) -> None:
    page = await tree_of(chromium, family)
    usual = await width_of(page)
    await spot(page, "this one").focus()
    await page.keyboard.press("+")
    assert await width_of(page) > usual
    await page.keyboard.press("-")
    assert await width_of(page) == pytest.approx(usual)
    await page.get_by_role("button", name="Zoom out").click()
    assert await width_of(page) < usual
    await page.get_by_role("button", name="Zoom in").click()
    assert await width_of(page) == pytest.approx(usual)

    await spot(page, "Job 3 by Bo").hover()
    await page.mouse.wheel(0, 60)
    assert await width_of(page) == pytest.approx(usual)  # a wheel alone scrolls
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -300)
    await page.keyboard.up("Control")
    await expect(page.locator(".tree svg")).not_to_have_attribute("width", str(usual))
    assert await width_of(page) > usual

    await page.get_by_role("button", name="Whole tree").click()
    fits = await page.evaluate(
        """(() => { const frame = document.querySelector(".tree");
        return frame.scrollWidth <= frame.clientWidth && frame.scrollHeight <= frame.clientHeight })()"""
    )
    assert fits


async def test_two_fingers_zoom_and_one_scrolls(chromium: Browser, family: Served) -> None:
    page = await tree_of(chromium, family, viewport=PHONE, has_touch=True)
    usual = await width_of(page)
    frame = page.locator(".tree")
    await frame.scroll_into_view_if_needed()
    box = await frame.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = await page.context.new_cdp_session(page)

    async def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + off, "y": y} for off in apart]
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    await touch("touchStart", -20, 20)
    await touch("touchMove", -40, 40)
    await touch("touchMove", -60, 60)
    await touch("touchEnd")
    assert await width_of(page) == pytest.approx(3 * usual, rel=0.05)


async def test_it_is_dragged_without_opening_what_is_under_the_pointer(
    chromium: Browser, family: Served
) -> None:
    page = await tree_of(chromium, family, viewport=PHONE)
    frame = page.locator(".tree")
    await frame.scroll_into_view_if_needed()
    box = await spot(page, "this one").bounding_box()
    assert box is not None
    x, y = box["x"] + 30, box["y"] + 30
    before = await frame.evaluate("(frame) => frame.scrollLeft")
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 60, y, steps=4)
    await page.mouse.up()
    assert await frame.evaluate("(frame) => frame.scrollLeft") == before + 60
    assert page.url.endswith(f"/jobs/{ROOT}")
    await spot(page, "Job 3 by Bo").click()
    await page.wait_for_url("**/as/ada/jobs/3")


async def test_hundreds_stay_few_and_lead_on(chromium: Browser, family: Served) -> None:
    page = await tree_of(chromium, family)
    assert await page.locator(".tree .spot").count() < 80
    await expect(spot(page, "and 296 more")).to_have_attribute("href", "/as/ada/jobs/3#lineage")


async def test_without_scripts_it_scrolls_and_its_jobs_are_links(
    chromium: Browser, family: Served
) -> None:
    page = await opened(chromium, family, f"/as/ada/jobs/{ROOT}", java_script_enabled=False)
    await expect(page.get_by_role("button", name="Zoom in")).to_be_hidden()
    await page.get_by_text("The same as a list").click()
    await page.locator("details").get_by_role("link", name="Job 2 by Bo").click()
    await page.wait_for_url("**/as/ada/jobs/2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_and_fits_a_phone(
    chromium: Browser, family: Served, scheme: Literal["light", "dark"]
) -> None:
    page = await tree_of(chromium, family, viewport=PHONE, color_scheme=scheme)
    await page.get_by_text("The same as a list").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert not await page.evaluate(CONTRAST)


async def test_every_part_of_it_has_a_name(chromium: Browser, family: Served) -> None:
    page = await tree_of(chromium, family)
    seen = await page.locator("#lineage").aria_snapshot()
    assert 'group "Lineage"' in seen
    assert 'link "Job 2 by Bo, a remix of job 1, clip 2. “secret-2.”"' in seen
    assert 'img "A job that isn\'t shown."' in seen
