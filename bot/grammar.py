"""`/sora` as data: its options, what they take, their help; every room builds its command from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.offers import Offer
from moderation.rules import Refused
from moderation.wish import PROMPT_LIMIT, SEED_LIMIT, Picture, Wish
from moderation.words import DIGITS_LIMIT, echo, figure


class Takes(StrEnum):
    """What kind of value an option takes."""

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number"
    NOTHING = "nothing"
    MODEL = "the name of a model"
    ASPECT = "an aspect ratio"
    STYLE = "the name of a style"
    PICTURE = "a picture that you attach"
    JOB = "the number of a job"
    JOBS = "the number of a job, or all"
    WORD = "one of a few words"


@dataclass(frozen=True, slots=True)
class Option:
    """One option; of a wish, ``name`` is also the field of ``Wish`` that it fills."""

    name: str
    takes: Takes
    help: str
    low: float | None = None
    high: float | None = None
    """Of numbers the range; of texts the characters."""
    needed: bool = False
    words: tuple[tuple[str, str], ...] = ()
    """What it may be, and how that is shown."""


ASPECTS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
"""What rooms offer to pick from before a model is chosen; each model makes some of them."""
FEW = 100
"""Up to here, a range says by itself what kind of number it is of."""
PROMPT = Option(
    "prompt", Takes.TEXT, "What the clip should show.", low=1, high=PROMPT_LIMIT, needed=True
)
OPTIONS: tuple[Option, ...] = (
    Option("model", Takes.MODEL, "Which model renders it."),
    Option("aspect", Takes.ASPECT, "The shape of the picture, such as 16:9."),
    Option("duration", Takes.NUMBER, "How many seconds it lasts."),
    Option("variations", Takes.WHOLE, "How many clips to make at once.", low=1, high=4),
    Option("seed", Takes.WHOLE, "The same seed gives the same clip.", low=0, high=SEED_LIMIT),
    Option("negative", Takes.TEXT, "What it should not show.", high=PROMPT_LIMIT),
    Option("steps", Takes.WHOLE, "More steps take longer and look finer."),
    Option("guidance", Takes.NUMBER, "How strictly to follow the prompt."),
    Option("private", Takes.NOTHING, "Keep it to yourself until you publish it."),
    Option("image", Takes.PICTURE, "What it begins with."),
    Option("last", Takes.PICTURE, "What it ends with."),
    Option("loop", Takes.NOTHING, "Let it end where it begins."),
    Option("style", Takes.STYLE, "How it is drawn; name:0.8 makes it weaker."),
    Option("final", Takes.NOTHING, "Render it in full at once, without a draft."),
    Option("upscale", Takes.NOTHING, "Make it twice as large."),
    Option("smooth", Takes.NOTHING, "Make twice as many frames."),
    Option("storyboard", Takes.NOTHING, "A film of several shots; put | between their prompts."),
    Option("strength", Takes.NUMBER, "How far a redrawn clip may leave the one before."),
)
UPON_A_CLIP = frozenset({"strength"})
"""What only goes with a clip that is there already, and has no place in a form for a new one."""
_BY_NAME = {option.name: option for option in OPTIONS}

_NAMES = "|".join(_BY_NAME)
_OPTION = re.compile(
    rf"(?:^|\s)(?:--|—(?=(?:{_NAMES})(?:[=\s]|$)))([a-z][\w-]*)(?=[=\s]|$)=?", re.IGNORECASE
)
"""An option's name. Phones and chat clients turn two hyphens into a dash, so before a name that we
know a dash counts too; before any other word it is a dash."""


def read(text: str) -> Wish:
    """The wish in `<prompt> --aspect 9:16 --seed 7 …`. Raises ``Refused`` in one sentence."""
    return from_fields(split(text))


def split(text: str) -> dict[str, str]:
    """What was typed, by the names that were given; ``prompt`` is what comes before them all."""
    prompt, *rest = _OPTION.split(text)
    fields: dict[str, str] = {"prompt": prompt}
    for typed, value in zip(rest[::2], rest[1::2], strict=True):
        name = typed.lower()
        if name == "prompt":
            raise Refused("The prompt goes before the options, without --prompt.")
        if name in fields:
            raise Refused(f"--{echo(name)} is given twice.")
        fields[name] = _unquoted(value.strip())
        option = _BY_NAME.get(name)
        if option is not None and option.takes is not Takes.NOTHING and not fields[name]:
            raise Refused(f"--{name} needs {option.takes}.")
    return fields


def from_fields(fields: Mapping[str, str], pictures: Mapping[str, Picture] | None = None) -> Wish:
    """The wish in a form or a command line already split. Empty values count as not given.

    ``pictures``: those that were attached, by the names of their options.
    """
    values: dict[str, object] = {"prompt": fields.get("prompt", ""), **(pictures or {})}
    for name, value in fields.items():
        if name == "prompt":
            continue
        option = _BY_NAME.get(name)
        if option is None:
            allowed = ", ".join(f"--{known}" for known in _BY_NAME)
            raise Refused(f"There is no option --{echo(name)}; the options are {allowed}.")
        if option.takes is Takes.NOTHING:
            values[name] = _flag(option, value)
        elif value.strip():
            values[name] = _value(option, value.strip())
    return Wish(**values)  # type: ignore[arg-type]  # the names are Wish's own, checked by a test


def choices(option: Option, offers: Sequence[Offer]) -> list[str]:
    """What a person may pick from, for the options that are picked."""
    if option.takes is Takes.MODEL:
        return [offer.name for offer in offers]
    if option.takes is Takes.STYLE:
        return list(dict.fromkeys(style.name for offer in offers for style in offer.styles))
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
    if option.takes is Takes.PICTURE:
        raise Refused(f"--{option.name} is {option.takes}; it can't be typed.")
    if option.takes is Takes.WHOLE:
        number: float | int = _whole(option, value)
    elif option.takes is Takes.NUMBER:
        number = _number(option, value)
    else:
        return value
    low, high = option.low, option.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise Refused(f"--{option.name} is {_range(option)}, not {echo(value)}.")
    return number


def _whole(option: Option, value: str) -> int:
    if re.fullmatch(r"[+-]?\d+", value) is None:
        raise Refused(f"--{option.name} needs {option.takes}, not “{echo(value)}”.")
    if len(value.lstrip("+-")) > DIGITS_LIMIT:
        allowed = _range(option) or f"a whole number of at most {DIGITS_LIMIT} digits"
        raise Refused(f"--{option.name} is {allowed}, not {echo(value)}.")
    return int(value)


def _number(option: Option, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"--{option.name} needs {option.takes}, not “{echo(value)}”.")
    return number


def _range(option: Option) -> str:
    """What is allowed; empty where the model says it."""
    if option.low is None or option.high is None:
        return ""
    between = f"{figure(option.low)} to {figure(option.high)}"
    return between if option.high < FEW else f"{option.takes} from {between}"


def _unquoted(value: str) -> str:
    for opening, closing in ('""', "''", "“”"):
        if len(value) > 1 and value.startswith(opening) and value.endswith(closing):
            return value[1:-1]
    return value
