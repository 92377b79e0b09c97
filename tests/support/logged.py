"""What is logged while something runs, as keys and values."""

from __future__ import annotations

import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars

Line = MutableMapping[str, Any]


@contextmanager
def logged() -> Iterator[list[Line]]:
    """Every line, with all that it is about; none is shown."""
    found: list[Line] = []

    def keep(_: Any, __: str, line: Line) -> Any:
        if line.get("exc_info") is True:
            line["exc_info"] = repr(sys.exc_info()[1])
        found.append(line)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[merge_contextvars, keep], cache_logger_on_first_use=False)
    try:
        yield found
    finally:
        structlog.configure(**before)
