"""Who somebody is, as Discord or Slack says: OAuth 2.0 with PKCE, and OpenID Connect.

Nothing of what a platform hands out for it is kept: who they are is read once, over a connection of our
own to the platform.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

import aiohttp
import jwt
from pydantic import SecretStr

from bot.settings import BotSettings
from moderation.words import SHOWS_NOTHING, clean

SECONDS, LEEWAY_SECONDS = 10.0, 60
LONGEST_ANSWER = 256 * 1024
DISCORD, SLACK = "https://discord.com", "https://slack.com"
SLACKS = "https://slack.com/"
"""How Slack's own claims in an id_token begin."""


class Unanswered(Exception):
    """The platform couldn't be asked, or gave no answer that can be used."""


class Untrusted(Exception):
    """What came back doesn't prove who they are."""


class Claimed(NamedTuple):
    """Whom a platform says somebody is."""

    workspace: str
    user_id: str
    name: str
    """Empty where it shows nothing."""


class Sent(NamedTuple):
    """What goes with somebody to a platform, and has to be known when they come back."""

    state: str
    verifier: str
    nonce: str

    @property
    def challenge(self) -> str:
        """S256 of RFC 7636."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Provider(Protocol):
    """A platform by which people sign in."""

    key: str
    name: str

    @property
    def client_id(self) -> str: ...

    def address(self, back: str, sent: Sent) -> str:
        """Where they say who they are; from there they come ``back``."""

    async def who(self, code: str, back: str, sent: Sent) -> Claimed:
        """Raises ``Unanswered`` and ``Untrusted``."""


@dataclass(frozen=True, slots=True)
class Client:
    """As whom we ask the platform."""

    id: str
    secret: SecretStr

    def asks(self, scope: str, back: str, sent: Sent) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": self.id,
            "scope": scope,
            "redirect_uri": back,
            "state": sent.state,
            "code_challenge": sent.challenge,
            "code_challenge_method": "S256",
        }

    def redeems(self, code: str, back: str, sent: Sent) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": sent.verifier,
            "client_id": self.id,
            "client_secret": self.secret.get_secret_value(),
        }


class Discord:
    """https://docs.discord.com/developers/topics/oauth2: the code grant, with nothing but ``identify``."""

    key, name = "discord", "Discord"

    def __init__(self, client: Client, api: str = "") -> None:
        """``api``: of another server that speaks Discord's."""
        self._client, self._base = client, (api or DISCORD).rstrip("/")

    @property
    def client_id(self) -> str:
        return self._client.id

    def address(self, back: str, sent: Sent) -> str:
        asked = self._client.asks("identify", back, sent)
        return f"{self._base}/oauth2/authorize?{urlencode(asked)}"

    async def who(self, code: str, back: str, sent: Sent) -> Claimed:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            fields = self._client.redeems(code, back, sent)
            told = await _ask(http, "POST", f"{self._base}/api/v10/oauth2/token", data=fields)
            bearer = {"Authorization": f"Bearer {told.get('access_token', '')}"}
            user = await _ask(http, "GET", f"{self._base}/api/v10/users/@me", headers=bearer)
        user_id = str(user.get("id", ""))
        if not (user_id.isascii() and user_id.isdecimal()):
            raise Untrusted("no user")
        return Claimed("", user_id, _shown([user.get("global_name"), user.get("username")]))


class Slack:
    """https://docs.slack.dev/authentication/sign-in-with-slack: OpenID Connect, with an id_token whose
    signature, issuer, audience, times and nonce count (OpenID Connect Core 1.0, 3.1.3.7)."""

    key, name = "slack", "Slack"

    def __init__(self, client: Client, api: str = "") -> None:
        """``api``: of another server that speaks Slack's."""
        parts = urlsplit(api)
        self._client = client
        self._base = f"{parts.scheme}://{parts.netloc}" if api else SLACK

    @property
    def client_id(self) -> str:
        return self._client.id

    def address(self, back: str, sent: Sent) -> str:
        asked = self._client.asks("openid profile", back, sent) | {"nonce": sent.nonce}
        return f"{self._base}/openid/connect/authorize?{urlencode(asked)}"

    async def who(self, code: str, back: str, sent: Sent) -> Claimed:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            fields = self._client.redeems(code, back, sent)
            told = await _ask(http, "POST", f"{self._base}/api/openid.connect.token", data=fields)
            keys = await _ask(http, "GET", f"{self._base}/openid/connect/keys")
        claims = self._read(str(told.get("id_token", "")), keys)
        if not hmac.compare_digest(str(claims["nonce"]).encode(), sent.nonce.encode()):
            raise Untrusted("nonce")
        team, user = claims.get(f"{SLACKS}team_id"), claims.get(f"{SLACKS}user_id")
        if not (isinstance(team, str) and isinstance(user, str) and team and user):
            raise Untrusted("no user")
        return Claimed(team, user, _shown([claims.get("name")]))

    def _read(self, token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
        try:
            key = jwt.PyJWKSet.from_dict(dict(keys))[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._client.id,
                issuer=self._base,
                leeway=LEEWAY_SECONDS,
                options={
                    "require": ["iss", "aud", "exp", "iat", "sub", "nonce"],
                    "strict_aud": True,
                },
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise Untrusted(type(error).__name__) from None


def providers(settings: BotSettings) -> tuple[Provider, ...]:
    """Those by which people sign in."""
    found: list[Provider] = []
    if settings.web_discord_client_id and settings.web_discord_client_secret:
        client = Client(settings.web_discord_client_id, settings.web_discord_client_secret)
        found.append(Discord(client, settings.discord_api))
    if settings.web_slack_client_id and settings.web_slack_client_secret:
        client = Client(settings.web_slack_client_id, settings.web_slack_client_secret)
        found.append(Slack(client, settings.slack_api))
    return tuple(found)


async def _ask(
    http: aiohttp.ClientSession, method: str, url: str, **sent: Any
) -> Mapping[str, Any]:
    """An object of JSON. Raises ``Unanswered`` where the platform has none, ``Untrusted`` for a refusal."""
    try:
        async with http.request(method, url, allow_redirects=False, **sent) as answer:
            body = b""
            while len(body) < LONGEST_ANSWER and (more := await answer.content.readany()):
                body += more
            status = answer.status
    except (aiohttp.ClientError, OSError) as error:
        raise Unanswered(type(error).__name__) from None
    if 400 <= status < 500 and status != 429:
        raise Untrusted(f"status {status}")
    try:
        told = json.loads(body) if status == 200 else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Unanswered(f"status {status}")
    if told.get("ok") is False:  # Slack refuses with 200
        raise Untrusted(str(told.get("error"))[:40])
    return told


def _shown(names: Sequence[Any]) -> str:
    """The first that shows anything."""
    cleaned = (clean(name) for name in names if isinstance(name, str))
    return next((name for name in cleaned if not SHOWS_NOTHING.fullmatch(name)), "")
