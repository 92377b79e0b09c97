"""How every process of the studio logs: `noun.verb` events, and never a local variable or a prompt.

Whatever is about a job carries its number as `job`, in every process; whatever somebody's act leads to
before there is one carries the act's own `request`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Literal

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars

LogFormat = Literal["auto", "console", "json"]


def configure(log_format: LogFormat = "auto", least: str = "notset") -> None:
    """Lines for people, or JSON for machines; "auto" takes people to be at a terminal.

    ``least``: the level below which nothing is said.
    """
    people = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    shown: list[structlog.typing.Processor] = (
        [_console()]
        if people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # arq calls it an error with a traceback when a worker that stops leaves a bell.
    logging.getLogger("arq").setLevel(logging.CRITICAL)


@contextmanager
def of_request(room: str, job: int | None = None) -> Iterator[None]:
    """What is logged within belongs to one act of somebody in a room; ``job``: the one it is about."""
    about = {} if job is None else {"job": job}
    request = get_contextvars().get("request") or token_hex(4)
    with bound_contextvars(request=request, room=room, **about):
        yield


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
