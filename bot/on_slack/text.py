"""Text for Slack: people's words are never markup, and ours is cut to Slack's limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

CUT = "…"
Json = dict[str, Any]


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def plain(text: str, limit: int) -> Json:
    """A text object in which nothing is a mention, a link, a format or an emoji's name."""
    return {"type": "plain_text", "text": cut(text, limit) or " ", "emoji": False}


def label(text: str, limit: int) -> Json:
    """The same for words of ours, with their emoji."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": True}


def escaped(text: str, limit: int) -> str:
    """People's words inside of markup of ours: without what Slack reads as a control sequence.

    Stars and underscores stay as they are, so it is only for places where formats don't matter.
    """
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    if len(text) <= limit:
        return text
    kept = text[: limit - len(CUT)]
    start = kept.rfind("&")
    return (kept if start < 0 or ";" in kept[start:] else kept[:start]) + CUT


def quote(text: str, limit: int) -> Json:
    """A block that shows people's words as they are, set off from ours."""
    words = {"type": "text", "text": cut(text, limit) or " "}
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [words]}],
    }


DATE, DATE_ELSEWHERE = "{date_short_pretty} {time}", "%Y-%m-%d %H:%M UTC"


def moment(at: datetime) -> str:
    """A time in the reader's own zone, as markup."""
    return f"<!date^{int(at.timestamp())}^{DATE}|{at.strftime(DATE_ELSEWHERE)}>"


def date(at: datetime) -> Json:
    """The same as a part of rich text."""
    fallback = at.strftime(DATE_ELSEWHERE)
    return {"type": "date", "timestamp": int(at.timestamp()), "format": DATE, "fallback": fallback}
