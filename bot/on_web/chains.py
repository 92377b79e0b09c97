"""The page of chains: those that grow, with a seat in each to take, and the form that begins one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from aiohttp import web

from bot import chains
from bot.lists import Listing
from bot.on_web.deeds import fields_of, request_named_by
from bot.on_web.described import HTML, JSON, described
from bot.on_web.site import SITE, Said, as_json, back_with, page, visitor_of, wants_json
from bot.studio import Do
from db import chains as rows
from db.states import Turn
from moderation.rules import Refused


@dataclass(frozen=True, slots=True)
class Growing:
    """A chain as this person sees it."""

    id: int
    listing: Listing
    joinable: bool
    own: bool


@described(HTML)
async def chains_page(request: web.Request) -> web.Response:
    """What grows."""
    return await _page(request)


@described({JSON: Said}, form={"do": Do, "about": str, "key": str})
async def chain(request: web.Request) -> web.Response:
    """Begin, join or close one."""
    visitor, sent = visitor_of(request), await fields_of(request)
    try:
        what = Do(sent.get("do", ""))
    except ValueError:
        raise web.HTTPBadRequest from None
    named = request_named_by(visitor, sent)
    try:
        said = await chains.do(
            request.app[SITE].desk, visitor.person, named, what, sent.get("about", "")
        )
    except Refused as refused:
        if wants_json(request) or what is not Do.START:
            raise
        return await _page(request, sent.get("about", ""), str(refused), 409)
    sentence = said if isinstance(said, str) else said.title
    if wants_json(request):
        return as_json(Said(sentence))
    return back_with(request, sentence, f"{visitor.base}/chains")


async def _page(
    request: web.Request, theme: str = "", refusal: str = "", status: int = 200
) -> web.Response:
    person, growing = visitor_of(request).person, []
    async with request.app[SITE].db.read() as s:
        for row in await rows.of_open(s):
            seats = await rows.seats(s, row.id)
            seated = any(
                seat.person_id == person.id and seat.turn is not Turn.PASSED for seat in seats
            )
            listing = await chains.shown(s, row.id)
            growing.append(Growing(row.id, listing, not seated, row.person_id == person.id))
    return page(
        request,
        "chains.html",
        status,
        growing=growing,
        theme=theme,
        refusal=refusal,
        key=secrets.token_urlsafe(12),
        do=Do,
    )
