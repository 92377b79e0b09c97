"""Lists that go on, and what painting them takes."""

from __future__ import annotations

import re
from unittest import mock

import pytest

from bot.on_web import pages
from bot.on_web.live import cursor_at
from db.models import utcnow
from db.states import Reason, Verdict
from moderation import forecast
from tests.bot.on_web.served import Be, Served, listening


def shown(page: str) -> list[str]:
    return re.findall(r'<article class="card \w+ \w+" id="([\w-]+)"', page)


def goes_on(page: str) -> list[str]:
    return re.findall(r'href="(\?[^"]+)"', page)


async def test_long_lists_go_on(served: Served, be: Be) -> None:
    ada = await served.known("ada")
    for number in range(23):
        job = await served.submit(ada, f"wish {number}.")
        await served.desk.cancel(ada, job.id)
    first = await be("ada").page("/")
    assert first.count("<article") == 12
    assert 'href="?before=12"' in first
    rest = await be("ada").page("/?before=12")
    assert rest.count("<article") == 11
    assert "?before=" not in rest


async def test_what_waits_for_review_goes_on_page_by_page(
    served: Served, be: Be, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WAITING_PAGE", 2)
    monkeypatch.setattr(pages, "PAGE", 1)
    lin = await served.known("lin")
    for number in range(7):
        job = await served.in_review("ada", variations=1)
        if number > 4:
            await served.desk.review(lin, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await served.told()
    mo = be("mo")
    first = await mo.page("/review")
    assert shown(first) == ["review-1", "review-2", "review-7"]
    (waiting_goes_on, decided_goes_on) = goes_on(first)
    second = await mo.page(f"/review{waiting_goes_on}")
    assert shown(second) == ["review-3", "review-4"]
    assert "Decided" not in second
    assert shown(await mo.page(f"/review{goes_on(second)[0]}")) == ["review-5"]
    decided = await mo.page(f"/review{decided_goes_on}")
    assert shown(decided) == ["review-6"]
    assert "Waiting" not in decided
    assert goes_on(decided) == []


async def test_the_line_is_read_once_for_all_cards_of_a_page(served: Served, be: Be) -> None:
    ada, before = await served.known("ada"), cursor_at(utcnow())
    await served.published("ada", variations=1)
    for _ in range(3):
        await served.submit(ada)
    await served.told()
    await served.stop()
    await served.start(feed=False)
    await be("ada").page("/help")
    with mock.patch.object(forecast, "of_line", wraps=forecast.of_line) as read:
        page = await be("ada").page("/")
        assert page.count("Next in line") == 1
        assert page.count("Number 3 in line") == 1
        assert read.call_count == 1
        async with listening(be("ada"), "place=mine", since=before) as window:
            told = [(await window.hear())[1] for _ in range(4)]
        assert sum("in line" in card["html"] for card in told) == 3
        assert read.call_count == 2
        await be("bo").page("/")
        await be("bo").page("/showcase")
        assert read.call_count == 2


async def test_the_line_shows_also_what_nobody_here_can_render(served: Served, be: Be) -> None:
    ada = await served.known("ada")
    first, second = await served.submit(ada), await served.submit(ada)
    await served.change(first.id, model="gone")
    page = await be("ada").page("/line")
    assert page.index(f"Your job {second.id}") < page.index(f"Your job {first.id}")
    assert "No worker here can take this now" in page
