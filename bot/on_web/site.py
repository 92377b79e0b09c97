"""What handlers work with, and how they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote, unquote

from aiohttp import web

from bot.exporting import Exporter
from bot.on_web.live import Hub
from bot.on_web.paint import Painter
from bot.on_web.people import People, Visitor, remember
from db.credentials import Shelf
from db.jobs import LARGEST_ID
from db.media import Media
from db.session import Db
from moderation.desk import Desk

FLASH = "sora_said"
"""Carries one sentence over a redirect, to a browser that runs no scripts."""
FLASH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Site:
    """Everything behind the pages."""

    db: Db
    desk: Desk
    media: Media
    people: People
    painter: Painter
    hub: Hub
    credentials: Shelf
    exporter: Exporter
    feed_url: str = ""
    """Where everybody finds the feed; empty while that is this machine alone."""


SITE = web.AppKey("site", Site)
_VISITOR = web.RequestKey("visitor", Visitor)


def introduce(request: web.Request, visitor: Visitor) -> None:
    request[_VISITOR] = visitor


def visitor_of(request: web.Request) -> Visitor:
    """Who asks; known to every handler under ``/as/…``."""
    return request[_VISITOR]


def wants_json(request: web.Request) -> bool:
    """Our scripts ask for JSON; a browser that runs none gets pages."""
    return "application/json" in request.headers.get("Accept", "")


def number(request: web.Request, name: str) -> int | None:
    """A number in the address that a row could have; None for whatever else stands there."""
    typed = request.query.get(name, "")
    short = typed.isdecimal() and typed.isascii() and len(typed) <= 10
    return int(typed) if short and int(typed) <= LARGEST_ID else None


def answer(request: web.Request, sentence: str, status: int) -> web.Response:
    """One sentence, in the form that was asked for."""
    if wants_json(request):
        return as_json({"said": sentence}, status)
    return page(request, "message.html", status, sentence=sentence)


def as_json(value: object, status: int = 200) -> web.Response:
    text = json.dumps(value, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json")


def page(request: web.Request, template: str, status: int = 200, **values: object) -> web.Response:
    """A whole page, painted for this person."""
    visitor = request.get(_VISITOR)
    flash = request.cookies.get(FLASH, "") if visitor else ""
    html = request.app[SITE].painter.page(
        template,
        visitor=visitor,
        here=request.path.removeprefix(visitor.base) if visitor else "/",
        flash=unquote(flash),
        **values,
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    if visitor is not None:
        remember(response, visitor)
    if visitor is not None and flash:
        response.del_cookie(FLASH, path=visitor.base)
    return response


def back_with(request: web.Request, sentence: str, to: str) -> web.Response:
    """After a form was sent without scripts: a page of ours that says what was done."""
    response = web.Response(status=303, headers={"Location": to})
    response.set_cookie(
        FLASH,
        quote(sentence),
        path=visitor_of(request).base,
        max_age=FLASH_SECONDS,
        httponly=True,
        samesite="Strict",
    )
    return response
