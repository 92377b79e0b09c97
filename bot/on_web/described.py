"""What stands beside a handler for the description of the site (``openapi``): what it takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from aiohttp.typedefs import Handler

H = TypeVar("H", bound=Handler)
Types = Mapping[str, Any]
"""By name, a type as pydantic reads it: a class, a dataclass, an enum, ``int | None`` …"""

JSON = "application/json"
HTML = {"text/html": str}
VIDEO = {"video/mp4": bytes}
PICTURE = {"image/jpeg": bytes, "image/png": bytes, "image/webp": bytes}
FILE = {"application/octet-stream": bytes}
SERVED = frozenset(VIDEO | PICTURE | FILE)
"""What lies there as a file: a part of it may be asked for, and whether it is as it was."""


@dataclass(frozen=True, slots=True)
class Description:
    gives: Types
    """Media type -> what comes as it: str for text, bytes for a file, else what its JSON is made of."""
    query: Types = field(default_factory=dict)
    needs: Types = field(default_factory=dict)
    """Of the query, what it refuses to do without."""
    headers: Types = field(default_factory=dict)
    """What it refuses to do without, too."""
    form: Types | None = None
    """Its fields, and of files bytes; the token of our pages goes without saying."""
    body: Any = None
    """What it takes instead of a form: bytes for a file, else what the JSON is."""
    also: Mapping[int, str] = field(default_factory=dict)
    """Statuses beside those that follow from the rest."""
    refuses: Mapping[int, str] = field(default_factory=dict)
    """With a sentence, where a lent worker's key opens it and nothing else does; empty for all else."""


_KNOWN: WeakKeyDictionary[Handler, Description] = WeakKeyDictionary()


def described(
    gives: Types,
    *,
    query: Types | None = None,
    needs: Types | None = None,
    headers: Types | None = None,
    form: Types | None = None,
    body: Any = None,
    also: Mapping[int, str] | None = None,
    refuses: Mapping[int, str] | None = None,
) -> Callable[[H], H]:
    """Says of a handler what ``Description`` has words for; its docstring says the rest."""

    def keep(handler: H) -> H:
        _KNOWN[handler] = Description(
            gives, query or {}, needs or {}, headers or {}, form, body, also or {}, refuses or {}
        )
        return handler

    return keep


def of(handler: Handler) -> Description:
    """Raises ``LookupError`` for a handler that nothing was said of."""
    if handler not in _KNOWN:
        raise LookupError(
            f"{handler} has an address, but no @described says what it takes and gives"
        )
    return _KNOWN[handler]
