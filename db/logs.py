"""How every process of the studio logs: `noun.verb` events, and never a local variable or a prompt."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

LogFormat = Literal["auto", "console", "json"]


def configure(log_format: LogFormat = "auto") -> None:
    """Lines for people, or JSON for machines; "auto" takes people to be at a terminal."""
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # arq calls it an error with a traceback when a worker that stops leaves a bell.
    logging.getLogger("arq").setLevel(logging.CRITICAL)


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
