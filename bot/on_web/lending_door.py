"""How lent workers come in: each by its key, which is all that they need and all that counts.

Nothing of the pages holds for them, neither sessions nor forms, so they take a way of their own past all
that. Whatever they are refused is one sentence as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.on_web.described import JSON, Types, described
from bot.on_web.limits import Buckets, address_of
from bot.on_web.site import SITE, Site
from db import lender_keys, lent
from db.lending import BASE, SESSION, SESSIONS, Said
from db.lent import InHand
from db.models import LenderKey

UNKNOWN = "This key isn't known here. A host makes one: sora worker key new."
REVOKED = "This key was revoked."
SUSPENDED = "This key is suspended, until a host lifts that: {why}."
TAKEN = "Another process works with this key now: each worker needs one of its own."
ONCE = "This key does that already: one at a time."
UNWANTED = "This render isn't wanted any more."

REFUSES = {
    400: "It could not be read.",
    401: "The key isn't known.",
    403: "The key was revoked, or is suspended.",
    404: "Nothing is here.",
    408: "It took too long.",
    409: "Another process has the key.",
    410: "The render isn't wanted any more.",
    411: "How long is it?",
    412: "Announce yourself first.",
    413: "That is too much.",
    422: "It isn't whole, or not what was announced.",
    429: "That was too much at once.",
    503: "The database or the store is away, or the disk is nearly full.",
}
DONE = {204: "Done."}
IN_SESSION: Types = {SESSION: Annotated[str, Field(pattern=SESSIONS)]}
"""The header of all that a worker says once it has announced itself."""

Heard = TypeVar("Heard", bound=BaseModel)


class No(Exception):
    """It is refused; the message is one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = status


@dataclass(slots=True)
class LenderLimits:
    """How often lent workers may ask."""

    addresses: Buckets = field(default_factory=lambda: Buckets(300, 20))
    keys: Buckets = field(default_factory=lambda: Buckets(60, 5))
    strangers: Buckets = field(default_factory=lambda: Buckets(20, 0.1))
    """By address, of those whose key isn't known."""
    busy: set[tuple[str, str]] = field(default_factory=set)
    """Keys, and what each does just now that it may do once at a time."""


LENDER_LIMITS = web.AppKey("lender_limits", LenderLimits)
KEY = web.RequestKey("lender_key", LenderKey)


@dataclass(frozen=True, slots=True)
class Caller:
    """A lent worker that asks for something."""

    site: Site
    key: LenderKey
    request: web.Request

    @property
    def worker(self) -> str:
        return lender_keys.worker_of(self.key.name)

    @property
    def render(self) -> tuple[int, int]:
        """The job and the attempt that it speaks of."""
        named = self.request.match_info
        return int(named["job"]), int(named["attempt"])


@web.middleware
async def by_key(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever has a key goes on to what they asked for, past whatever is for people."""
    if not request.path.startswith(f"{BASE}/"):
        return await handler(request)
    try:
        request[KEY] = await _known(request)
        return await request.match_info.handler(request)
    except No as no:
        return _said(str(no), no.code)


async def _known(request: web.Request) -> LenderKey:
    """The key of whoever asks. Raises ``No``."""
    site, limits = request.app[SITE], request.app[LENDER_LIMITS]
    proxies = site.login.proxies if site.login else ()
    address = address_of(request, proxies)
    _insist(limits.addresses, address)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    async with site.db.read() as s:
        key = await lender_keys.by_token(s, token.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        _insist(limits.strangers, address)
        raise No(401, UNKNOWN)
    insist_on_work(key)
    _insist(limits.keys, key.name)
    return key


def insist_on_work(key: LenderKey) -> None:
    """Raises ``No`` where it may do nothing any more."""
    if key.revoked_at is not None:
        raise No(403, REVOKED)
    if key.suspended:
        raise No(403, SUSPENDED.format(why=key.suspended.rstrip(".")))


def insist_on_session(request: web.Request, key: LenderKey) -> None:
    """Raises ``No`` for every process but the one that announced itself last."""
    if request.headers.get(SESSION, "") != key.session:
        raise No(409, TAKEN)


def _insist(buckets: Buckets, who: str) -> None:
    seconds = buckets.wait(who)
    if seconds:
        raise No(429, f"That was too much at once. Try again in {math.ceil(seconds)} s.")


@contextmanager
def once_at_a_time(call: Caller, what: str) -> Iterator[None]:
    """Raises ``No`` while the same key does the same."""
    busy, this = call.request.app[LENDER_LIMITS].busy, (call.key.name, what)
    if this in busy:
        raise No(429, ONCE)
    busy.add(this)
    try:
        yield
    finally:
        busy.discard(this)


def caller(request: web.Request) -> Caller:
    return Caller(request.app[SITE], request[KEY], request)


async def in_hand(s: AsyncSession, call: Caller) -> InHand:
    """The render that it speaks of, locked. Raises ``No`` where that isn't wanted of it any more."""
    insist_on_session(call.request, call.key)
    found = await lent.in_hand(s, call.key, *call.render)
    if found is None:
        raise No(410, UNWANTED)
    return found


def hears(
    kind: type[Heard],
    work: Callable[[Caller, Heard], Awaitable[BaseModel | None]],
    gives: type[BaseModel] | None = None,
    headers: Types = IN_SESSION,
) -> Handler:
    """A handler that reads this from the body, and answers what the work gives or nothing."""

    async def handle(request: web.Request) -> web.Response:
        try:
            heard = kind.model_validate_json(await request.read() or b"{}")
        except ValidationError as error:
            raise No(400, _fault(error)) from error
        return answer(await work(caller(request), heard))

    handle.__doc__ = work.__doc__
    done = {} if gives else DONE
    given = {JSON: gives} if gives else {}
    told = described(given, headers=headers, body=kind, also=done, refuses=REFUSES)
    return told(handle)


def answer(said: BaseModel | None) -> web.Response:
    if said is None:
        return web.Response(status=204)
    return web.Response(text=said.model_dump_json(), content_type="application/json")


def _said(sentence: str, status: int) -> web.Response:
    text = Said(said=sentence).model_dump_json()
    return web.Response(text=text, status=status, content_type="application/json")


def _fault(error: ValidationError) -> str:
    """What is wrong first, and where; not what stood there."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}." if where else f"That could not be read: {first['msg']}."
