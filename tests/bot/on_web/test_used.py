"""Limits on the page."""

from __future__ import annotations

from moderation.limits import read
from moderation.rules import Rules
from tests.bot.on_web.served import Be, Served


async def test_the_page_says_it_above_what_is_to_be_filled_in(served: Served, be: Be) -> None:
    assert 'id="used"' not in await be("ada").page("/")
    served.desk.rules = Rules(queued_cap=6, limits=read("[artist]\njobs_per_day = 5"))
    await served.submit(await served.known("ada"))
    assert "You have used 1 of 5 jobs a day and 1 of 6 in line." in await be("ada").page("/")
