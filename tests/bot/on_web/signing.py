"""The web room as it is on the internet: behind a name, with people who sign in by a platform."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import select

from bot.on_web.live import cursor_at
from bot.on_web.members import SESSION, Login
from bot.on_web.providers import providers
from bot.settings import BotSettings
from bot.settings_web import networks
from bot.vouching import Silent
from db import people
from db.models import WebSession, utcnow
from moderation.people import Person, Role
from tests.bot.on_web.served import Listener, Served
from tests.doubles.sign_in import CLIENT, SECRET, Platform

HOST = "sora.example.org"
URL = f"https://{HOST}"
ADA, ADA_IN_SLACK = ("", "1001"), ("T1", "U1")
"""Workspace and user, of whoever the double says it is."""


@dataclass
class Rooms:
    """What the platforms' rooms would say of these; of all others that they are no members."""

    roles: dict[tuple[str, str], frozenset[Role]] = field(default_factory=dict)
    silent: bool = False
    name: str = "both"
    asked: int = 0

    async def vouch(self, workspace: str, user_id: str, *, fresh: bool) -> frozenset[Role] | None:
        self.asked += 1
        if self.silent:
            raise Silent
        return self.roles.get((workspace, user_id))


def login_by(platform: Platform, rooms: Rooms, proxies: str = "") -> Login:
    """As a host would set it, against the double."""
    platform.redirect_uris = {f"{URL}/sign-in/{key}/back" for key in ("discord", "slack")}
    settings = BotSettings(
        public_url=URL,
        discord_token="t",
        discord_api=platform.url,
        slack_bot_token="xoxb-1",
        slack_app_token="xapp-1",
        slack_api=f"{platform.url}/api/",
        web_discord_client_id=CLIENT,
        web_discord_client_secret=SECRET,
        web_slack_client_id=CLIENT,
        web_slack_client_secret=SECRET,
    )
    both = {"discord": rooms, "slack": rooms}
    return Login(settings.public_url, providers(settings), both, networks(proxies))


class Answer(NamedTuple):
    status: int
    text: str
    headers: Mapping[str, str]
    cookies: list[str]

    @property
    def leads(self) -> str:
        return self.headers.get("Location", "")


class Browser:
    """Keeps cookies as browsers do that reach us through a proxy with TLS, and runs no scripts."""

    def __init__(self, served: Served, http: aiohttp.ClientSession, host: str = HOST) -> None:
        self._served, self._http, self.host = served, http, host
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._ask("GET", path, headers=headers)

    async def post(self, path: str, fields: Mapping[str, str] = {}, **headers: str) -> Answer:
        form = {"csrf": self.csrf, **fields}
        return await self._ask("POST", path, data=form, headers={"Origin": URL, **headers})

    async def sign_in(self, by: str = "discord", to: str = "") -> Answer:
        """All the way; the answer on coming back."""
        return await self.get(await self.come_back(by, to))

    async def come_back(self, by: str = "discord", to: str = "") -> str:
        """To the platform, and the address with which it sends one back."""
        away = await self.get(f"/sign-in/{by}" + (f"?next={to}" if to else ""))
        assert away.status == 303, away.text
        async with self._http.get(away.leads, allow_redirects=False) as there:
            assert there.status == 302, await there.text()
            back = urlsplit(there.headers["Location"])
        assert back.netloc == HOST
        return f"{back.path}?{back.query}"

    @asynccontextmanager
    async def listening(self, place: str) -> AsyncIterator[Listener]:
        """What an open window is told."""
        headers = {"Host": self.host, "Cookie": f"{SESSION}={self.cookies[SESSION]}"}
        url = f"{self._served.url}/live?place={place}&since={cursor_at(utcnow())}"
        async with self._http.get(url, headers=headers) as answer:
            assert answer.status == 200
            yield Listener(answer)

    async def _ask(self, method: str, path: str, **sent: object) -> Answer:
        given = sent.pop("headers", {})
        headers = {"Host": self.host, "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
        headers |= given if isinstance(given, dict) else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        url = self._served.url + path
        async with self._http.request(
            method,
            url,
            headers=headers,
            allow_redirects=False,
            **sent,  # type: ignore[arg-type]  # passed through
        ) as answer:
            raw = await answer.read()
            text = raw.decode(errors="replace")
            set_cookies = answer.headers.getall("Set-Cookie", [])
            found = Answer(answer.status, text, answer.headers, set_cookies)
        for line in set_cookies:
            for name, morsel in SimpleCookie(line).items():
                assert morsel["secure"], line
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        if token := re.search(r'name="csrf" value="(\w+)"', text):
            self.csrf = token[1]
        return found


Open = Callable[[], Browser]
"""A browser of its own, each time."""


async def known(public: Served, platform: str, workspace: str, user: str) -> Person:
    async with public.db.begin() as s:
        row = await people.known(s, platform, workspace, user, "Ada")
    return Person(row.id, row.name)


async def sessions(public: Served) -> list[WebSession]:
    async with public.db.read() as s:
        return list(await s.scalars(select(WebSession)))
