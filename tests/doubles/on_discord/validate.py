"""Every request beside Discord's own description of its API, where that file is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]

VARIABLE = "DISCORD_OPENAPI"
NAME = "shared/specs/discord-openapi.json"
ROOT = "urn:discord"


def found() -> Path | None:
    """The file that the environment names, else the one beside the repository."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    for folder in Path(__file__).resolve().parents:
        if (folder / NAME).is_file():
            return folder / NAME
    return None


class Description:
    """Knows the paths of the API, and one validator for each operation's body."""

    def __init__(self, document: Json | None) -> None:
        self._document = document or {"paths": {}}
        self.present = document is not None
        self._tree: Json = {}
        for path in self._document["paths"]:
            place = self._tree
            for part in path.strip("/").split("/"):
                place = place.setdefault("{}" if part.startswith("{") else part, {})
            place["path"] = path
        resource: Resource[Any] = DRAFT202012.create_resource(self._document)
        self._registry: Registry[Any] = Registry().with_resource(ROOT, resource)
        self._validators: dict[tuple[str, str], Any] = {}

    def violations(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        if not self.present:
            return []
        return [f"{method} {path}: {why}" for why in self._wrong(method.lower(), path, query, body)]

    def _wrong(self, method: str, path: str, query: dict[str, str], body: Any) -> Iterator[str]:
        described = next(self._find(self._tree, path.strip("/").split("/")), None)
        operation = self._document["paths"].get(described, {}).get(method)
        if described is None or operation is None:
            yield "not in the description"
            return
        known = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        for name in query.keys() - known:
            yield f"no parameter {name!r}"
        if body is None:
            if (operation.get("requestBody") or {}).get("required"):
                yield "a body is required"
            return
        validator = self._validator(described, method, operation)
        if validator is None:
            return
        error = best_match(validator.iter_errors(body))
        if error is not None:
            where = "/".join(str(part) for part in error.absolute_path)
            # The message begins with the value itself, which may be long; the reason is at its end.
            text = error.message
            yield f"{where}: {text if len(text) < 300 else f'{text[:80]} … {text[-200:]}'}"

    def _find(self, place: Json, parts: list[str]) -> Iterator[str]:
        if not parts:
            if isinstance(place.get("path"), str):
                yield place["path"]
            return
        for key in (parts[0], "{}"):
            if isinstance(place.get(key), dict):
                yield from self._find(place[key], parts[1:])

    def _validator(self, path: str, method: str, operation: Json) -> Any:
        key = (path, method)
        if key not in self._validators:
            content = (operation.get("requestBody") or {}).get("content", {})
            schema = (content.get("application/json") or {}).get("schema")
            self._validators[key] = (
                _Validator(_absolute(schema), registry=self._registry) if schema else None
            )
        return self._validators[key]


@cache
def load() -> Description:
    """Once a process: the file is large."""
    path = found()
    return Description(_quick(json.loads(path.read_text())) if path else None)


def _absolute(schema: Any) -> Any:
    """References into the whole document, whatever the schema was cut out of."""
    if isinstance(schema, dict):
        return {
            key: f"{ROOT}{value}" if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema


def _quick(document: Json) -> Json:
    """The same description, mended once and quicker to check against."""
    schemas = document["components"]["schemas"]
    # Ids may be numbers: Discord takes them, and discord.py sends them, but the file denies it.
    schemas["SnowflakeType"]["type"] = ["string", "integer"]
    for schema in schemas.values():
        _sort(schema, schemas)
    for path in document["paths"].values():
        for operation in path.values():
            body = operation.get("requestBody") if isinstance(operation, dict) else None
            _sort((body or {}).get("content"), schemas)
    return document


def _sort(schema: Any, schemas: Json) -> None:
    """Where alternatives differ by their `type`, look it up instead of trying each of them."""
    if isinstance(schema, list):
        for one in schema:
            _sort(one, schemas)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("enum"), list) and "allOf" in schema:
        del schema["allOf"]  # names the enum's values again, each with a text about it
    for key in ("oneOf", "anyOf"):
        by_type: Json = {}
        for one in schema.get(key) or ():
            target = schemas.get(str(one.get("$ref")).rsplit("/", 1)[-1], {})
            for value in (target.get("properties") or {}).get("type", {}).get("enum") or [None]:
                by_type.setdefault(str(value), []).append(one)
        if len(by_type) > 1 and all(k != "None" and len(v) == 1 for k, v in by_type.items()):
            del schema[key]
            schema["byType"] = {value: found[0] for value, found in by_type.items()}
    for value in schema.values():
        _sort(value, schemas)


def _by_type(validator: Any, by_type: Json, instance: Any, schema: Json) -> Iterator[Any]:
    kind = instance.get("type") if isinstance(instance, dict) else None
    if str(kind) in by_type:
        yield from validator.descend(instance, by_type[str(kind)])
    else:
        yield ValidationError(f"{kind!r} is none of the types {sorted(by_type)}")


# Its types, where there are any, say less than nothing.
_extend: Any = validators.extend
_Validator: Any = _extend(Draft202012Validator, {"byType": _by_type})
