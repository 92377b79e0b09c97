"""OAuth v2: the page on which somebody lets the app into a workspace, and the code it gives."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import aiohttp
from aiohttp import web
from yarl import URL

from tests.doubles.on_slack.errors import ApiError
from tests.doubles.on_slack.web_api import NONE, Call, method

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Team
    from tests.doubles.on_slack.people import User
    from tests.doubles.on_slack.world import World

Json = dict[str, Any]
CODE_LIFE = 10 * 60.0


@dataclass(eq=False)
class Grant:
    """What somebody has agreed to, until the bot fetches its token."""

    team: Team
    user: User
    scopes: list[str]
    redirect_uri: str
    made: float
    used: bool = False


@dataclass(eq=False)
class Consent:
    """Who looks at the page, and what they say; a test sets it before a browser comes."""

    team: Team | None = None
    """None: the first workspace without the app, else the first."""
    user: User | None = None
    """None: the owner."""
    denies: bool = False


def authorize(
    world: World, consent: Consent, grants: dict[str, Grant], http: web.Request
) -> web.Response:
    """Whoever comes here agrees at once, and is sent back."""
    asked = http.query
    if asked.get("client_id") != world.client_id:
        return web.Response(text="invalid_client_id", status=400)
    team = consent.team or world.teams.get(asked.get("team", ""))
    team = team or next((t for t in world.teams.values() if not t.installed), None)
    team = team or next(iter(world.teams.values()))
    back = asked.get("redirect_uri") or world.redirect_uri
    if not back:
        return web.Response(text="bad_redirect_uri", status=400)
    answer = {"state": asked.get("state", "")}
    if consent.denies:
        answer["error"] = "access_denied"
    else:
        scopes = [scope for scope in asked.get("scope", "").split(",") if scope]
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(32)}"
        by = consent.user or team.owner
        redirect = asked.get("redirect_uri", "")
        grants[code] = Grant(team, by, scopes, redirect, world.clock.time())
        answer["code"] = code
    raise web.HTTPFound(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}")


@method("oauth.v2.access", auth=NONE)
def access(call: Call) -> Json:
    world, basic = call.world, call.request.basic
    client_id = basic[0] if basic else call.text("client_id")
    secret = basic[1] if basic else call.text("client_secret")
    if client_id != world.client_id:
        raise ApiError("invalid_client_id")
    if secret != world.client_secret:
        raise ApiError("bad_client_secret")
    grant = world.grants.get(call.text("code"))
    if grant is None or world.clock.time() > grant.made + CODE_LIFE:
        raise ApiError("invalid_code")
    if grant.used:
        raise ApiError("code_already_used")
    if call.text("redirect_uri") != grant.redirect_uri:
        raise ApiError("bad_redirect_uri")
    grant.used = True
    team = grant.team
    team.install(grant.scopes)
    return {
        "app_id": world.app_id,
        "authed_user": {"id": grant.user.id},
        "scope": ",".join(sorted(team.scopes)),
        "token_type": "bot",
        "access_token": team.bot_token,
        "bot_user_id": team.bot.id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


async def walk_through(install_url: str) -> tuple[int, str]:
    """A person's browser: from the bot's page to Slack's and back; status and text of the last."""
    # Bolt's cookie is for https only, which a browser too would keep on its own machine.
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[_origin(install_url)])
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(install_url) as page:
            status, text = page.status, await page.text()
        link = re.search(r'href="([^"]*/oauth/v2/authorize[^"]*)"', text)
        if link is None:
            return status, text
        target = urljoin(install_url, link[1].replace("&amp;", "&"))
        async with browser.get(target) as page:
            return page.status, await page.text()


def _origin(url: str) -> URL:
    return URL(url).origin()
