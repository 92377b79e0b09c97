"""The pages of themes: which there are, and the gallery of one."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot import themes as words
from bot.on_web.deeds import fields_of, whole
from bot.on_web.described import HTML, described
from bot.on_web.live import cursor_at
from bot.on_web.site import SITE, back_with, page, visitor_of
from bot.studio import BEGIN, END
from bot.view import views
from db import themes
from db.models import utcnow
from db.states import Purpose
from moderation import giving
from moderation.rules import Refused
from moderation.themes import entries

MOST_CARDS = 60


@described(HTML)
async def every(request: web.Request) -> web.Response:
    """Those that are open and those that were, newest first."""
    return await _page(request, {})


@described({}, form={"what": str, "number": int, "credits": int, "word": str, "title": str})
async def theme(request: web.Request) -> web.Response:
    """Begin one, or end one before its time."""
    visitor, sent = visitor_of(request), await fields_of(request)
    what = sent.get("what", "")
    if what not in {BEGIN, END}:
        raise web.HTTPBadRequest
    number, pool = whole(sent, "number"), whole(sent, "credits")
    word, title = sent.get("word", ""), sent.get("title", "")
    try:
        said = await words.carry_out(
            request.app[SITE].desk, visitor.person, what, number, word, title, pool
        )
    except Refused as refused:
        if what == END or not visitor.person.hosts:
            raise
        return await _page(request, sent, str(refused), 409)
    return back_with(request, said, f"{visitor.base}/themes")


async def _page(
    request: web.Request, typed: Mapping[str, str], refusal: str = "", status: int = 200
) -> web.Response:
    async with request.app[SITE].db.read() as s:
        found = await themes.newest(s, 50)
    told = [
        (theme, words.how(theme) if theme.closed_at is None else words.outcome(theme))
        for theme in found
    ]
    return page(
        request,
        "themes.html",
        status,
        themes=told,
        hosts=visitor_of(request).person.hosts,
        typed={"title": "", "word": "", "number": "", "credits": "", **typed},
        refusal=refusal,
        begin=BEGIN,
        end=END,
        limits=giving,
    )


@described(HTML)
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
