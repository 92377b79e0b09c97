"""HTTP mode: signed requests to the bot's address, as Slack makes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from tests.doubles.on_slack import acts
from tests.doubles.on_slack.acts import Act, Attempt
from tests.doubles.on_slack.trouble import Trouble

if TYPE_CHECKING:
    from tests.doubles.on_slack.world import World

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
REASONS = {"timeout": "http_timeout"}


class Outbound:
    def __init__(self, world: World) -> None:
        self.world = world
        self.bot_url = ""
        """Where events, commands and interactivity go."""
        self._session: aiohttp.ClientSession | None = None

    def signed(self, body: bytes, content_type: str, at: float | None = None) -> dict[str, str]:
        """The headers of such a request. Signatures are made on the real clock: bots compare them
        with theirs, and refuse what is older than five minutes."""
        stamp = str(int(time.time() if at is None else at))
        mark = hmac.new(
            self.world.signing_secret.encode(),
            b"v0:" + stamp.encode() + b":" + body,
            hashlib.sha256,
        )
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mark.hexdigest()}",
        }

    def packed(self, act: Act) -> tuple[bytes, str]:
        if act.kind == acts.EVENT:
            return json.dumps(act.payload).encode(), JSON
        form = act.payload if act.kind == acts.SLASH else {"payload": json.dumps(act.payload)}
        return urlencode(form).encode(), FORM

    async def deliver(self, act: Act, attempt: Attempt) -> Any:
        if not self.bot_url:
            raise Trouble("not_connected", final=True)
        body, kind = self.packed(act)
        headers = self.signed(body, kind)
        if attempt.number:
            headers["X-Slack-Retry-Num"] = str(attempt.number)
            headers["X-Slack-Retry-Reason"] = REASONS.get(attempt.reason, attempt.reason)
        try:
            status, answer, more = await self.post(body, headers)
        except TimeoutError:
            raise Trouble("timeout") from None
        except aiohttp.ClientError:
            raise Trouble("connection_failed") from None
        attempt.heard_at = time.monotonic()
        if not 200 <= status < 300:
            raise Trouble("http_error", final=more.get("X-Slack-No-Retry") == "1")
        return answer

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any, Any]:
        """Any request to the bot's address, also one that Slack would not make."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector)
        timeout = aiohttp.ClientTimeout(total=self.world.answer_within)
        async with self._session.post(
            self.bot_url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            text = await response.text()
            said = json.loads(text) if response.content_type == JSON and text else text
            return response.status, said, response.headers

    async def verify(self) -> bool:
        """The challenge that Slack sends when somebody enters the address."""
        challenge = hashlib.sha256(self.bot_url.encode()).hexdigest()
        asked = {
            "type": "url_verification",
            "token": self.world.verification_token,
            "challenge": challenge,
        }
        body = json.dumps(asked).encode()
        try:
            status, answer, _ = await self.post(body, self.signed(body, JSON))
        except (TimeoutError, aiohttp.ClientError):
            return False
        said = answer.get("challenge") if isinstance(answer, dict) else answer
        return status == 200 and said == challenge

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
