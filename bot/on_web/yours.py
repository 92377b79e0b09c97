"""What is somebody's, on the web: all of it as a zip, and the page on which one asks to be forgotten."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot import yours
from bot.lists import Listing
from bot.on_web.deeds import fields_of
from bot.on_web.described import HTML, described
from bot.on_web.site import SITE, back_with, page, visitor_of
from db import web_sessions

PIECE = 2**20
"""Bytes of the zip that are in memory at a time."""


@described(HTML)
async def everything(request: web.Request) -> web.Response:
    """What there is, what deleting it means, and both links."""
    desk, person = request.app[SITE].desk, visitor_of(request).person
    has = yours.asks(await desk.belongings(person), "")
    async with request.app[SITE].db.read() as s:
        sessions = await web_sessions.of(s, person.id)
    here = visitor_of(request).session
    there = [(one, web_sessions.is_of(one, here)) for one in sessions]
    return page(request, "yours.html", signed_in=there, has=has.lines[0].text, goes=yours.GOES, stays=yours.STAYS,
                beyond=yours.BEYOND, sure=yours.SURE)  # fmt: skip


@described({"application/zip": bytes})
async def download(request: web.Request) -> web.StreamResponse:
    """All that is theirs, in one zip; nobody keeps a copy on the way (``guard.harden``)."""
    site, person = request.app[SITE], visitor_of(request).person
    async with site.exporter.of(person) as export:
        (file,) = export.parts
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{file.name}"',
        }
        response = web.StreamResponse(headers=headers)
        with file.open("rb") as opened:
            response.content_length = (await asyncio.to_thread(file.stat)).st_size
            await response.prepare(request)
            while piece := await asyncio.to_thread(opened.read, PIECE):
                await response.write(piece)
        await response.write_eof()
    return response


@described({}, form={"sure": str})
async def delete(request: web.Request) -> web.Response:
    """Forget whoever has typed that they are sure."""
    visitor, sent = visitor_of(request), await fields_of(request)
    typed = sent.get("sure", "") or "nothing"
    said = await yours.delete(request.app[SITE].desk, visitor.person, typed, "")
    if isinstance(said, Listing):
        raise web.HTTPBadRequest
    return back_with(request, said, f"{visitor.base}/")
