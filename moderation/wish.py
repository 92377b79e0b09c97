"""From what somebody typed to what a worker can render: one validated wish, or one refusal."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from db.models import Job
from db.offers import Offer, Range
from moderation.rules import Refused

PROMPT_LIMIT = 1000
SEED_LIMIT = 2**32 - 1


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

    Joiners and variation selectors stay: emoji and several scripts need them.
    """
    kept = (
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c
        for c in unicodedata.normalize("NFC", text)
        if unicodedata.category(c) not in {"Cs", "Co", "Cn"}
        and (unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
    )
    return " ".join("".join(kept).split())


def plan(wish: Wish, request: Request, person_id: int, offers: Sequence[Offer]) -> Job:
    """The job this wish becomes. Raises ``Refused`` with what is allowed instead."""
    prompt = _text(wish.prompt, "prompt")
    if not prompt.strip("\u200c\u200d\ufe0f"):
        raise Refused("Say what the clip should show: the prompt is empty.")
    negative = _text(wish.negative, "negative prompt")
    offer = _offer(wish.model, offers)
    aspect = wish.aspect or next(iter(offer.sizes))
    if aspect not in offer.sizes:
        allowed = ", ".join(offer.sizes)
        raise Refused(f"{offer.title} can't make {clean(aspect)[:20]}; aspect is one of {allowed}.")
    width, height = offer.sizes[aspect]
    seconds = _within(wish.duration, offer.seconds, "duration", unit=" seconds")
    variations = offer.variations if wish.variations is None else wish.variations
    if not 1 <= variations <= 4:
        raise Refused(f"variations is 1 to 4, not {variations}.")
    seed = secrets.randbelow(SEED_LIMIT + 1) if wish.seed is None else wish.seed
    if not 0 <= seed <= SEED_LIMIT:
        raise Refused(f"seed is a whole number from 0 to {SEED_LIMIT}.")
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
        steps=int(_within(wish.steps, offer.steps, "steps")),
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
    raise Refused(f"There is no model “{clean(name)[:40]}” here; model is one of {allowed}.")


def _within(value: float | None, allowed: Range, what: str, unit: str = "") -> float:
    if value is None:
        return allowed.default
    if not allowed.holds(value):
        raise Refused(f"{what} is {allowed.low:g} to {allowed.high:g}{unit}, not {value:g}.")
    return value
