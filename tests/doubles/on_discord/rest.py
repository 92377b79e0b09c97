"""The REST door: one path that every request takes, whatever it asks for."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import BodyPartReader, web

from tests.doubles.on_discord import errors, faults
from tests.doubles.on_discord.buckets import Buckets
from tests.doubles.on_discord.errors import ApiError
from tests.doubles.on_discord.messages import Upload
from tests.doubles.on_discord.validate import Description
from tests.doubles.on_discord.world import World

Json = dict[str, Any]
BASE = "/api/v10"
OPEN = ("/interactions/", "/webhooks/{application_id}/{token}")
"""Where the token is in the path, and none is asked for in a header."""


@dataclass(eq=False)
class Request:
    """One request, as a test reads it afterwards."""

    method: str
    path: str
    """Without the base: `/channels/1/messages`."""
    route: str
    query: dict[str, str]
    payload: Any = field(repr=False)
    files: dict[int, Upload] = field(repr=False)
    params: dict[str, str] = field(repr=False)
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    """None while it runs, and where the answer was lost."""
    answer: Any = field(default=None, repr=False)
    reason: str | None = None
    """For the audit log."""

    def id(self, name: str) -> int:
        text = self.params[name]
        if not text.isdigit():
            raise errors.invalid(
                {name: {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": "Not snowflake."}]}}
            )
        return int(text)

    @property
    def body(self) -> Json:
        if not isinstance(self.payload, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.payload


Handler = Callable[[World, Request], Any]
ROUTES: list[tuple[str, str, Handler]] = []


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        ROUTES.append((method, path, handler))
        return handler

    return add


class Rest:
    def __init__(
        self,
        world: World,
        waiting: faults.Faults,
        description: Description,
        buckets: Buckets | None,
    ) -> None:
        self.world = world
        self.faults = waiting
        self.description = description
        self.buckets = buckets
        self.requests: list[Request] = []
        self.violations: list[str] = []

    def add_to(self, app: web.Application) -> None:
        for method, path, handler in ROUTES:
            app.router.add_route(method, BASE + path, self._door(path, handler))
        app.router.add_route("*", BASE + "/{rest:.*}", self._door("?", _unknown_route))

    def requested(self, method: str, path: str) -> list[Request]:
        """The requests so far that match these globs."""
        return [
            r for r in self.requests if fnmatchcase(r.method, method) and fnmatchcase(r.path, path)
        ]

    def _door(self, path: str, handler: Handler) -> Callable[[web.Request], Any]:
        async def serve(http: web.Request) -> web.StreamResponse:
            request = await _read(http, path)
            self.requests.append(request)
            met = {f.kind: f for f in self.faults.meeting(request.method, request.path)}
            if slow := met.get(faults.SLOW):
                await asyncio.sleep(slow.seconds)
            if held := met.get(faults.HOLD):
                await held.released.wait()
            if faults.LOSE_REQUEST in met:
                return _hang_up(http)
            headers: dict[str, str] = {}
            try:
                if refused := met.get(faults.REFUSE):
                    raise _as_error(refused)
                if self.buckets is not None:
                    headers = self.buckets.enter(request.method, path, request.params)
                request.answer = self._do(http, handler, request)
                request.status = 204 if request.answer is None else 200
            except ApiError as error:
                request.status, request.answer = error.status, error.body
                headers |= error.headers
                if asked := self.world.by_token.get(request.params.get("token", "")):
                    asked.refusals.append(error.body)
            except (KeyError, TypeError, ValueError) as error:
                # A body that the handler could not read; if it's the double's own fault, a test
                # shall see that too.
                self.violations.append(f"{request.method} {request.path}: {error!r}")
                request.status, request.answer = 400, errors.invalid({}).body
            if faults.LOSE_ANSWER in met:
                request.status = None
                return _hang_up(http)
            if request.answer is None:
                return web.Response(status=204, headers=headers)
            if isinstance(request.answer, str):
                page = request.answer
                return web.Response(status=request.status, text=page, content_type="text/html")
            # discord.py compares the whole header: one with a charset would not be JSON to it.
            headers["Content-Type"] = "application/json"
            packed = json.dumps(request.answer).encode()
            return web.Response(status=request.status, body=packed, headers=headers)

        return serve

    def _do(self, http: web.Request, handler: Handler, request: Request) -> Any:
        self.violations += self.description.violations(
            request.method, request.path, request.query, request.payload
        )
        authorised = http.headers.get("Authorization") == f"Bot {self.world.token}"
        if not authorised and not request.route.startswith(OPEN):
            raise errors.unauthorised()
        if (http.content_length or 0) > self.world.request_limit:
            raise errors.too_large()
        return handler(self.world, request)


async def _read(http: web.Request, path: str) -> Request:
    payload: Any = None
    files: dict[int, Upload] = {}
    if http.content_type == "multipart/form-data":
        async for part in await http.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = bytes(await part.read(decode=False))
            if part.name == "payload_json":
                payload = json.loads(data)
            elif match := re.fullmatch(r"files\[(\d+)\]", part.name or ""):
                files[int(match[1])] = Upload(part.filename or "unknown", data)
    elif raw := await http.read():
        try:
            payload = json.loads(raw)
        except ValueError:
            payload = raw
    return Request(
        http.method,
        http.path.removeprefix(BASE),
        path,
        dict(http.query),
        payload,
        files,
        dict(http.match_info),
        reason=http.headers.get("X-Audit-Log-Reason"),
    )


def _hang_up(http: web.Request) -> web.Response:
    if http.transport is not None:
        http.transport.close()
    return web.Response()


def _as_error(fault: faults.Fault) -> ApiError:
    if fault.status == 429:
        error = errors.rate_limited(fault.retry_after or 0.0)
    else:
        text = fault.message or f"{fault.status}: Internal Server Error"
        error = ApiError(fault.status, fault.code, text, retry_after=fault.retry_after)
    if fault.status in (502, 503, 504) and not fault.message:
        # Not Discord itself says so but what stands before it, in HTML.
        raise _Page(fault.status)
    return error


class _Page(ApiError):
    def __init__(self, status: int) -> None:
        super().__init__(status, 0, "")
        self.body = f"<html><body>{status} upstream error</body></html>"


def _unknown_route(world: World, request: Request) -> Any:
    raise ApiError(404, 0, "404: Not Found")
