"""One spelling for each emoji: with and without a variation selector it is the same reaction."""

from __future__ import annotations

import re
from typing import Any

_PICTURED = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Of the older characters, those that are pictures without being told so."""
_WRITTEN = re.compile(
    "[\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f202\U0001f237\U0001f321\U0001f324-\U0001f32c"
    "\U0001f336\U0001f37d\U0001f396\U0001f397\U0001f399-\U0001f39b\U0001f39e\U0001f39f"
    "\U0001f3cb-\U0001f3ce\U0001f3d4-\U0001f3df\U0001f3f3\U0001f3f5\U0001f3f7\U0001f43f\U0001f441"
    "\U0001f4fd\U0001f549\U0001f54a\U0001f56f\U0001f570\U0001f573-\U0001f579\U0001f587"
    "\U0001f58a-\U0001f58d\U0001f590\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc"
    "\U0001f5c2-\U0001f5c4\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8"
    "\U0001f5ef\U0001f5f3\U0001f5fa\U0001f6cb\U0001f6cd-\U0001f6cf\U0001f6e0-\U0001f6e5\U0001f6e9"
    "\U0001f6f0\U0001f6f3]"
)
_OWN = re.compile(r"\w{2,32}:\d{5,}")
"""With brackets around it, as in text, the API doesn't know it."""


def canonical(text: str) -> str | None:
    """The emoji as Discord names it in events, or none if that's no emoji at all."""
    if _OWN.fullmatch(text):
        return text
    bare = text.replace("\ufe0f", "")
    if re.fullmatch("[0-9#*]\u20e3", bare):
        return f"{bare[0]}\ufe0f\u20e3"
    if not bare or bare.isascii() or bare.isalnum() or len(text) > 16:
        return None
    if len(bare) > 1:
        return text
    old = bare < "\U0001f000" and bare not in _PICTURED
    return f"{bare}\ufe0f" if old or _WRITTEN.match(bare) else bare


def partial(name: str) -> dict[str, Any]:
    if ":" in name:
        own, number = name.split(":")
        return {"id": number, "name": own, "animated": False}
    return {"id": None, "name": name}
