"""The Web API's door: one path that every call takes, whatever it asks for."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.on_slack import errors, faults
from tests.doubles.on_slack.errors import ApiError, Page
from tests.doubles.on_slack.rates import Rates

if TYPE_CHECKING:
    from tests.doubles.on_slack.model import Channel, Team
    from tests.doubles.on_slack.people import User
    from tests.doubles.on_slack.world import World

Json = dict[str, Any]
STRUCTURED = ("blocks", "attachments", "metadata", "view", "files")
"""Arguments that are JSON, also inside a form."""
APP, NONE = "app", "none"
"""Methods for the app's own token, and for none."""


@dataclass(eq=False)
class Request:
    """One call, as a test reads it afterwards."""

    method: str
    """Of the API: `chat.postMessage`."""
    args: Json = field(repr=False)
    token: str = field(default="", repr=False)
    team: Team | None = None
    basic: tuple[str, str] | None = field(default=None, repr=False)
    """Client id and secret, where they come in a header."""
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    """None while it runs, and where the answer was lost."""
    answer: Any = field(default=None, repr=False)

    @property
    def error(self) -> str:
        return str(self.answer.get("error") or "") if isinstance(self.answer, dict) else ""


class Call:
    """What a method's handler works with."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.request = request
        self.args = request.args

    @property
    def team(self) -> Team:
        assert self.request.team is not None
        return self.request.team

    def text(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def must(self, name: str) -> str:
        if not self.text(name):
            raise errors.invalid("invalid_arguments", f"missing required field: {name}")
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        value = self.text(name)
        if value and not value.isdigit():
            raise errors.invalid("invalid_arguments", f"{name} must be a number")
        return min(int(value or default), most)

    def names(self, name: str) -> list[str]:
        """A list that may come as one text with commas."""
        value = self.args.get(name)
        if isinstance(value, list):
            return [str(one) for one in value]
        return [one.strip() for one in str(value or "").split(",") if one.strip()]

    def needs(self, *scopes: str) -> None:
        """One of these scopes."""
        have = next((scope for scope in scopes if scope in self.team.scopes), None)
        if have is None:
            raise errors.missing_scope(",".join(scopes), self.team.scopes)
        self.world.scopes_used.add(have)

    def channel(self, name: str = "channel", *, member: bool = True) -> Channel:
        """The app knows public channels and those that it is in; of others there is no word."""
        wanted = self.must(name)
        found = self.team.channels.get(wanted)
        if found is None:
            plain = wanted.removeprefix("#")
            channels = self.team.channels.values()
            found = next((c for c in channels if c.name == plain and not c.private), None)
        if found is None or (found.private and not found.has_bot):
            raise ApiError("channel_not_found")
        if member and not found.has_bot:
            raise ApiError("not_in_channel")
        return found

    def user(self, name: str = "user") -> User:
        found = self.team.users.get(self.must(name))
        if found is None:
            raise ApiError("user_not_found")
        return found


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    handler: Handler
    scopes: tuple[str, ...]
    auth: str


METHODS: dict[str, Method] = {}


def method(name: str, *scopes: str, auth: str = "bot") -> Callable[[Handler], Handler]:
    """The scopes that are always needed; what depends on the channel, the handler asks for."""

    def add(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, scopes, auth)
        return handler

    return add


class WebApi:
    def __init__(self, world: World, faults: faults.Faults, rates: Rates | None) -> None:
        self.world = world
        self.faults = faults
        self.rates = rates
        self.requests: list[Request] = []

    def requested(self, method: str = "*", **args: Any) -> list[Request]:
        """The calls so far whose method matches this glob, with these arguments."""
        return [
            r
            for r in self.requests
            if fnmatchcase(r.method, method) and all(r.args.get(k) == v for k, v in args.items())
        ]

    async def handle(self, http: web.Request) -> web.StreamResponse:
        name = http.match_info["method"]
        request = await _read(http, name)
        self.requests.append(request)

        async def do() -> web.StreamResponse:
            request.status, headers = 200, {}
            try:
                request.answer = {"ok": True, **self._do(request)}
            except ApiError as error:
                request.status, request.answer = error.status, error.body
                headers = error.headers
            if request.team:
                headers["X-OAuth-Scopes"] = ",".join(sorted(request.team.scopes))
            return web.json_response(request.answer, status=request.status, headers=headers)

        return await guarded(self.faults, name, http, do, request)

    def _do(self, request: Request) -> Json:
        call, found = Call(self.world, request), METHODS.get(request.method)
        if found is None:
            raise ApiError("unknown_method", req_method=request.method)
        if found.auth == APP:
            if request.token != self.world.app_token:
                wrong = "not_allowed_token_type" if request.token in self.world.by_token else ""
                raise ApiError(wrong or "invalid_auth")
        elif found.auth != NONE:
            self._authorise(request)
        if self.rates is not None:
            self.rates.enter(request.method, request.team, request.args)
        for scope in found.scopes:
            call.needs(scope)
        try:
            return found.handler(call)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Arguments that the handler could not read; if it's the double's own fault, a test
            # shall see that too.
            self.world.violations.append(f"{request.method}: {error!r}")
            raise errors.invalid("invalid_arguments", repr(error)) from error

    def _authorise(self, request: Request) -> None:
        if not request.token:
            raise ApiError("not_authed")
        if request.token == self.world.app_token:
            raise ApiError("not_allowed_token_type")
        request.team = self.world.by_token.get(request.token)
        if request.team is None:
            raise ApiError("invalid_auth")
        if request.token != request.team.bot_token or not request.team.installed:
            refusal, request.team = request.team.refusal, None
            raise ApiError("token_revoked" if refusal == "invalid_auth" else refusal)


async def guarded(
    known: faults.Faults,
    name: str,
    http: web.Request,
    do: Callable[[], Awaitable[web.StreamResponse]],
    request: Request | None = None,
) -> web.StreamResponse:
    """Do it, unless a test wants something to go wrong first or afterwards."""
    met = known.meeting(name)
    if slow := met.get(faults.SLOW):
        await asyncio.sleep(slow.seconds)
    if held := met.get(faults.HOLD):
        await held.released.wait()
    if faults.LOSE_REQUEST in met:
        return _hang_up(http)
    if refused := met.get(faults.REFUSE):
        error = _as_error(refused)
        if request is not None:
            request.status, request.answer = error.status, error.body
        if isinstance(error, Page):
            return web.Response(status=error.status, text=error.text, content_type="text/html")
        return web.json_response(error.body, status=error.status, headers=error.headers)
    response = await do()
    if faults.LOSE_ANSWER in met:
        if request is not None:
            request.status = None
        return _hang_up(http)
    return response


def _as_error(fault: faults.Fault) -> ApiError:
    if fault.status == 429:
        return errors.ratelimited(fault.retry_after)
    return ApiError(fault.error, status=fault.status) if fault.error else Page(fault.status)


def _hang_up(http: web.Request) -> web.Response:
    if http.transport is not None:
        http.transport.close()
    return web.Response()


async def _read(http: web.Request, name: str) -> Request:
    args: Json = dict(http.query)
    if http.content_type == "application/json":
        body = await http.text()
        try:
            args |= json.loads(body or "{}")
        except ValueError:
            args |= {"_": body}
    elif http.can_read_body:
        args |= dict((await http.post()).items())
    for key in STRUCTURED:
        if isinstance(args.get(key), str):
            with suppress(ValueError):  # what is no JSON, the method says
                args[key] = json.loads(args[key])
    header = http.headers.get("Authorization", "")
    basic = None
    if header.startswith("Basic "):
        login, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        basic = (login, secret)
    token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else ""
    token = str(args.pop("token", "") or token)
    return Request(name, args, token, basic=basic)
