"""Which clips of a lent render were sent, and under which keys they are stored."""

from __future__ import annotations

from db.lent import InHand

COMING = "coming "
"""Before the number of a clip in ``LentRender.files`` that is being stored."""


def note_coming(found: InHand, number: int, key: str) -> str:
    """A clip is about to be stored under this key; that of the same that was about to be, or nothing."""
    return _note(found, f"{COMING}{number}", key)


def note_sent(found: InHand, number: int, key: str) -> str:
    """It is stored; the key that it stood under before, or nothing. Where another is about to be stored in
    its place by now, that is the one that will count."""
    coming = f"{COMING}{number}"
    if found.render.files.get(coming) != key:
        return ""
    found.render.files = {name: k for name, k in found.render.files.items() if name != coming}
    return _note(found, str(number), key)


def sent(found: InHand) -> list[str]:
    """The keys of all of its clips, in their order."""
    return [found.render.files[str(number)] for number in range(1, found.job.variations + 1)]


def missing(found: InHand) -> list[int]:
    """The clips that weren't sent yet, or are being stored still."""
    numbers = range(1, found.job.variations + 1)
    return [number for number in numbers if str(number) not in found.render.files]


def _note(found: InHand, name: str, key: str) -> str:
    before = found.render.files.get(name, "")
    found.render.files = {**found.render.files, name: key}
    return before
