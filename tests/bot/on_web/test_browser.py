"""The page in a real browser, as people use it: with two windows, a keyboard, a phone."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from bot.on_web import pages
from db.states import Verdict
from moderation.wish import Request, Wish
from tests.bot.on_web.served import Served, moving_square, still
from tests.support.studio import ABLE, OFFER

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = (
    "/as/ada/",
    "/as/mo/review",
    "/as/bo/showcase",
    "/as/bo/chains",
    "/as/ada/line",
    "/as/ada/help",
)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture
async def windows(chromium: Browser) -> Browser:
    """Give the browser's windows the patience of a shared machine."""
    expect.set_options(timeout=15_000)
    return chromium


async def opened(browser: Browser, served: Served, path: str, **options: object) -> Page:
    context = await browser.new_context(**options)  # type: ignore[arg-type]  # passed through
    context.set_default_timeout(15_000)
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    await page.goto(served.url + path)
    return page


async def furnished(served: Served) -> None:
    """One card of every kind, with words that are hard to show."""
    ada, bo = await served.known("ada"), await served.known("bo")
    published = await served.published("ada", prompt="A red circle drifts over a hill")
    await served.desk.vote(bo, published.id, 1)
    await served.rejected("ada", prompt="W" * 400)
    await served.in_review("bo", prompt="دائرة حمراء " * 30, variations=4)
    for words in ("A boat", "Another boat"):
        await served.submit(ada, words, aspect="16:9")
    claimed = await served.claim()
    assert claimed is not None
    await served.preview(claimed, 2)
    await served.submit(bo, "A third boat")
    asked = Request("chain", "web", f"mine:{bo.id}")
    await served.desk.start_chain(bo, Wish(f"A fourth boat {'W' * 300}"), asked)
    await served.told()


async def test_two_windows_stay_in_step(windows: Browser, served: Served) -> None:
    mo = await opened(windows, served, "/as/mo/review")
    lin = await opened(windows, served, "/as/lin/review")
    bo = await opened(windows, served, "/as/bo/showcase")
    ada = await opened(windows, served, "/as/ada/")

    await ada.get_by_label("What should the clip show?").fill("a red circle")
    await ada.get_by_role("button", name="Make it").click()
    await expect(ada.get_by_role("status")).to_contain_text("Job 1 is in line.")
    await expect(ada.locator("#mine-1")).to_contain_text("Next in line")
    claimed = await served.claim()
    assert claimed is not None
    await served.preview(claimed, 2)
    await expect(ada.locator("#mine-1 progress")).to_have_attribute("value", "50")
    await expect(ada.locator("#mine-1 img")).to_be_visible()
    await served.finish(claimed)
    await expect(ada.locator("#mine-1 video")).to_have_count(2)

    await expect(lin.locator("#review-1")).to_be_visible()
    await mo.locator("#review-1").get_by_role("button", name="Approve").click()
    await expect(mo.get_by_role("status")).to_contain_text("Job 1 is published.")
    await expect(lin.locator("#review-1")).to_contain_text("Mo approved.")
    await expect(lin.locator("#review-1 button[value=approve]")).to_have_count(0)

    second = await opened(windows, served, "/as/bo/showcase")
    vote = bo.locator("#showcase-1").get_by_role("button", name="Vote for 2")
    await vote.click()
    await expect(vote).to_have_attribute("aria-pressed", "true")
    there = second.locator("#showcase-1")
    await expect(there).to_contain_text("1 vote")
    await expect(there.locator("[aria-pressed=true]")).to_have_text("Vote for 2")
    await there.locator("[aria-pressed=true]").click()
    await expect(vote).to_have_attribute("aria-pressed", "false")

    await ada.locator("#mine-1 summary", has_text="Withdraw").click()
    await ada.get_by_role("button", name="Yes, withdraw").click()
    await expect(bo.locator("#showcase-1")).to_have_count(0)
    await expect(bo.get_by_text("Nothing is published yet.")).to_be_visible()


async def test_a_review_with_the_keyboard_alone(windows: Browser, served: Served) -> None:
    first = await served.in_review("ada")
    second = await served.in_review("bo")
    page = await opened(windows, served, "/as/mo/review")
    keys = page.keyboard

    await keys.press("j")
    await expect(page.locator(f"#review-{first.id}")).to_be_focused()
    await keys.press("2")
    await expect(page.get_by_label("Clip 2", exact=True).first).to_be_checked()
    await keys.press("Tab")
    await expect(page.get_by_role("button", name="Show clip 1").first).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator(f"#review-{first.id} [data-clip='1'] video")).to_be_focused()
    await keys.press("a")
    await expect(page.locator(f"#review-{first.id}")).to_contain_text("Mo approved clip 2.")

    await keys.press("j")
    await expect(page.locator(f"#review-{second.id}")).to_be_focused()
    await keys.press("x")
    await keys.type("Too dark: j k a x 1.")
    await keys.press("Enter")
    await expect(page.locator(f"#review-{second.id}")).to_contain_text("Too dark: j k a x 1.")
    assert (await served.job(second.id)).status == "rejected"


async def test_enter_in_a_checkbox_decides_nothing(windows: Browser, served: Served) -> None:
    job = await served.in_review("ada")
    page = await opened(windows, served, "/as/mo/review", java_script_enabled=False)
    await page.get_by_label("Clip 1", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Enter alone decides nothing")).to_be_visible()
    await page.goto(served.url + "/as/mo/review")
    await page.get_by_label("Clip 1", exact=True).check()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_contain_text("is published.")
    assert (await served.job(job.id)).status == "published"


async def test_what_was_begun_survives_a_repaint(windows: Browser, served: Served) -> None:
    """A card that changes under somebody's hands keeps their words, ticks and focus."""
    served.desk.rules = type(served.desk.rules)(quorum=2)
    job = await served.in_review("ada")
    page = await opened(windows, served, "/as/mo/review")
    card = page.locator(f"#review-{job.id}")
    await card.get_by_label("Clip 1", exact=True).check()
    await card.get_by_role("button", name="Show clip 1").click()
    await card.locator("summary", has_text="Reject").click()
    await card.get_by_label("Why?").fill("half a sen")
    lin = await opened(windows, served, "/as/lin/review")
    await lin.locator(f"#review-{job.id}").get_by_role("button", name="Approve").click()
    await expect(card).to_contain_text("Lin approved.")
    await expect(card.get_by_label("Why?")).to_be_focused()
    await page.keyboard.type("tence")
    await expect(card.get_by_label("Why?")).to_have_value("half a sentence")
    await expect(card.get_by_label("Clip 1", exact=True)).to_be_checked()
    await expect(card.get_by_role("button", name="Show clip 1")).to_have_count(0)
    own = lin.locator(f"#review-{job.id}").get_by_role("button", name="Take my review back")
    await own.click()
    await expect(card).not_to_contain_text("Lin approved.")


async def test_a_window_comes_back_after_its_server(windows: Browser, served: Served) -> None:
    page = await opened(windows, served, "/as/mo/review")
    await expect(page.locator("html")).to_have_attribute("data-linked", "true")
    await served.stop()
    await expect(page.get_by_text("Reconnecting")).to_be_visible()
    job = await served.rendered(await served.known("ada"))
    await served.start()
    await expect(page.locator(f"#review-{job.id}")).to_be_visible()
    await expect(page.get_by_text("Reconnecting")).to_be_hidden()
    await page.locator(f"#review-{job.id}").get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("status")).to_contain_text("is published.")


async def test_a_refusal_stands_beside_the_box_and_the_text_stays(
    windows: Browser, served: Served
) -> None:
    page = await opened(windows, served, "/as/ada/")
    box = page.get_by_label("What should the clip show?")
    await box.fill("a boat --wings 2")
    await box.press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("There is no option --wings")
    await expect(box).to_have_value("a boat --wings 2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read(
    windows: Browser, served: Served, scheme: Literal["light", "dark"]
) -> None:
    await furnished(served)
    for path in PAGES:
        page = await opened(windows, served, path, color_scheme=scheme)
        pale = await page.evaluate(CONTRAST)
        assert not pale, f"{path} ({scheme}): {json.dumps(pale, indent=1, ensure_ascii=False)}"


async def test_a_phone_shows_every_page_without_sideways_scrolling(
    windows: Browser, served: Served
) -> None:
    await furnished(served)
    for path in (*PAGES, "/as/ada/jobs/1", "/as/bo/review", "/as/bo/jobs/99"):
        page = await opened(windows, served, path, viewport={"width": 360, "height": 740})
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path


async def test_clips_play_by_themselves_unless_motion_is_unwanted(
    windows: Browser, served: Served
) -> None:
    await served.published("ada", variations=1)
    page = await opened(windows, served, "/as/bo/showcase")
    supported = (
        "document.createElement('video').canPlayType('video/mp4; codecs=avc1.42E01E') !== ''"
    )
    if await page.evaluate(supported):
        await expect(page.locator("video")).to_have_js_property("paused", False)
    calm = await opened(windows, served, "/as/bo/showcase", reduced_motion="reduce")
    await expect(calm.locator("video")).to_have_js_property("controls", True)
    await expect(calm.locator("html")).to_have_attribute("data-linked", "true")
    assert await calm.evaluate("document.querySelector('video').paused")


async def test_every_control_has_a_name_and_every_page_its_landmarks(
    windows: Browser, served: Served
) -> None:
    await furnished(served)
    for path in PAGES:
        page = await opened(windows, served, path)
        nameless = await page.evaluate(
            """[...document.querySelectorAll(`button:not([hidden]), a, input:not([type=hidden]), select,
                textarea, summary, video, progress, img, nav`)].filter((e) => !(e.textContent.trim() ||
                e.ariaLabel || e.alt || e.labels?.length)).map((e) => e.outerHTML.slice(0, 200))"""
        )
        assert not nameless, path
        assert await page.locator("h1").count() == 1
        assert await page.locator("main").count() == await page.locator("header").count() == 1
        levels = await page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))"
        )
        assert all(after - before <= 1 for before, after in pairwise(levels))


async def test_what_is_published_last_comes_first_live_and_after_a_reload(
    windows: Browser, served: Served
) -> None:
    older, newer = await served.in_review("ada"), await served.in_review("bo")
    page = await opened(windows, served, "/as/lin/showcase")
    cards = page.locator("article")
    for count, job in enumerate((newer, older), start=1):
        await served.desk.review(await served.known("mo"), job.id, Verdict.APPROVE)
        await expect(cards).to_have_count(count)
    await expect(cards.first).to_have_id(f"showcase-{older.id}")
    await page.reload()
    await expect(cards.first).to_have_id(f"showcase-{older.id}")


async def test_more_of_what_waits_is_loaded_below_it(
    windows: Browser, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WAITING_PAGE", 2)
    for _ in range(3):
        await served.in_review("ada", variations=1)
    mo = await opened(windows, served, "/as/mo/review")
    cards, more = mo.locator("[data-list=review] > article"), mo.get_by_text("Load more")
    await expect(cards).to_have_count(2)
    await expect(mo.locator("html")).to_have_attribute("data-linked", "true")
    await served.in_review("bo", variations=1)
    await served.desk.review(await served.known("lin"), 1, Verdict.APPROVE)
    await expect(cards.first).to_contain_text("Lin approved.")
    await expect(cards).to_have_count(2)  # what is new waits behind what isn't loaded yet
    await more.click()
    await expect(cards).to_have_count(4)
    await expect(more).to_have_count(0)
    assert [await card.get_attribute("id") for card in await cards.all()] == [
        f"review-{number}" for number in range(1, 5)
    ]
    await served.in_review("bo", variations=1)
    await expect(cards).to_have_count(5)


async def test_a_picture_is_chosen_seen_and_sent(
    windows: Browser, served: Served, tmp_path: Path
) -> None:
    plain = OFFER.model_copy(update={"name": "plain", "title": "Plain"})
    await served.open([ABLE, plain])
    file = tmp_path / "boat.png"
    still(file, moving_square(90, 96, 54)(3))
    page = await opened(windows, served, "/as/ada/")
    chosen, picture = page.locator("#image + canvas"), page.get_by_label("Picture", exact=True)
    await expect(chosen).to_be_hidden()
    await picture.set_input_files(file)
    await expect(chosen).to_be_visible()
    await expect(page.get_by_label("Aspect")).to_have_value("16:9")
    await page.get_by_label("Model").select_option("plain")
    await expect(picture).to_be_hidden()
    await page.get_by_label("Model").select_option("toy")
    await expect(picture).to_be_visible()
    await page.get_by_role("textbox", name="What should the clip show?").fill("A boat sails off")
    await page.get_by_role("button", name="Make it").click()
    card = page.locator("#mine-1")
    await expect(card).to_contain_text("made from")
    await expect(chosen).to_be_hidden()
    claimed = await served.claim()
    assert claimed is not None
    await served.finish(claimed)
    await expect(card.get_by_alt_text("Begins with this picture")).to_be_visible()
    await card.get_by_role("radio", name="Clip 2").check()
    await card.get_by_role("button", name="Vary").click()
    await expect(page.locator("#mine-2")).to_contain_text("A boat sails off")
    assert (await served.job(2)).parent_clip == 2
