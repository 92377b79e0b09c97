"""What every request must pass, and what every answer carries: one middleware for each question."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from bot import kept, pictures
from bot.on_web import sign_in
from bot.on_web.live import ROOM
from bot.on_web.site import OPEN, SITE, answer, introduce, origin, visitor_of
from bot.settings import is_loopback
from db import logs
from db.media import StoreTrouble
from db.session import is_away
from moderation.rules import Refused

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
HSTS = "max-age=31536000"
"""For a year browsers come over HTTPS alone."""
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What whoever runs the studio asks, by whatever name."""
SAID = {
    400: "That could not be read.",
    403: "This page can't be used from there.",
    404: "Nothing is here, or nothing that is shared with you.",
    405: "This address doesn't take that.",
    413: "That is far too long.",
    421: "This studio is served to this machine only; open it as 127.0.0.1 or localhost.",
}
PICTURES_MAY_COME = "sora"
"""The name of the one address that takes files."""
FEED = re.compile(r"/feed[./]")
LARGEST_WORDS = 256 * 1024
LARGEST_WITH_PICTURES = 2 * pictures.LARGEST_BYTES + LARGEST_WORDS
UNREADABLE = (
    ValueError,
    LookupError,
    RuntimeError,
    HttpProcessingError,
    web.RequestPayloadError,
)
"""How a body shows itself that is broken, or no text in the encoding that it claims."""
AWAY = "The studio's database can't be reached just now; try again in a few minutes."
BUG = "Something broke on our side; it is noted in the log. Try again."

log = structlog.get_logger()


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every no is a sentence: a refusal, an address that isn't there, and a bug, which is logged."""
    job = request.match_info.get("job")
    with logs.of_request(ROOM, int(job) if job else None):
        return await _in_words(request, handler)


async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return answer(request, str(refused), 409)
    except web.HTTPException as said:
        if said.status < 400:
            raise
        response = answer(request, SAID.get(said.status, said.reason), said.status)
        if isinstance(said, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = said.headers["Allow"]
        return response
    except StoreTrouble as trouble:
        log.warning("store.away", why=str(trouble), route=_route(request))
        return answer(request, kept.AWAY, 503)
    except Exception as error:
        if is_away(error):
            log.warning("database.away", why=type(error).__name__, route=_route(request))
            return answer(request, AWAY, 503)
        if isinstance(error, ConnectionError):
            raise  # the window was closed; there is nobody to answer
        log.exception("page.failed", method=request.method, route=_route(request))
        return answer(request, BUG, 500)


@web.middleware
async def at_home(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A foreign name that was made to point at this machine is refused, or its page could read ours.

    The feed is for everybody, under the name that a host gave it.
    """
    outside = urlsplit(request.app[SITE].feed_url).netloc
    if outside and request.host.lower() == outside.lower() and FEED.match(request.path):
        return await handler(request)
    login = request.app[SITE].login
    if login is not None:
        if request.host.lower() in login.hosts or request.path in PROBES:
            return await handler(request)
        return answer(request, f"This studio is at {login.url}.", 421)
    name, _, port = request.host.rpartition(":")
    if not name or not port.isdigit():
        name = request.host
    if not is_loopback(name):
        raise web.HTTPMisdirectedRequest
    return await handler(request)


@web.middleware
async def introduced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Handlers under ``/as/…`` know who asks. Where people sign in all do, and guests come no further
    than what is open to everybody."""
    site = request.app[SITE]
    if site.login is None:
        if "who" in request.match_info:
            introduce(request, await site.people.visitor(request))
        return await handler(request)
    if request.path.startswith("/static/") or request.path in PROBES:
        return await handler(request)
    visitor = await site.people.visitor(request)
    introduce(request, visitor)
    found = request.match_info
    known = found.http_exception is None
    if visitor.guest and known and found.handler not in request.app[OPEN]:
        to = request.path_qs if request.method == "GET" else ""
        return sign_in.ask(request, sign_in.FIRST, 403, to)
    return await handler(request)


@web.middleware
async def from_our_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only a form on a page of ours may post: the browser says so, and the form's token proves it."""
    if request.method in {"GET", "HEAD"} or request.match_info.http_exception is not None:
        return await handler(request)  # nothing is changed, or there is nobody to change anything
    came_from = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden
    if came_from is not None and came_from != origin(request):
        raise web.HTTPForbidden
    files = request.content_type == "multipart/form-data"
    if files and request.match_info.route.name == PICTURES_MAY_COME:
        request = request.clone(client_max_size=LARGEST_WITH_PICTURES)
    try:
        sent = await request.post()
    except UNREADABLE:
        raise web.HTTPBadRequest from None
    except web.HTTPRequestEntityTooLarge:
        if not files:
            raise
        return answer(request, pictures.TOO_LARGE, 413)
    attached = [value for value in sent.values() if isinstance(value, web.FileField)]
    try:
        words = sum(len(v) for v in sent.values() if not isinstance(v, web.FileField))
        if words > LARGEST_WORDS:
            raise web.HTTPRequestEntityTooLarge(LARGEST_WORDS, words)
        token = sent.get("csrf", "")
        if not isinstance(token, str) or not visitor_of(request).vouches_for(token):
            return answer(
                request, "This page is from an earlier visit. Reload it and try again.", 403
            )
        return await handler(request)
    finally:
        for value in attached:
            value.file.close()


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, files and streams too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.app[SITE].login is not None:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    ours = request.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "no-cache" if ours else "no-store")


def _route(request: web.Request) -> str:
    """The form of the address, which names nobody."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
