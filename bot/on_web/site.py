"""What handlers work with, and how they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote, unquote

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic_core import to_jsonable_python

from bot.exporting import Exporter
from bot.on_web.live import Hub
from bot.on_web.members import Login, Members
from bot.on_web.paint import Painter
from bot.on_web.people import Demos, Visitor, remember
from db.credentials import Shelf
from db.jobs import LARGEST_ID
from db.lending import BASE
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
    people: Demos | Members
    painter: Painter
    hub: Hub
    credentials: Shelf
    exporter: Exporter
    feed_url: str
    """Where everybody finds the feed; empty while that is this machine alone."""
    login: Login | None
    """How people sign in; None where the demo's are served to this machine."""


SITE = web.AppKey("site", Site)
OPEN = web.AppKey("open", frozenset[Handler])
"""What whoever isn't signed in may ask for; all else is closed."""
_VISITOR = web.RequestKey("visitor", Visitor)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, as JSON."""

    said: str


def introduce(request: web.Request, visitor: Visitor) -> None:
    request[_VISITOR] = visitor


def visitor_of(request: web.Request) -> Visitor:
    """Who asks; known to every handler under ``/as/…``, and to all where people sign in."""
    return request[_VISITOR]


def somebody(request: web.Request) -> Visitor | None:
    """Who asks, where a page is the same for whoever doesn't say."""
    return request.get(_VISITOR)


def origin(request: web.Request) -> str:
    """Where this page is opened, as browsers name it."""
    login = request.app[SITE].login
    return login.url if login else f"{request.scheme}://{request.host}"


def wants_json(request: web.Request) -> bool:
    """Our scripts ask for JSON, and lent workers know nothing else; a browser that runs none gets pages."""
    asked = "application/json" in request.headers.get("Accept", "")
    return asked or request.path.startswith(f"{BASE}/")


def number(request: web.Request, name: str) -> int | None:
    """A number in the address that a row could have; None for whatever else stands there."""
    typed = request.query.get(name, "")
    short = typed.isdecimal() and typed.isascii() and len(typed) <= 10
    return int(typed) if short and int(typed) <= LARGEST_ID else None


def answer(request: web.Request, sentence: str, status: int) -> web.Response:
    """One sentence, in the form that was asked for."""
    if wants_json(request):
        return as_json(Said(sentence), status)
    return page(request, "message.html", status, sentence=sentence)


def as_json(value: object, status: int = 200) -> web.Response:
    """What has a JSON form for pydantic, too."""
    text = json.dumps(value, ensure_ascii=False, default=to_jsonable_python)
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
        login=request.app[SITE].login,
        **values,
    )
    response = web.Response(text=html, content_type="text/html", status=status)
    if visitor is not None and visitor.key:
        remember(response, visitor)
    if visitor is not None and flash:
        secure = request.app[SITE].login is not None
        response.del_cookie(FLASH, path=visitor.base or "/", secure=secure)
    return response


def back_with(request: web.Request, sentence: str, to: str) -> web.Response:
    """After a form was sent without scripts: a page of ours that says what was done."""
    response = web.Response(status=303, headers={"Location": to})
    response.set_cookie(
        FLASH,
        quote(sentence),
        path=visitor_of(request).base or "/",
        max_age=FLASH_SECONDS,
        secure=request.app[SITE].login is not None,
        httponly=True,
        samesite="Strict",
    )
    return response
