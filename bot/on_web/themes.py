"""The pages of themes: which there are, and the gallery of one."""

from __future__ import annotations

from aiohttp import web

from bot import themes as words
from bot.on_web.live import cursor_at
from bot.on_web.site import SITE, page, visitor_of
from bot.view import views
from db import themes
from db.models import utcnow
from db.states import Purpose
from moderation.themes import entries

MOST_CARDS = 60


async def every(request: web.Request) -> web.Response:
    """Those that are open and those that were, newest first."""
    async with request.app[SITE].db.read() as s:
        found = await themes.newest(s, 50)
    told = [
        (theme, words.how(theme) if theme.closed_at is None else words.outcome(theme))
        for theme in found
    ]
    return page(request, "themes.html", themes=told)


async def one(request: web.Request) -> web.Response:
    """All that takes part, the winner first."""
    site, visitor, since = request.app[SITE], visitor_of(request), utcnow()
    async with site.db.read() as s:
        theme = await themes.get(s, int(request.match_info["theme"]))
        if theme is None:
            raise web.HTTPNotFound
        found = sorted(await entries(s, theme), key=lambda job: job.id != theme.winner_job)
        ids = [job.id for job in found[:MOST_CARDS]]
        seen = await views(s, ids)
        cards = await site.painter.cards(
            s, visitor, [(Purpose.SHOWCASE, seen.get(n), n) for n in ids]
        )
    is_open = theme.closed_at is None
    return page(
        request,
        "theme.html",
        since=cursor_at(since),
        theme=theme,
        says=words.how(theme) if is_open else words.outcome(theme),
        is_open=is_open,
        cards=cards,
        left_out=len(found) - len(cards),
    )
