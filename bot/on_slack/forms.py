"""Forms: what is asked before something is done. They are known by their ids; nothing is kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import grammar, said, stating
from bot.buttons import LIMITS, OPTIONS_MAY_FOLLOW, QUESTIONS
from bot.consenting import QUESTION, Form
from bot.grammar import Option, Takes
from bot.on_slack.text import Json, cut, label
from bot.press import Press, Step
from bot.signs import NEEDS_PICK, NEEDS_PROMPT, Sign
from bot.studio import WORDS_LIMIT, WRONG
from db.offers import Offer
from db.states import Flag
from moderation.rules import SENTENCE_LIMIT, Refused
from moderation.words import echo

TITLE_LIMIT, LABEL_LIMIT, HINT_LIMIT, OPTION_LIMIT = 24, 2000, 2000, 75
MOST_OPTIONS = 100
WORDS, CLIP, REASON = "words", "clip", "reason"
"""The ids of fields."""
WISH = "wish"
"""What the id of the form for a wish begins with."""
REOPEN, NO_PICTURE = "wish:again", "-"
"""The id of the button that opens it again; its value is a picture's id and what was typed."""
OPEN_AGAIN, CHANGE = "Open the form again", "Change it"
"""What that button says, after a form and after a typed line."""
OPTIONAL = frozenset({Sign.APPEAL, Sign.DUTY}) | NEEDS_PICK
"""Where nothing has to be said."""
NAMED_BY_VALUE = ("aspect", "style")
"""What a refusal may name by what was picked, and not by its own name."""
VALUE_LIMIT = 150
"""Of what stands for an option; a longer name can still be typed after the prompt."""


class WrongField(Refused):
    """What was refused is what stands in this field of a form."""

    def __init__(self, said: str, field: str) -> None:
        super().__init__(said)
        self.field = field


def ask(press: Press, channel: str, clips: Sequence[int] = (), words: str = "") -> Json:
    """What a sign needs to know before it acts; ``clips``: those of which one is to be picked;
    ``words``: what was typed already."""
    blocks = []
    if clips:
        picks = [(str(number), f"Clip {number}") for number in clips]
        blocks.append(_field(CLIP, "Which clip?", _select(picks)))
    question = QUESTIONS[press.sign]
    if press.sign in NEEDS_PICK:
        states = press.sign is Sign.STATE
        name, few = (stating.FIELD, stating.CHOICES) if states else (REASON, WRONG)
        blocks.append(_field(name, question, _select(few)))
        question = stating.MORE if states else "Is there more to say?"
    prompt = press.sign in NEEDS_PROMPT
    blocks.append(
        _field(
            WORDS,
            question,
            _text(WORDS_LIMIT if prompt else SENTENCE_LIMIT, words),
            hint=OPTIONS_MAY_FOLLOW if prompt else LIMITS if press.sign is Sign.DUTY else "",
            optional=press.sign in OPTIONAL,
        )
    )
    form = str(replace(press, step=Step.SAY))
    return _modal(form, f"Job {press.job_id}", "Send", blocks, channel)


def consent(asked: Form, job_id: int, channel: str) -> Json:
    """What may be done with the clips of a job, as it stands."""
    options = {
        flag: {
            "text": label(words.title, OPTION_LIMIT),
            "description": label(cut(words.about, OPTION_LIMIT), OPTION_LIMIT),
            "value": words.typed,
        }
        for flag, words in said.WORDS.items()
    }
    ticks: Json = {"type": "checkboxes", "options": list(options.values())}
    if asked.ticked:
        ticks["initial_options"] = [options[flag] for flag in Flag if flag in asked.ticked]
    blocks = [_field(asked.field, QUESTION, ticks, optional=True)]
    form = str(Press(Sign.CONSENT, job_id, step=Step.SAY))
    return _modal(form, f"Job {job_id}", "Save", blocks, channel)


def wish(
    offers: Sequence[Offer], channel: str, prompt: str = "", picture: str = "", request: str = ""
) -> Json:
    """The form of a wish, with an input for each option; ``picture``: one that is there already."""
    title, question = "A new clip", "What should the clip show?"
    if picture:
        title, question = "Animate this image", "What should happen in it?"
    blocks = [_field("prompt", question, _text(WORDS_LIMIT, prompt))]
    for option in grammar.OPTIONS:
        if option.name in grammar.UPON_A_CLIP or (picture and option.name == "image"):
            continue
        element = _element(option, offers)
        if element is not None:
            name = option.name.capitalize()
            blocks.append(_field(option.name, name, element, hint=option.help, optional=True))
    kept = f"{channel} {picture}".strip()
    return _modal(f"{WISH}:{request}", title, "Make it", blocks, kept)


def reopening(kept: str, text: str = OPEN_AGAIN) -> Json:
    """The button that opens the form for a wish that came to nothing."""
    made: Json = {"type": "button", "text": label(text, OPTION_LIMIT)}
    return made | {"action_id": REOPEN, "value": kept, "style": "primary"}


def wrong_field(refused: Exception, fields: Mapping[str, Any], shown: Collection[str]) -> str:
    """Under which field of a form for a wish a refusal stands: that of what it is about, where this
    was filled in there and not typed after the prompt."""
    text, filled = str(refused), [name for name in shown if fields.get(name) and name != "prompt"]
    if isinstance(refused, WrongField):
        return refused.field if refused.field in shown else "prompt"
    if text.startswith("There is no option"):  # it goes on to name all that there are
        return "prompt"
    named = {n: found.start() for n in filled if (found := re.search(rf"\b{n}\b", text))}
    if named:
        return min(named, key=lambda name: named[name])
    for name in filled:
        if name in NAMED_BY_VALUE and echo(str(fields[name])) in text:
            return name
    return "prompt"


def typed_again(fields: Mapping[str, str]) -> str:
    """What a form for a wish held, as one line: what was picked becomes options after the prompt."""
    prompt = fields.get("prompt", "")
    picked = {name: value for name, value in fields.items() if value and name != "prompt"}
    try:
        found = grammar.split(prompt) | picked
    except Refused:
        found = {"prompt": prompt, **picked}
    options = [f"--{name} {value}" for name, value in found.items() if name != "prompt"]
    line = " ".join([found["prompt"].strip(), *options])
    return line if len(line) <= WORDS_LIMIT else prompt.strip()


def read(state: Mapping[str, Any]) -> dict[str, Any]:
    """What the inputs of a form hold, by their names: text, or a list of files; flags are "yes",
    and several that were ticked have commas between."""
    found: dict[str, Any] = {}
    for inputs in state.get("values", {}).values():
        for name, held in inputs.items():
            if held["type"] == "file_input":
                found[name] = held.get("files") or []
            elif held["type"] == "checkboxes":
                found[name] = ",".join(one["value"] for one in held.get("selected_options") or ())
            else:
                option = held.get("selected_option") or {}
                found[name] = str(option.get("value") or held.get("value") or "")
    return found


def _element(option: Option, offers: Sequence[Offer]) -> Json | None:
    match option.takes:
        case Takes.PICTURE:
            kinds = ["png", "jpg", "jpeg", "webp"]
            return {"type": "file_input", "filetypes": kinds, "max_files": 1}
        case Takes.NOTHING:
            yes = {"text": label(cut(option.help, OPTION_LIMIT), OPTION_LIMIT), "value": "yes"}
            return {"type": "checkboxes", "options": [yes]}
        case Takes.WHOLE | Takes.NUMBER:
            number: Json = {"type": "number_input"}
            number["is_decimal_allowed"] = option.takes is Takes.NUMBER
            if option.low is not None and option.high is not None:
                number |= {"min_value": f"{option.low:.0f}", "max_value": f"{option.high:.0f}"}
            return number
        case Takes.MODEL | Takes.STYLE | Takes.ASPECT:
            names = grammar.choices(option, offers)
            return _select([(name, name) for name in names]) if names else None
        case _:
            return _text(int(option.high or WORDS_LIMIT), lines=False)


def _modal(form: str, title: str, submit: str, blocks: Sequence[Json], kept: str) -> Json:
    return {
        "type": "modal",
        "callback_id": form,
        "title": label(title, TITLE_LIMIT),
        "submit": label(submit, TITLE_LIMIT),
        "close": label("Cancel", TITLE_LIMIT),
        "private_metadata": kept,
        "blocks": list(blocks),
    }


def _field(
    name: str, question: str, element: Json, *, hint: str = "", optional: bool = False
) -> Json:
    field: Json = {
        "type": "input",
        "block_id": name,
        "label": label(question, LABEL_LIMIT),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return field | ({"hint": label(hint, HINT_LIMIT)} if hint else {})


def _text(limit: int, initial: str = "", *, lines: bool = True) -> Json:
    text: Json = {"type": "plain_text_input", "multiline": lines, "max_length": min(limit, 3000)}
    return text | ({"initial_value": initial} if initial else {})


def _select(words: Sequence[tuple[str, str]]) -> Json:
    options = [
        {"text": label(shown, OPTION_LIMIT), "value": value}
        for value, shown in words
        if len(value) <= VALUE_LIMIT
    ][:MOST_OPTIONS]
    return {"type": "static_select", "options": options}
