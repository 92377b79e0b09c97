"""The page of the best of each week, and the same for programs."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot import weeks
from bot.on_web.described import HTML, JSON, described
from bot.on_web.live import cursor_at
from bot.on_web.site import SITE, as_json, number, page, visitor_of
from bot.view import view
from bot.weeks import Week
from db.models import utcnow
from db.states import Purpose
from moderation.weeks import MOST

PAGE = 6


@dataclass(frozen=True, slots=True)
class Weeks:
    """Newest first."""

    weeks: list[Week]
    next: int | None
    """What to ask for ``before`` to go on."""


@described(HTML, query={"before": int})
async def every(request: web.Request) -> web.Response:
    """Newest first: the reel of each week, and its clips."""
    site, visitor, since = request.app[SITE], visitor_of(request), utcnow()
    async with site.db.read() as s:
        found = await weeks.newest(s, PAGE + 1, _before(request))
        reels = {
            week.reel: await site.painter.card(
                s, visitor, Purpose.SHOWCASE, await view(s, week.reel), week.reel
            )
            for week in found[:PAGE]
            if week.reel is not None
        }
    last = found[PAGE - 1] if len(found) > PAGE else None
    return page(
        request,
        "best.html",
        since=cursor_at(since),
        weeks=found[:PAGE],
        reels=reels,
        rule=weeks.RULE,
        most=MOST,
        more=100 * last.year + last.number if last else None,
    )


@described({JSON: Weeks}, query={"before": int})
async def every_json(request: web.Request) -> web.Response:
    """The best of each week, newest first."""
    async with request.app[SITE].db.read() as s:
        found = await weeks.newest(s, PAGE + 1, _before(request))
    last = found[PAGE - 1] if len(found) > PAGE else None
    return as_json(Weeks(found[:PAGE], 100 * last.year + last.number if last else None))


def _before(request: web.Request) -> tuple[int, int] | None:
    """The week after which to go on: 202647 is week 47 of 2026."""
    typed = number(request, "before")
    return divmod(typed, 100) if typed is not None else None
