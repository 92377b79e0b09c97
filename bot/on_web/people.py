"""Who is at the window; and the demo's people, who are for this machine only.

A demo's identity is the first part of every address, as in ``/as/mo/review``, and in no cookie: two
windows of one browser can be two people, a link opened in a new tab stays the same person, and
nothing has to be signed, because on this machine anybody may be anybody. For the same reason nobody
of the demo can be linked to who they are in another room: anybody could be them then.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from db import people
from db.session import Db
from moderation.people import Person, Role

SESSION = "sora_session"
_SESSION = re.compile(r"[\w-]{43}")


@dataclass(frozen=True, slots=True)
class Demo:
    """One of the people whom a demo lets you be."""

    key: str
    name: str
    does: str
    roles: frozenset[Role] = frozenset()


_MODERATES = frozenset({Role.MODERATOR})
DEMO: Mapping[str, Demo] = {
    demo.key: demo
    for demo in (
        Demo("ada", "Ada", "artist"),
        Demo("bo", "Bo", "artist"),
        Demo("mo", "Mo", "moderator", _MODERATES),
        Demo("lin", "Lin", "moderator", _MODERATES),
        Demo("kim", "Kim", "moderator", _MODERATES),
        Demo("nan", "Nan", "moderator", _MODERATES),
        Demo("hal", "Hal", "host", frozenset({Role.HOST})),
    )
}
FIRST = "ada"
"""Whom a newcomer is until they choose."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person at one window, under which address they go, and the token of their forms."""

    person: Person
    key: str
    """Of one of the demo's people; empty for all others."""
    session: str
    """Empty for whoever isn't signed in."""

    @property
    def base(self) -> str:
        return f"/as/{self.key}" if self.key else ""

    @property
    def guest(self) -> bool:
        return not self.session

    @property
    def csrf(self) -> str:
        """Bound to the session; whoever can't read our pages can't know it."""
        return hashlib.sha256(f"forms of {self.session}".encode()).hexdigest()

    def vouches_for(self, token: str) -> bool:
        known = token.isascii() and hmac.compare_digest(self.csrf, token)
        return not self.guest and known


GUEST = Visitor(Person(0, "somebody"), "", "")
"""Whoever isn't signed in: the id is nobody's."""


class Demos:
    """The demo's people, each looked up once, and again once they were forgotten."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: dict[str, Person] = {}

    async def visitor(self, request: web.Request) -> Visitor:
        """Whoever this request comes from. Raises ``HTTPNotFound`` for somebody unknown."""
        demo = DEMO.get(request.match_info["who"])
        if demo is None:
            raise web.HTTPNotFound
        known = self._known.get(demo.key)
        async with self._db.read() as s:
            left = known is None or await people.leaving(s, [known.id])
        if left:
            async with self._db.begin() as s:
                row = await people.known(s, "web", "demo", demo.key, demo.name)
            self._known[demo.key] = Person(row.id, demo.name, demo.roles)
        session = request.cookies.get(SESSION, "")
        if not _SESSION.fullmatch(session):
            session = secrets.token_urlsafe(32)
        return Visitor(self._known[demo.key], demo.key, session)


def remember(response: web.StreamResponse, visitor: Visitor) -> None:
    """Give the browser the session that its forms are bound to."""
    response.set_cookie(SESSION, visitor.session, httponly=True, samesite="Strict")
