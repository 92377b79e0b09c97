"""What was typed after a slash, word by word: Slack completes nothing and tells all as one line."""

from __future__ import annotations

from bot.grammar import Option, Takes
from bot.studio import STUDIO
from db.jobs import LARGEST_ID
from moderation.rules import Refused
from moderation.words import echo

NAME = "studio"
HELP = frozenset({"help", "--help", "—help", "–help", "-h", "?"})
"""What asks how it works, and is no wish."""
ALIASES = {"line": "queue", "report bug": "bug", "bugs": "bug", "themes": "theme"}
"""What people call a command as well."""
USAGE = {
    "queue": ("[mine or all] [cancel and a job's number, or all] [page]", "cancel 12"),
    "mine": ("[page]", "2"),
    "show": ("12", ""),
    "lineage": ("12 [page]", "12"),
    "again": ("12", ""),
    "vary": ("12 [clip]", "12 2"),
    "extend": ("12 [clip]", "12 2"),
    "redraw": ("12 [clip] what it should show instead", "12 2 the same at night"),
    "final": ("12 [clip]", "12 2"),
    "remix": ("12 [clip] what it should show", "12 2 the same at night"),
    "consent": ("[12] [clip] [what, then yes or no]", "12 remix yes"),
    "withdraw": ("12", ""),
    "appeal": ("12 why others should look at it again", "12 It shows nobody who lives."),
    "report": ("12 reason [more about it]", "12 spam It sells shoes."),
    "chain": ("list, start a theme, or join, show or close 3", "start a fox at night"),
    "credits": ("[mine, rules, pools, join, leave or claim]", "rules"),
    "bug": (
        "[red_team] what happens, or yes or no and a number",
        "The moon is drawn as a sun.",
    ),
    "theme": (
        "[begin days [credits] word title, or end and its number]",
        "begin 7 moon What the moon sees",
    ),
    "models": ("[model, or style and its name] [page]", ""),
    "record": ("", ""),
    "export": ("", ""),
    "delete": ("[forget me]", ""),
    "link": ("[code or undo]", ""),
    "setup": ("", ""),
    "help": ("", ""),
}
"""How each command is typed, and an example of it; 12 stands for the number of a job."""
NUMBERED = frozenset({"job", "clip", "page"})
AFTER_A_WORD = frozenset({"number", "credits"})
"""What is a number only after one of a few words; else a sentence may begin with it."""
_JOB = Option("job", Takes.JOB, "", 1, LARGEST_ID)


def plain(typed: str) -> str:
    """What somebody typed, which Slack tells with three characters escaped."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        typed = typed.replace(entity, character)
    return typed


def named(typed: str) -> tuple[str, str]:
    """Which command was typed, by its own name where that is known, and the rest."""
    name, _, rest = plain(typed).strip().partition(" ")
    second, _, further = rest.strip().partition(" ")
    if (both := f"{name} {second}".lower()) in ALIASES:
        return ALIASES[both], further
    if name.lower() in HELP:
        return "help", rest
    return ALIASES.get(name.lower(), name), rest


def read(name: str, rest: str) -> dict[str, str]:
    """What a command takes, by position: ``remix 12 2 a red circle``. Raises ``Refused``."""
    command = next(c for c in STUDIO if c.name == name)
    words = rest.split()
    found = {option.name: "" for option in command.options}
    numbers = [o for o in command.options if o.name in NUMBERED]
    for option in numbers:
        found[option.name] = _number(option, words)
    for option in sorted(command.options, key=lambda one: not one.words):
        if option in numbers or option.name in AFTER_A_WORD or not words:
            continue
        if option.name == "cancel":  # never by a number alone: that is a page
            if words[0].lower() == "cancel":
                del words[0]
                found["cancel"] = _number(_JOB, words) or (words.pop(0) if words else "")
        elif option.name == "model" and words[0].lower() == "style":
            del words[0]  # a style's name follows
        elif option.words:
            found[option.name] = _word(name, option, words)
            for number in command.options if found[option.name] else ():
                if number.name in NUMBERED | AFTER_A_WORD and not found[number.name]:
                    found[number.name] = _number(number, words)
        elif option.takes in {Takes.MODEL, Takes.STYLE} or option.name == "word":
            found[option.name] = words.pop(0)
        else:
            found[option.name], words = " ".join(words), []
    for option in numbers:  # they may come last as well
        found[option.name] = found[option.name] or _number(option, words)
    if (words and command.options) or any(o.needed and not found[o.name] for o in numbers):
        raise Refused(usage(name))
    return found


def usage(name: str) -> str:
    """How a command is typed: Slack completes nothing."""
    takes, example = USAGE[name]
    typed = f"/{NAME} {name} {takes}".strip()
    if not example:
        return f"Type: {typed}."
    return f"Type: {typed} — for example: /{NAME} {name} {example}."


def _number(option: Option, words: list[str]) -> str:
    """Takes a number off the front: ``12``, ``#12``, ``job 12``; empty where none stands there."""
    named = 1 if len(words) > 1 and words[0].lower() == option.name else 0
    number = words[named].lstrip("#") if words else ""
    if not _is_within(option, number):
        return ""
    del words[: named + 1]
    return number


def _word(name: str, option: Option, words: list[str]) -> str:
    """Takes one of a few words off the front. Raises ``Refused`` for another that had to be one."""
    if words[0].lower() in dict(option.words):
        return words.pop(0).lower()
    if option.needed:
        allowed = ", ".join(
            value if shown.lower() == value else f"{value} ({shown.lower()})"
            for value, shown in option.words
        )
        raise Refused(
            f"“{echo(words[0])}” is no {option.name} here; there is: {allowed}. {usage(name)}"
        )
    return ""


def _is_within(option: Option, word: str) -> bool:
    if not (word.isdecimal() and word.isascii() and len(word) <= 10):
        return False
    return option.low is None or option.high is None or option.low <= int(word) <= option.high
