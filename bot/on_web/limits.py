"""How often one may ask: token buckets, by address and by person, in the memory of this process."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.on_web.site import SITE, answer, visitor_of
from bot.settings_web import Networks

MOST_KEPT = 50_000
V6_NETWORK = 64
"""Bits of an IPv6 address that are one household's."""


@dataclass(slots=True)
class Buckets:
    """One bucket for each who asks; full it holds ``burst``, and it fills by ``rate`` a second."""

    burst: float
    rate: float
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """What was left in it and when, the last asked ones at the end."""

    def wait(self, who: str) -> float:
        """Take one out; 0, or the seconds until there is one."""
        now = self.clock()
        left, at = self._left.pop(who, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.rate)
        while len(self._left) >= MOST_KEPT:
            del self._left[next(iter(self._left))]
        taken = left >= 1
        self._left[who] = (left - 1 if taken else left, now)
        return 0.0 if taken else (1 - left) / self.rate


@dataclass(slots=True)
class Limits:
    """All that is counted."""

    reads: Buckets = field(default_factory=lambda: Buckets(600, 20))
    posts: Buckets = field(default_factory=lambda: Buckets(60, 1))
    """By address, behind which many may sit."""
    own_posts: Buckets = field(default_factory=lambda: Buckets(30, 0.5))
    """By person."""
    sign_ins: Buckets = field(default_factory=lambda: Buckets(40, 1 / 15))
    """By address; going to a platform and coming back are two."""


LIMITS = web.AppKey("limits", Limits)


@web.middleware
async def by_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nobody keeps the studio from others."""
    login, limits = request.app[SITE].login, request.app[LIMITS]
    if login is None or request.path.startswith("/static/"):
        return await handler(request)
    buckets = limits.reads if request.method in {"GET", "HEAD"} else limits.posts
    if request.path.startswith("/sign-in/"):
        buckets = limits.sign_ins
    seconds = buckets.wait(_household(address_of(request, login.proxies)))
    return too_quick(request, seconds) if seconds else await handler(request)


@web.middleware
async def by_person(request: web.Request, handler: Handler) -> web.StreamResponse:
    """However many addresses one comes from."""
    if request.app[SITE].login is None or request.method in {"GET", "HEAD"}:
        return await handler(request)
    if request.match_info.http_exception is not None:
        return await handler(request)
    seconds = request.app[LIMITS].own_posts.wait(str(visitor_of(request).person.id))
    return too_quick(request, seconds) if seconds else await handler(request)


def too_quick(request: web.Request, seconds: float) -> web.Response:
    wait = math.ceil(seconds)
    unit = "second" if wait == 1 else "seconds"
    response = answer(request, f"That was too much at once. Try again in {wait} {unit}.", 429)
    response.headers["Retry-After"] = str(wait)
    return response


def address_of(request: web.Request, proxies: Networks) -> str:
    """Where a request comes from; by what a proxy says, where it is one of ours that says so.

    Each proxy adds whom it heard to the end of X-Forwarded-For; all before that anybody may have written.
    """
    heard = request.remote or ""
    told = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    while told and _is_of(heard, proxies):
        before = told.pop().strip()
        if _read(before) is None:
            break
        heard = before
    return heard


def _is_of(address: str, proxies: Networks) -> bool:
    read = _read(address)
    return read is not None and any(read in network for network in proxies)


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return None
    return read.ipv4_mapped or read if isinstance(read, ipaddress.IPv6Address) else read


def _household(address: str) -> str:
    read = _read(address)
    if isinstance(read, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((read, V6_NETWORK), strict=False))
    return str(read)
