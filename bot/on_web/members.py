"""Who is signed in, and as what: asked of the room that they come from."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.on_web.people import GUEST, Visitor
from bot.on_web.providers import Provider
from bot.settings_web import Networks
from bot.vouching import Silent, Voucher
from db import web_sessions
from db.models import utcnow
from db.session import Db
from moderation.people import Person, Role

SESSION, STATE = "__Host-sora", "__Host-sora-state"
"""Cookies that browsers take from this very host alone, and over HTTPS (RFC 6265bis, 4.1.3.2)."""
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)
VOUCH_SECONDS = 5.0
SILENT_SECONDS, MOST_SILENT = 10.0, 10_000
"""A room that gave no answer about somebody isn't asked about them for so long: pages come all the same."""
PASSING = (".mp4", ".jpg", ".webp", "/first", "/last", "/live")
"""How addresses end whose answers decide nothing: a page of many clips asks a room but once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Login:
    """How people sign in."""

    url: str
    """Where they open the page, such as https://sora.example.org."""
    providers: tuple[Provider, ...]
    vouchers: Mapping[str, Voucher]
    """The rooms, by the names of their platforms."""
    proxies: Networks = ()
    """Whose word about addresses counts."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """What browsers call us in the header Host."""
        name = urlsplit(self.url).netloc
        return (name,) if urlsplit(self.url).port else (name, f"{name}:443")

    async def vouch(
        self, platform: str, workspace: str, user_id: str, *, fresh: bool
    ) -> frozenset[Role] | None:
        """As a ``Voucher`` says. Raises ``Silent``."""
        room = self.vouchers.get(platform)
        if room is None:
            return None
        try:
            async with asyncio.timeout(VOUCH_SECONDS):
                return await room.vouch(workspace, user_id, fresh=fresh)
        except TimeoutError:
            raise Silent from None


class Members:
    """Everybody who signs in."""

    def __init__(self, db: Db, login: Login) -> None:
        self._db, self._login = db, login
        self._silent: dict[tuple[str, str, str], float] = {}

    async def visitor(self, request: web.Request) -> Visitor:
        """Whoever this request comes from: a guest where they aren't signed in, or are no member now."""
        token = request.cookies.get(SESSION, "")
        if not _TOKEN.fullmatch(token):
            return GUEST
        async with self._db.read() as s:
            found = await web_sessions.find(s, token)
        if found is None:
            return GUEST
        session, person = found
        if utcnow() - session.used_at > web_sessions.NOTED:
            async with self._db.begin() as s:
                await web_sessions.note_used(s, session.id)
        fresh = request.method != "GET" or not request.path.endswith(PASSING)
        roles = await self._roles((session.platform, session.workspace, session.user_id), fresh)
        if roles is None:
            return GUEST
        return Visitor(Person(person.id, person.name, roles), "", token)

    async def _roles(self, who: tuple[str, str, str], fresh: bool) -> frozenset[Role] | None:
        """As the room says; none where it doesn't: they are who they are, but nobody knows as what."""
        if time.monotonic() - self._silent.get(who, -SILENT_SECONDS) < SILENT_SECONDS:
            return frozenset()
        try:
            return await self._login.vouch(*who, fresh=fresh)
        except Silent:
            log.warning("visitor.not_vouched_for", room=who[0])
        if len(self._silent) >= MOST_SILENT:
            self._silent.clear()
        self._silent[who] = time.monotonic()
        return frozenset()


def keep(response: web.StreamResponse, name: str, value: str, lasts: timedelta) -> None:
    """Let the browser keep this."""
    response.set_cookie(
        name, value, max_age=int(lasts.total_seconds()), path="/", secure=True, httponly=True,
        samesite="Lax",
    )  # fmt: skip


def drop(response: web.StreamResponse, name: str) -> None:
    response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
