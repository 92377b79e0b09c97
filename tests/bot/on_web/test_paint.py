"""Every card, with the longest texts people can write, is one tidy piece of a page."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser

from bot.buttons import TAKE_BACK_REVIEW
from bot.card import Card
from bot.on_web.paint import PLACES, Painter, Standing
from bot.on_web.people import Visitor
from bot.signs import LOOKS, VOTES, Sign
from moderation.people import Person
from tests.bot.on_web.served import Served
from tests.support.cards import card, fullest, job_of

PAINTER = Painter()
WITHOUT_END = {"input", "img", "br"}
PLACE = st.sampled_from(sorted(set(PLACES.values())))


def drawn(shown: Card, place: str = "review", **standing: object) -> str:
    visitor = Visitor(Person(1, "Mo", frozenset()), "mo", "s" * 43)
    how = Standing(place, shown.buttons, **standing)  # type: ignore[arg-type]  # passed through
    return PAINTER.draw(shown, job_of(id=shown.job_id), visitor, f"{place}-{shown.job_id}", how)


class Page(HTMLParser):
    """The tags of some HTML, each closed by its own end, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@given(card(), PLACE, st.text(max_size=200), st.booleans())
def test_any_card_is_tidy_and_peoples_words_are_only_text(
    shown: Card, place: str, refusal: str, own: bool
) -> None:
    page = Page(
        drawn(
            shown, place, refusal=refusal, own=(TAKE_BACK_REVIEW,) if own else (), own_vote=int(own)
        )
    )
    assert page.open == []
    text = "".join(page.words)
    for words in (shown.quote, *(line.said for line in shown.lines)):
        assert words.replace("\r", "") in text
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        assert attrs.get("for", ids[0]) in ids
        for address in (attrs.get("href", ""), attrs.get("src", "")):
            assert urlsplit(address).scheme in ("", "https")


@given(card(), PLACE)
def test_every_button_of_a_card_can_be_pressed(shown: Card, place: str) -> None:
    numbers = [clip.number for clip in shown.clips]
    tags = Page(drawn(shown, place)).tags
    pressed = {attrs.get("value") for tag, attrs in tags if tag == "button"}
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    for button in shown.buttons:
        if button.sign in LOOKS:
            where = "#consent" if button.sign is Sign.CONSENT else "#info"
            assert any(href.endswith(where) for href in links)
        elif button.sign not in VOTES or VOTES.index(button.sign) + 1 in numbers:
            assert str(button.sign) in pressed


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
async def test_the_fullest_card_there_can_be_fits_a_small_phone(
    chromium: Browser, served: Served
) -> None:
    page = await chromium.new_page(viewport={"width": 320, "height": 640})
    await page.goto(served.url + "/as/mo/review")
    for place in sorted(set(PLACES.values())):
        await page.evaluate(
            "html => { document.querySelector('main').innerHTML = html }", drawn(fullest(), place)
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
