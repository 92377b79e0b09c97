"""The description of the site for programs, OpenAPI 3.1: made from the very routes that are served."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import TypeAdapter

from bot.on_web import described
from bot.on_web.described import FILE, HTML, JSON, SERVED, Description, Types
from bot.on_web.guard import PROBES
from bot.on_web.members import SESSION
from bot.on_web.site import OPEN, SITE, Said

Json = dict[str, Any]
PLACE = "#/components/schemas/{model}"
ABOUT = (
    "All that the pages of this studio are made of. Whoever asks for application/json is told in JSON what "
    "was done or why not. Only what needs no session is meant for programs of others."
)
KEY = {"type": "http", "scheme": "bearer"}
"""Of a lent worker."""
NO: Mapping[int, str] = {
    400: "It could not be read.",
    403: "Sign in first; or the form is from an earlier visit.",
    404: "Nothing is here, or nothing that is shared with you.",
    409: "It can't be done, and why.",
    413: "That is too much.",
    421: "The studio has another name.",
    429: "That was too much at once.",
    503: "The store of the files is away.",
}
"""How a no is said by all of the site; each is one sentence."""
PARTS_OF_A_FILE: Mapping[int, str] = {
    206: "The part that was asked for.",
    304: "It is as it was.",
    416: "There is no such part.",
}
_GROUP = re.compile(r"\(\?P<(\w+)>((?:[^()\\]|\\.)*)\)")


@dataclass
class Described:
    """Of one site, written down once somebody asks."""

    app: web.Application

    @cached_property
    def text(self) -> str:
        return json.dumps(describe(self.app))


DESCRIBED = web.AppKey("described", Described)


@described.described({JSON: dict[str, Any]})
async def openapi(request: web.Request) -> web.Response:
    """This description."""
    return web.Response(text=request.app[DESCRIBED].text, content_type=JSON)


def describe(app: web.Application) -> Json:
    """The whole document. Raises ``LookupError`` for a route that nobody has described."""
    routes = [
        (route.resource, route.method.lower(), route.handler)
        for route in app.router.routes()
        if isinstance(route.resource, web.PlainResource | web.DynamicResource)
        and route.method != "HEAD"
    ]
    named = {id(kind): kind for *_, handler in routes for kind in _types(described.of(handler))}
    found, shared = TypeAdapter.json_schemas(
        [(key, "serialization", TypeAdapter(kind)) for key, kind in named.items()],
        ref_template=PLACE,
    )
    schemas = {key: schema for (key, _), schema in found.items()}
    paths: dict[str, Json] = {}
    for resource, method, handler in routes:
        said = _operation(app, resource, method, handler, schemas)
        paths.setdefault(resource.canonical, {})[method] = said
    login = app[SITE].login
    session = {"type": "apiKey", "in": "cookie", "name": SESSION}
    return {
        "openapi": "3.1.0",
        "info": {"title": "sora-commons", "version": "1", "description": ABOUT},
        "servers": [{"url": login.url if login else "/"}],
        "paths": paths,
        "components": {
            "schemas": shared.get("$defs", {}),
            "securitySchemes": {"key": KEY, **({"session": session} if login else {})},
        },
    }


def _types(said: Description) -> Iterator[Any]:
    for types in (said.gives, said.query, said.needs, said.headers, said.form or {}):
        yield from types.values()
    yield from (str, Said)
    if said.body is not None:
        yield said.body


def _operation(
    app: web.Application,
    resource: web.Resource,
    method: str,
    handler: Handler,
    schemas: Mapping[int, Json],
) -> Json:
    said = described.of(handler)
    by_key = bool(said.refuses)
    login, probe = app[SITE].login is not None, resource.canonical in PROBES
    closed = login and handler not in app[OPEN] and not by_key and not probe
    parameters = [
        *_of_address(resource),
        *_asked("query", said.needs, schemas, required=True),
        *_asked("query", said.query, schemas),
        *_asked("header", said.headers, schemas, required=True),
    ]
    operation: Json = {
        "summary": (inspect.getdoc(handler) or "").partition("\n\n")[0].replace("\n", " "),
        "parameters": parameters,
        "responses": _responses(app, said, method, bool(parameters), closed, probe, schemas),
    }
    if said.form is not None:
        operation["requestBody"] = _form(said.form, schemas)
    if said.body is not None:
        taken = FILE if said.body is bytes else {JSON: said.body}
        content = {kind: {"schema": schemas[id(of)]} for kind, of in taken.items()}
        operation["requestBody"] = {"required": True, "content": content}
    if closed:
        operation["security"] = [{"session": []}]
    if by_key:
        operation["security"] = [{"key": []}]
    return operation


def _of_address(resource: web.Resource) -> Iterator[Json]:
    """What stands in braces; each is text of a form that the route itself insists on."""
    pattern = resource.get_info().get("pattern")
    for name, form in _GROUP.findall(pattern.pattern) if pattern else ():
        schema = {"type": "string", "pattern": f"^({form})$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _asked(
    where: str, types: Types, schemas: Mapping[int, Json], *, required: bool = False
) -> Iterator[Json]:
    for name, kind in types.items():
        yield {"name": name, "in": where, "required": required, "schema": schemas[id(kind)]}


def _form(form: Types, schemas: Mapping[int, Json]) -> Json:
    fields = {name: schemas[id(kind)] for name, kind in form.items()}
    schema = {
        "type": "object",
        "properties": {"csrf": {"type": "string"}, **fields},
        "required": ["csrf"],
    }
    sent_as = ["multipart/form-data"]
    if bytes not in form.values():
        sent_as.insert(0, "application/x-www-form-urlencoded")
    return {"required": True, "content": {kind: {"schema": schema} for kind in sent_as}}


def _responses(
    app: web.Application,
    said: Description,
    method: str,
    asked: bool,
    closed: bool,
    probe: bool,
    schemas: Mapping[int, Json],
) -> Json:
    login = app[SITE].login is not None
    content = {kind: {"schema": schemas[id(of)]} for kind, of in said.gives.items()}
    found: Json = {"200": {"description": "Done.", "content": content}} if content else {}
    if said.form is not None:
        found["303"] = {"description": "Done; without scripts a page says so."}
    no = set() if login and probe else {421}
    if asked:
        no |= {404}
    if method == "post":
        no |= {400, 403, 409, 413}
    if closed:
        no |= {403}
    if login:
        no |= {429}
    if not SERVED.isdisjoint(said.gives):
        no |= {503}
        found |= {str(status): {"description": why} for status, why in PARTS_OF_A_FILE.items()}
    sentence = {JSON: {"schema": schemas[id(Said)]}}
    if not said.refuses:
        sentence |= {kind: {"schema": schemas[id(of)]} for kind, of in HTML.items()}
    for status in sorted(no):
        found[str(status)] = {"description": NO[status], "content": sentence}
    for status, why in said.refuses.items():
        found[str(status)] = {"description": why, "content": sentence}
    for status, why in said.also.items():
        told = {"content": content or sentence} if status >= 400 else {}
        found[str(status)] = {"description": why, **told}
    return found
