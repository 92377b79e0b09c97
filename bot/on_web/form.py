"""The form of `/sora`: its fields, made from the grammar and from what the models offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot import grammar
from bot.grammar import Option, Takes
from db.offers import Offer, Range
from db.states import Task
from moderation.wish import Picture, Wish

AT_HAND = frozenset({"model", "aspect", "duration", "variations", "private", "image"})
"""Shown at once; the others wait under "More options"."""
LABELS = {
    "duration": "Seconds",
    "variations": "Clips",
    "negative": "Leave out",
    "private": "Keep it private",
    "image": "Picture",
    "last": "Last picture",
    "loop": "Loop",
    "final": "Full render",
    "upscale": "Larger",
    "smooth": "Smoother",
    "storyboard": "Storyboard",
}

TYPES = {Takes.WHOLE: int, Takes.NUMBER: float, Takes.PICTURE: bytes}
FIELDS = {"prompt": str} | {
    option.name: TYPES.get(option.takes, str)
    for option in grammar.OPTIONS
    if option.name not in grammar.UPON_A_CLIP
}
"""What the form may send, with the types of it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One option as a form shows it."""

    name: str
    label: str
    help: str
    control: str
    """select, number, text, check or file."""
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None
    default: float | None = None
    step: str = "1"
    at_hand: bool = False
    offered: bool = True
    """Whether the chosen model can do it; else it waits, out of sight, for one that can."""


def form(offers: Sequence[Offer], typed: Mapping[str, str]) -> list[Field]:
    """The fields for the model that is chosen, keeping what was typed."""
    chosen = next((o for o in offers if o.name == typed.get("model")), None)
    offer = chosen or (offers[0] if offers else None)
    fields = [
        _field(option, offers, offer, typed.get(option.name, ""))
        for option in grammar.OPTIONS
        if option.name not in grammar.UPON_A_CLIP
    ]
    can = _can(offer) if offer else {}
    return [replace(field, offered=can.get(field.name, True)) for field in fields]


def wish(typed: Mapping[str, str], pictures: Mapping[str, Picture]) -> Wish:
    """What was asked for; options typed after the prompt win over the fields below it."""
    known = {option.name for option in grammar.OPTIONS}
    given = {name: value for name, value in typed.items() if name in known}
    known_pictures = {name: found for name, found in pictures.items() if name in known}
    return grammar.from_fields(given | grammar.split(typed.get("prompt", "")), known_pictures)


def limits(offer: Offer) -> dict[str, object]:
    """What the page's script needs when another model is chosen."""
    ranges = {name: found.model_dump() for name, found in _ranges(offer).items()}
    return {
        "about": offer.about,
        "aspects": list(offer.sizes),
        "ranges": ranges,
        "can": _can(offer),
        "styles": _styles(offer),
    }


def _field(option: Option, offers: Sequence[Offer], offer: Offer | None, value: str) -> Field:
    found = Field(
        option.name,
        LABELS.get(option.name, option.name.capitalize()),
        option.help,
        "text",
        value,
        low=option.low,
        high=option.high,
        at_hand=option.name in AT_HAND,
    )
    match option.takes:
        case Takes.NOTHING:
            return replace(found, control="check")
        case Takes.MODEL:
            titles = tuple((o.name, o.title) for o in offers)
            return replace(found, control="select", choices=titles)
        case Takes.ASPECT:
            names = grammar.choices(option, [offer] if offer else [])
            return replace(found, control="select", choices=tuple((n, n) for n in names))
        case Takes.STYLE:
            return replace(found, control="select", choices=_styles(offer))
        case Takes.PICTURE:
            return replace(found, control="file")
        case Takes.WHOLE | Takes.NUMBER:
            step = "1" if option.takes is Takes.WHOLE else "any"
            found = replace(found, control="number", step=step)
            if offer is None:
                return found
            if option.name == "variations":
                return replace(found, default=offer.variations)
            allowed = _ranges(offer).get(option.name)
            if allowed is not None:
                low, high, default = allowed.low, allowed.high, allowed.default
                return replace(found, low=low, high=high, default=default)
    return found


def _can(offer: Offer) -> dict[str, bool]:
    """What not every model can."""
    tasks = set(offer.tasks)
    return {
        "image": bool(tasks & {Task.IMAGE, Task.FRAMES}),
        "last": Task.FRAMES in tasks,
        "loop": bool(tasks & {Task.LOOP, Task.FRAMES}),
        "style": bool(offer.styles),
        "final": offer.draft is not None,
    }


def _styles(offer: Offer | None) -> tuple[tuple[str, str], ...]:
    named = tuple((s.name, f"{s.title} by {s.owner}") for s in offer.styles) if offer else ()
    return (("", "None"), *named)


def _ranges(offer: Offer) -> dict[str, Range]:
    return {"duration": offer.seconds, "steps": offer.steps, "guidance": offer.guidance}
