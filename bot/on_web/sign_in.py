"""Signing in by way of a platform, and out again."""

from __future__ import annotations

import hmac
import re
import secrets
from urllib.parse import urlencode

import structlog
from aiohttp import web

from bot.on_web.deeds import fields_of, whole
from bot.on_web.described import HTML, described
from bot.on_web.members import SESSION, STATE, Login, drop, keep
from bot.on_web.providers import Claimed, Provider, Sent, Unanswered, Untrusted
from bot.on_web.site import SITE, Said, as_json, back_with, page, visitor_of, wants_json
from bot.vouching import Silent
from db import people, web_sessions
from db.web_sessions import LONGEST, SIGNING_IN

OWN_PAGE = re.compile(r"/(?:[\w.~-][\w.~/-]*)?(?:\?[\w.~&=%-]*)?", re.ASCII)
FIRST = "Sign in first; this page is for members."
BEGIN_AGAIN = "That sign-in was begun elsewhere, is used up or took too long. Begin again."
SAID_NO = "You said no at {}, so you aren't signed in."
UNPROVEN = "{} didn't confirm who you are. Try again."
AWAY = "{} doesn't answer at the moment. Try again in a minute."
NOT_FROM_HERE = "Only members of the servers and workspaces that this studio is in can sign in."
SIGNED_OUT = "You are signed out."
BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari", "curl")
"""Each names those after it, too."""
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
CALLED = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}

STATES = re.compile(r"[\w-]+", re.ASCII)

log = structlog.get_logger()


def ask(request: web.Request, sentence: str = "", status: int = 200, to: str = "") -> web.Response:
    """The page on which one signs in; afterwards it goes on ``to``, a page of ours."""
    if sentence and wants_json(request):
        return as_json(Said(sentence), status)
    query = urlencode({"next": to}) if to != "/" and OWN_PAGE.fullmatch(to) else ""
    return page(request, "sign_in.html", status, sentence=sentence, query=query and f"?{query}")


@described(HTML, query={"next": str})
async def sign_in(request: web.Request) -> web.Response:
    """By which platform."""
    return ask(request, to=request.query.get("next", ""))


@described({}, query={"next": str}, also={303: "To the platform."})
async def away(request: web.Request) -> web.Response:
    """To the platform."""
    login, provider = _login(request), _provider(request)
    to = request.query.get("next", "")
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    async with request.app[SITE].db.begin() as s:
        state = await web_sessions.send_away(
            s,
            provider.key,
            verifier=verifier,
            nonce=nonce,
            leads_to=to if OWN_PAGE.fullmatch(to) else "/",
        )
    leads = provider.address(back_to(login.url, provider.key), Sent(state, verifier, nonce))
    response = web.Response(status=303, headers={"Location": leads})
    keep(response, STATE, state, SIGNING_IN)
    return response


@described(
    {},
    query={"state": str, "code": str, "error": str},
    also={303: "Signed in.", 403: UNPROVEN.format("It"), 502: AWAY.format("It")},
)
async def back(request: web.Request) -> web.Response:
    """From the platform, with a code or with a no."""
    provider, state = _provider(request), request.query.get("state", "")
    kept = request.cookies.get(STATE, "")
    readable = STATES.fullmatch(state) and kept.isascii()
    if not readable or not hmac.compare_digest(state, kept):
        return _failed(request, provider, BEGIN_AGAIN, 403, "state")
    async with request.app[SITE].db.begin() as s:
        row = await web_sessions.come_back(s, provider.key, state)
    if row is None:
        return _failed(request, provider, BEGIN_AGAIN, 403, "no such state")
    if request.query.get("error") == "access_denied":
        return _failed(request, provider, SAID_NO, 403, "they said no")
    sent, login = Sent(state, row.verifier, row.nonce), _login(request)
    try:
        code = request.query.get("code", "")
        claimed = await provider.who(code, back_to(login.url, provider.key), sent)
        roles = await login.vouch(provider.key, claimed.workspace, claimed.user_id, fresh=True)
    except Untrusted as why:
        return _failed(request, provider, UNPROVEN, 403, str(why))
    except (Unanswered, Silent) as why:
        return _failed(request, provider, AWAY, 502, str(why))
    if roles is None:
        return _failed(request, provider, NOT_FROM_HERE, 403, "no member")
    return await _signed_in(request, provider, claimed, row.leads_to)


@described({}, form={})
async def sign_out(request: web.Request) -> web.Response:
    """In this browser."""
    async with request.app[SITE].db.begin() as s:
        await web_sessions.end(s, visitor_of(request).session)
    response = back_with(request, SIGNED_OUT, "/sign-in")
    drop(response, SESSION)
    return response


@described({}, form={"which": str})
async def sign_out_there(request: web.Request) -> web.Response:
    """In one browser of theirs, or in all."""
    person, sent = visitor_of(request).person, await fields_of(request)
    which = None if sent.get("which") == "all" else whole(sent, "which")
    async with request.app[SITE].db.begin() as s:
        ended = await web_sessions.end_of(s, person.id, which)
    said = SIGNED_OUT if which is None else "Signed out there."
    return back_with(request, said if ended else "Nobody is signed in there.", "/yours")


def back_to(url: str, provider: str) -> str:
    """The address that a platform has to know, and sends people back to."""
    return f"{url}/sign-in/{provider}/back"


async def _signed_in(
    request: web.Request, provider: Provider, claimed: Claimed, to: str
) -> web.Response:
    """A session that nobody knew before they signed in; the one before it is over."""
    browser = _browser(request.headers.get("User-Agent", ""))
    key = (provider.key, claimed.workspace, claimed.user_id)
    async with request.app[SITE].db.begin() as s:
        await people.known(s, *key, claimed.name)
        await web_sessions.end(s, request.cookies.get(SESSION, ""))
        token = await web_sessions.begin(s, *key, browser)
    log.info("sign_in.done", room=provider.key)
    response = web.Response(status=303, headers={"Location": to})
    keep(response, SESSION, token, LONGEST)
    drop(response, STATE)
    return response


def _failed(
    request: web.Request, provider: Provider, sentence: str, status: int, why: str
) -> web.Response:
    log.warning("sign_in.failed", room=provider.key, why=why)
    response = ask(request, sentence.format(provider.name), status)
    drop(response, STATE)
    return response


def _login(request: web.Request) -> Login:
    login = request.app[SITE].login
    if login is None:
        raise web.HTTPNotFound
    return login


def _provider(request: web.Request) -> Provider:
    for provider in _login(request).providers:
        if provider.key == request.match_info["provider"]:
            return provider
    raise web.HTTPNotFound


def _browser(agent: str) -> str:
    """What people call it, such as Firefox on Linux."""
    found = [
        next((CALLED.get(name, name) for name in names if name in agent), "")
        for names in (BROWSERS, SYSTEMS)
    ]
    return " on ".join(filter(None, found)) or "a browser"
