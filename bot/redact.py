"""What libraries log, in our own logs; and no token in any of them.

The libraries of the chats log through the standard library: at DEBUG whole addresses and events, some of
which hold a leave to answer somebody; and an error's text may hold a token at any time. So tokens are
taken out at the one place that every line passes last, whoever wrote it.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

GONE = "***"
_QUOTE = r"\\?['\"]"
SECRETS = (
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?#'\"\\]+"),
    re.compile(rf"({_QUOTE}token{_QUOTE}\s*:\s*{_QUOTE})[^'\"\\]+"),
    re.compile(
        rf"(authorization(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?(?:(?:bot|bearer)\s+)?)[^\s'\"\\,}}]+",
        re.IGNORECASE,
    ),
    re.compile(r"()\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"),
    re.compile(r"()\bsora-lend\.[\w.-]+"),
    re.compile(r"()\bx(?:ox[a-z]|app)[-.][\w.%-]+"),
    re.compile(r"(/(?:commands|actions|app|services|workflows)/T[A-Z0-9]+/)[^\s?#'\"\\]+"),
    re.compile(r"(/upload/v1/)[^\s?#'\"\\]+"),
    re.compile(r"([?&](?:code|state|ticket)=)[^&\s'\"\\]+"),
)
"""Tokens in addresses, in events, in headers; those of bots wherever they are; and what gives leave to
answer, to upload, to connect or to install."""


class Redacting:
    """The last step of our logs: takes tokens out of a finished line."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = [secret for secret in secrets if secret]

    def __call__(self, logger: Any, method: str, line: Any) -> Any:
        return self.text(line) if isinstance(line, str) else line

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, GONE)
        for pattern in SECRETS:
            text = pattern.sub(rf"\g<1>{GONE}", text)
        return text


class ToOurLogs(logging.Handler):
    """Says what a library logs as an event of our own."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        error = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(
            level, "library.said", library=record.name, said=record.getMessage(), **error
        )


def install(*secrets: str) -> None:
    """From now on libraries log through our logs, which must be configured, and both without tokens."""
    steps = structlog.get_config()["processors"]
    structlog.configure(processors=[*steps, Redacting(*secrets)])
    logging.basicConfig(handlers=[ToOurLogs()], level=logging.WARNING, force=True)
    logging.getLogger("discord").setLevel(logging.INFO)
