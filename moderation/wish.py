"""From what somebody typed to what a worker can render: one validated wish, or one refusal."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.models import Job
from db.offers import Offer, Range
from moderation.rules import Refused

PROMPT_LIMIT = 1000
SEED_LIMIT = 2**32 - 1
ECHO_LIMIT = 20
"""So much of what somebody typed is said back to them."""
DIGITS_LIMIT = 12

_TAGS = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
"""The flag of a region, such as England's; and its invisible letters and their like anywhere else."""
_SHOWS_NOTHING = re.compile(
    "[ \u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\uffa0"
    "\ufe00-\ufe0f\U000e0100-\U000e01ef]*"
)
"""Fillers, joiners and variation selectors."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None means the model's own default."""

    prompt: str
    negative: str = ""
    model: str | None = None
    aspect: str | None = None
    duration: float | None = None
    variations: int | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Where a wish came from; the key makes a redelivery the same job."""

    key: str
    room: str
    place: str = ""


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


def plan(wish: Wish, request: Request, person_id: int, offers: Sequence[Offer]) -> Job:
    """The job this wish becomes. Raises ``Refused`` with what is allowed instead."""
    prompt = _text(wish.prompt, "prompt")
    if _SHOWS_NOTHING.fullmatch(prompt):
        raise Refused("Say what the clip should show: the prompt is empty.")
    negative = _text(wish.negative, "negative prompt")
    offer = _offer(wish.model, offers)
    aspect = wish.aspect or next(iter(offer.sizes))
    if aspect not in offer.sizes:
        raise Refused(
            f"{offer.title} doesn't make {echo(aspect)}; choose {listed(offer.sizes, 'or')}."
        )
    width, height = offer.sizes[aspect]
    seconds = _within(wish.duration, offer.seconds, "duration", unit=" seconds")
    variations = offer.variations if wish.variations is None else wish.variations
    if not 1 <= variations <= 4:
        raise Refused(f"variations is 1 to 4, not {figure(variations)}.")
    seed = secrets.randbelow(SEED_LIMIT + 1) if wish.seed is None else wish.seed
    if not 0 <= seed <= SEED_LIMIT:
        raise Refused(f"seed is a whole number from 0 to {SEED_LIMIT}, not {figure(seed)}.")
    steps = int(_within(wish.steps, offer.steps, "steps"))
    return Job(
        request_key=request.key,
        person_id=person_id,
        room=request.room,
        place=request.place,
        prompt=prompt,
        negative=negative,
        model=offer.name,
        aspect=aspect,
        width=width,
        height=height,
        frames=offer.frames(seconds),
        fps=offer.fps,
        steps=steps,
        final_steps=steps,
        guidance=_within(wish.guidance, offer.guidance, "guidance"),
        seed=seed,
        variations=variations,
        private=wish.private,
    )


def wish_of(job: Job) -> Wish:
    """The wish behind a job, without its seed."""
    return Wish(
        prompt=job.prompt,
        negative=job.negative,
        model=job.model,
        aspect=job.aspect,
        duration=job.frames / job.fps,
        variations=job.variations,
        steps=job.steps,
        guidance=job.guidance,
        private=job.private,
    )


def _text(text: str, what: str) -> str:
    cleaned = clean(text)
    if len(cleaned) > PROMPT_LIMIT:
        raise Refused(
            f"A {what} has at most {PROMPT_LIMIT:,} characters; this one has {len(cleaned):,}."
        )
    return cleaned


def _offer(name: str | None, offers: Sequence[Offer]) -> Offer:
    if not offers:
        raise Refused(
            "No worker has joined the studio yet, so nothing can be rendered; try again soon."
        )
    if name is None:
        return offers[0]
    for offer in offers:
        if offer.name == name:
            return offer
    allowed = ", ".join(offer.name for offer in offers)
    raise Refused(f"There is no model “{echo(name)}” here; model is one of {allowed}.")


def _within(value: float | None, allowed: Range, what: str, unit: str = "") -> float:
    if value is None:
        return allowed.default
    if not allowed.holds(value):
        raise Refused(
            f"{what} is {figure(allowed.low)} to {figure(allowed.high)}{unit}, not {figure(value)}."
        )
    return value


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
