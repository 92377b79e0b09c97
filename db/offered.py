"""What a lent worker may say of a model: nothing that a wish, a menu or a card can't bear."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from db.offers import Offer, Range

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
ASPECT = re.compile(r"[1-9]\d?:[1-9]\d?")
LINK = re.compile(r"https://\S+")
SIDES = range(8, 8193)
LONGEST_TEXT = 500
LONGEST_TITLE = 80
MOST = 64
"""Of sizes, styles, and whatever else is a list."""
MOST_FPS = 120
LARGEST_RULE = 1000
LIMITS = {"seconds": (0.01, 300), "steps": (1, 1000), "guidance": (0, 1000), "strength": (0, 1)}
STYLE_STRENGTH = (-10, 10)


def fault(offer: Offer) -> str:
    """What is wrong with it first, in a few words; empty where nothing is."""
    return next(_faults(offer), "")


def _faults(offer: Offer) -> Iterator[str]:
    if not NAME.fullmatch(offer.name):
        yield "name: it is 1 to 40 of a–z, 0–9 and .-"
    if len(offer.title) > LONGEST_TITLE or not _is_short(offer.model_dump()):
        yield "a text or a list in it is too long"
    if offer.licence_url and not LINK.fullmatch(offer.licence_url):
        yield "licence_url: it begins with https://, or is empty"
    if not 1 <= offer.fps <= MOST_FPS:
        yield f"fps: it is 1 to {MOST_FPS}"
    a, b = offer.frames_rule
    if not (1 <= a <= LARGEST_RULE and 0 <= b <= LARGEST_RULE):
        yield "frames_rule: it is [a, b] for a·n + b frames, a at least 1 and b at least 0"
    if not offer.tasks or not offer.sizes:
        yield "tasks and sizes: neither may be empty"
    for aspect in offer.sizes:
        sides = (*offer.sizes[aspect], *offer.draft_size(aspect))
        if not ASPECT.fullmatch(aspect) or any(side not in SIDES for side in sides):
            yield f"sizes: sides are {SIDES[0]} to {SIDES[-1]} pixels, of an aspect ratio like 16:9"
    for name, limits in LIMITS.items():
        if not _is_within(getattr(offer, name), *limits):
            yield f"{name}: low, default and high rise, within {limits[0]:g} to {limits[1]:g}"
    if not all(_is_within(style.strength, *STYLE_STRENGTH) for style in offer.styles):
        yield "styles: a strength is out of bounds"
    if offer.draft and not offer.steps.holds(offer.draft.steps):
        yield "draft.steps: it is outside of steps"


def _is_within(of: Range, low: float, high: float) -> bool:
    numbers = (low, of.low, of.default, of.high, high)
    return all(map(math.isfinite, numbers)) and list(numbers) == sorted(numbers)


def _is_short(said: Any) -> bool:
    if isinstance(said, str):
        return len(said) <= LONGEST_TEXT
    if isinstance(said, dict):
        return _is_short([*said]) and _is_short([*said.values()])
    if isinstance(said, list | tuple):
        return len(said) <= MOST and all(map(_is_short, said))
    return True
