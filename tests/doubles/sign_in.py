"""Discord's and Slack's half of signing in, over real sockets: OAuth 2.0 with PKCE, OpenID Connect.

Whoever comes to its page is signed in there already and agrees, unless a test says otherwise. What a
client does wrong is refused as the platform would, and kept in ``violations``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from urllib.parse import urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "4711.42", "the client's secret"
KEY_ID = "key-1"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Grant:
    """What somebody agreed to, until it is redeemed."""

    redirect_uri: str
    challenge: str
    nonce: str
    used: bool = False


@dataclass
class Platform:
    """Both platforms, each under its own addresses."""

    user: dict[str, Any] = field(
        default_factory=lambda: {"id": "1001", "username": "ada_l", "global_name": "Ada"}
    )
    """Whom Discord says it is."""
    claims: dict[str, Any] = field(default_factory=dict)
    """What Slack's id_token says otherwise than it should; None takes a claim out."""
    header: dict[str, Any] = field(default_factory=lambda: {"kid": KEY_ID})
    signed_by: str = KEY_ID
    denies: bool = False
    down: bool = False
    """Whether it answers the studio with errors of its own; the pages for people are there."""
    violations: list[str] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    redirect_uris: set[str] = field(default_factory=set)
    url: str = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/oauth2/authorize", self._authorize)
        app.router.add_get("/openid/connect/authorize", self._authorize)
        app.router.add_post("/api/v10/oauth2/token", self._discord_token)
        app.router.add_get("/api/v10/users/@me", self._discord_user)
        app.router.add_post("/api/openid.connect.token", self._slack_token)
        app.router.add_get("/openid/connect/keys", self._slack_keys)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _authorize(self, http: web.Request) -> web.Response:
        asked, slack = http.query, http.path.startswith("/openid")
        expected = {
            "client_id": CLIENT,
            "response_type": "code",
            "scope": "openid profile" if slack else "identify",
            "code_challenge_method": "S256",
        }
        self.violations += [name for name, value in expected.items() if asked.get(name) != value]
        if asked["redirect_uri"] not in self.redirect_uris:
            self.violations.append("redirect_uri")
            return web.Response(status=400, text="invalid redirect_uri")
        answer = {"state": asked["state"]}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.grants[answer["code"]] = Grant(
                asked["redirect_uri"], asked["code_challenge"], asked.get("nonce", "")
            )
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(answer)}")

    async def _redeemed(self, http: web.Request) -> Grant | None:
        """None for what the platform refuses."""
        sent = await http.post()
        grant = self.grants.get(str(sent.get("code")))
        digest = hashlib.sha256(str(sent.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        client = (sent.get("client_id"), sent.get("client_secret"), sent.get("grant_type"))
        if client != (CLIENT, SECRET, "authorization_code"):
            self.violations.append("client")
            return None
        if grant is None or grant.used or grant.challenge != challenge:
            return None
        grant.used = True
        return grant if sent.get("redirect_uri") == grant.redirect_uri else None

    async def _discord_token(self, http: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503, text="<html>upstream: secret detail</html>")
        if await self._redeemed(http) is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer"})

    async def _discord_user(self, http: web.Request) -> web.Response:
        if http.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        return web.json_response(self.user)

    async def _slack_token(self, http: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503, text="<html>upstream: secret detail</html>")
        grant = await self._redeemed(http)
        if grant is None:
            return web.json_response({"ok": False, "error": "invalid_code"})
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "U1", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": grant.nonce, "name": "Ada",
            "https://slack.com/team_id": "T1", "https://slack.com/user_id": "U1",
        }  # fmt: skip
        claims = {k: v for k, v in (claims | self.claims).items() if v is not None}
        token = jwt.encode(claims, key(self.signed_by), algorithm="RS256", headers=self.header)
        return web.json_response({"ok": True, "access_token": "xoxp-1", "id_token": token})

    async def _slack_keys(self, _: web.Request) -> web.Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(KEY_ID).public_key()))
        return web.json_response({"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
