"""People's words in Discord's markdown, where they mention, link and format nothing."""

from __future__ import annotations

import re
import string

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
"""A backslash before any of these makes it plain: no format, mention, link, emoji or time stamp."""
CUT = "…"


def plain(text: str, limit: int) -> str:
    """The text as itself, in at most so many characters of markdown; ``limit`` is at least 1."""
    escaped = [_PUNCTUATION.sub(r"\\\g<0>", character) for character in " ".join(text.split())]
    if sum(map(len, escaped)) <= limit:
        return "".join(escaped)
    kept, length = [], len(CUT)
    for piece in escaped:
        if length + len(piece) > limit:
            break
        kept.append(piece)
        length += len(piece)
    return "".join(kept) + CUT


def cut(text: str, limit: int) -> str:
    """For where Discord reads no markdown: labels, placeholders, alt text."""
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT
