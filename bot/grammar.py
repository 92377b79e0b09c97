"""`/sora` as data: its options, what they take, their help; every room builds its command from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.offers import Offer
from moderation.rules import Refused
from moderation.wish import PROMPT_LIMIT, SEED_LIMIT, Wish


class Takes(StrEnum):
    """What kind of value an option takes."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    NOTHING = "nothing"
    MODEL = "the name of a model"
    ASPECT = "an aspect ratio"


@dataclass(frozen=True, slots=True)
class Option:
    """One option; ``name`` is also the field of ``Wish`` that it fills."""

    name: str
    takes: Takes
    help: str
    low: float | None = None
    high: float | None = None
    advanced: bool = False


SORA = "Ask the studio for a clip."
PROMPT = Option("prompt", Takes.TEXT, "What the clip should show.", low=1, high=PROMPT_LIMIT)
OPTIONS: tuple[Option, ...] = (
    Option("model", Takes.MODEL, "Which model renders it."),
    Option("aspect", Takes.ASPECT, "The shape of the picture, such as 16:9."),
    Option("duration", Takes.NUMBER, "How many seconds it lasts."),
    Option("variations", Takes.WHOLE, "How many clips to make at once.", low=1, high=4),
    Option("seed", Takes.WHOLE, "The same seed gives the same clip.", low=0, high=SEED_LIMIT),
    Option("negative", Takes.TEXT, "What it should not show.", high=PROMPT_LIMIT),
    Option("steps", Takes.WHOLE, "More steps take longer and look finer.", advanced=True),
    Option("guidance", Takes.NUMBER, "How strictly to follow the prompt.", advanced=True),
    Option("private", Takes.NOTHING, "Keep it to yourself until you publish it."),
)
_BY_NAME = {option.name: option for option in OPTIONS}

_OPTION = re.compile(r"(?:^|\s)(?:--|—)([A-Za-z][\w-]*)(?=[=\s]|$)=?")
"""An option's name. Phones and chat clients turn two hyphens into a dash, so a dash counts too."""


def read(text: str) -> Wish:
    """The wish in `<prompt> --aspect 9:16 --seed 7 …`. Raises ``Refused`` in one sentence."""
    prompt, *rest = _OPTION.split(text)
    fields = {"prompt": prompt}
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        if name in fields:
            raise Refused(f"--{name} is given twice.")
        fields[name] = _unquoted(value.strip())
        option = _BY_NAME.get(name)
        if option is not None and option.takes is not Takes.NOTHING and not fields[name]:
            raise Refused(f"--{name} needs {option.takes}.")
    return from_fields(fields)


def from_fields(fields: Mapping[str, str]) -> Wish:
    """The wish in a form or a command line already split. Empty values count as not given."""
    values: dict[str, object] = {"prompt": fields.get("prompt", "")}
    for name, value in fields.items():
        if name == "prompt":
            continue
        option = _BY_NAME.get(name)
        if option is None:
            allowed = ", ".join(f"--{known}" for known in _BY_NAME)
            raise Refused(f"There is no option --{name[:40]}; the options are {allowed}.")
        if option.takes is Takes.NOTHING:
            values[name] = _flag(option, value)
        elif value.strip():
            values[name] = _value(option, value.strip())
    return Wish(**values)  # type: ignore[arg-type]  # the names are Wish's own, checked by a test


def choices(option: Option, offers: Sequence[Offer]) -> list[str]:
    """What a person may pick from, for the options that are picked."""
    if option.takes is Takes.MODEL:
        return [offer.name for offer in offers]
    if option.takes is Takes.ASPECT:
        return list(dict.fromkeys(aspect for offer in offers for aspect in offer.sizes))
    return []


def _flag(option: Option, value: str) -> bool:
    word = value.strip().lower()
    if word in {"", "yes", "on", "true"}:
        return True
    if word in {"no", "off", "false"}:
        return False
    raise Refused(f"--{option.name} takes no value; put the prompt before the options.")


def _value(option: Option, value: str) -> object:
    shown = value[:40]
    if option.takes is Takes.WHOLE:
        try:
            number: float = int(value)
        except ValueError:
            raise Refused(f"--{option.name} needs {option.takes}, not “{shown}”.") from None
    elif option.takes is Takes.NUMBER:
        try:
            number = float(value)
        except ValueError:
            raise Refused(f"--{option.name} needs {option.takes}, not “{shown}”.") from None
    else:
        return value
    low, high = option.low, option.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise Refused(f"--{option.name} is {low:g} to {high:g}, not {shown}.")
    return number


def _unquoted(value: str) -> str:
    for opening, closing in ('""', "''", "“”"):
        if len(value) > 1 and value.startswith(opening) and value.endswith(closing):
            return value[1:-1]
    return value
