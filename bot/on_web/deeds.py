"""What people do on a page: ask for a clip, press a button. The desk decides; this translates."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from bot import pictures, said, stating
from bot.acts import Act, act
from bot.on_web import form
from bot.on_web.described import JSON, described
from bot.on_web.live import ROOM
from bot.on_web.pages import cards_of, studio_page
from bot.on_web.paint import Painted
from bot.on_web.people import Visitor
from bot.on_web.site import SITE, Said, as_json, back_with, visitor_of, wants_json
from bot.signs import LOOKS, NEEDS_PROMPT, Sign
from bot.view import view
from db.states import Reason
from moderation.rules import Refused
from moderation.wish import Picture, Request

LONGEST_ID = 9


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and how the job now stands."""

    said: str
    cards: list[Painted]


@described({JSON: Said}, form=form.FIELDS | {"key": str})
async def sora(request: web.Request) -> web.Response:
    """Put a job into the line; the same form sent twice is one job."""
    site, visitor, sent = request.app[SITE], visitor_of(request), await fields_of(request)
    given: dict[str, Picture] = {}
    try:
        for name, data in (await _files(request)).items():
            given[name] = await pictures.take(site.media, data)
        asked = form.wish(sent, given)
        named = request_named_by(
            visitor, {**sent, **{name: found.key for name, found in given.items()}}
        )
        job = await site.desk.submit(visitor.person, asked, named)
    except Refused as refused:
        await pictures.let_go(site.db, site.media, given.values())
        if wants_json(request):
            raise
        return await studio_page(request, sent, str(refused), 409)
    sentence = said.entered(job)
    if wants_json(request):  # the receipt comes over the stream; this answer waits for no card
        return as_json(Said(sentence))
    return back_with(request, sentence, _where_from(request))


@described(
    {JSON: Done},
    form={
        "sign": Sign,
        "job": int,
        "only": list[int],
        "reason": Reason,
        "words": str,
        stating.FIELD: str,
        **{f"sentence-{sign}": str for sign in Sign if sign not in LOOKS},
        "key": str,
    },
)
async def press(request: web.Request) -> web.Response:
    """Do what a button means."""
    visitor, sent = visitor_of(request), await fields_of(request)
    if sent.get("sign") == "":
        raise Refused("Press the button for what you want; Enter alone decides nothing.")
    try:
        sign, job_id = Sign(sent["sign"]), _job_id(sent["job"])
        only = {int(str(number)) for number in (await request.post()).getall("only", [])}
        reason = Reason(sent.get("reason", Reason.OTHER))
        if sign in LOOKS:  # these are links
            raise ValueError(sign)
    except (KeyError, ValueError):
        raise web.HTTPBadRequest from None
    words = sent.get("words" if sign in NEEDS_PROMPT else f"sentence-{sign}", "")
    if sign is Sign.STATE:
        words = stating.ticked(sent, words)
    deed = Act(visitor.person, sign, job_id, request_named_by(visitor, sent), words, only, reason)
    return await _done(request, await act(request.app[SITE].desk, deed), job_id)


def _job_id(text: str) -> int:
    """Raises ``ValueError`` for what no form of ours says."""
    if len(text) > LONGEST_ID:
        raise ValueError(f"a job's number has at most {LONGEST_ID} digits")
    return int(text)


def whole(sent: Mapping[str, str], name: str) -> int:
    """A number that was filled in; 0 where it was left empty. Raises ``HTTPBadRequest``."""
    typed = sent.get(name) or "0"
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_ID):
        raise web.HTTPBadRequest
    return int(typed)


async def _done(request: web.Request, sentence: str, job_id: int) -> web.Response:
    """Say what was done, and show how the job now stands."""
    if not wants_json(request):
        return back_with(request, sentence, _where_from(request))
    async with request.app[SITE].db.read() as s:
        cards = await cards_of(request, s, await view(s, job_id))
    return as_json(Done(sentence, cards))


async def fields_of(request: web.Request) -> Mapping[str, str]:
    """What was filled in, by the names of the fields; not what was attached."""
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


async def _files(request: web.Request) -> dict[str, bytes]:
    """What was attached, by the names of the fields; read no further than a picture may be large."""
    attached = {n: f for n, f in (await request.post()).items() if isinstance(f, web.FileField)}
    longest = pictures.LARGEST_BYTES + 1
    return {n: await asyncio.to_thread(f.file.read, longest) for n, f in attached.items()}


def request_named_by(visitor: Visitor, sent: Mapping[str, str]) -> Request:
    """Named by all that was sent, the form's key with it: the same words twice are one request."""
    named = {"key": secrets.token_urlsafe(12)} | {
        n: v for n, v in sent.items() if n != "csrf" and v
    }
    digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]
    return Request(f"{ROOM}:{visitor.person.id}:{digest}", ROOM, f"mine:{visitor.person.id}")


def _where_from(request: web.Request) -> str:
    """The page of ours on which the form was sent."""
    visitor = visitor_of(request)
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address at all
        return f"{visitor.base}/"
    if came_from.netloc == request.host and came_from.path.startswith(f"{visitor.base}/"):
        return came_from.path
    return f"{visitor.base}/"
