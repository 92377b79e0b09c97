"""People's words as the studio keeps them, and figures and lists as it says them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

ECHO_LIMIT = 20
"""So much of what somebody typed is said back to them."""
DIGITS_LIMIT = 12

_TAGS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
"""The flag of a region, such as England's; and its invisible letters and their like anywhere else."""
SHOWS_NOTHING = re.compile(
    "[ \u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\uffa0"
    "\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
)
"""Fillers, joiners and variation selectors."""


def clean(text: str) -> str:
    """People's text without control, bidi and other invisible characters, on one line.

    Joiners, variation selectors and the tags of flags stay: emoji and several scripts need them. So
    does what this Python has no name for yet: next year's emoji.
    """
    kept = "".join(map(_kept, _TAGS.sub(r"\1", text)))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def echo(text: str) -> str:
    """What somebody typed, as an answer repeats it."""
    cleaned = clean(text[: 10 * ECHO_LIMIT])
    return cleaned if len(cleaned) <= ECHO_LIMIT else f"{cleaned[:ECHO_LIMIT]}…"


def figure(value: float | int) -> str:
    """A number as people write it, never longer than anybody reads."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if abs(value) < 10**DIGITS_LIMIT else "a number that long"


def listed(words: Iterable[str], joint: str) -> str:
    """``1, 2 and 3``."""
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last


def _kept(character: str) -> str:
    """The character, a space for it, or nothing."""
    category, code = unicodedata.category(character), ord(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category == "Cf":
        return character if character in "\u200c\u200d" or 0xE0000 <= code <= 0xE007F else ""
    # Surrogates, private use, what never is a character, and what stays invisible if it becomes one.
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xFFF0 <= code <= 0xFFF8
    return "" if nothing or category in {"Cs", "Co"} or code == 0x2065 else character
