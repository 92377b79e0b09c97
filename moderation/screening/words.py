"""The screen of words: rules that are data, over groups of terms that are data too."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from db.models import Clip, Job
from moderation.screening.base import Found, Rule
from moderation.screening.lexicon import Lexicon, Matches
from moderation.screening.readings import readings

FOLDER = Path(__file__).parent
MOST_WORDS = 12
"""So many of somebody's words are kept with a hit."""

Needs = tuple[frozenset[str], ...]
"""Of each of these sets, one group at least has to be in the text."""


class Words:
    """Finds every rule of which all that it needs stands in a prompt.

    Of the negative prompt, where people list what they don't want, nothing is found, with one exception:
    to leave out clothes is to ask for none, and to leave out grown-ups is to ask for the others. So a
    rule of two halves takes what is ``negated`` there for the one, when the prompt has the other.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        groups = data["groups"]
        self._rules: list[tuple[Rule, Needs]] = [
            (_rule(rule), tuple(frozenset(need) for need in rule["needs"]))
            for rule in data["rules"]
            if "needs" in rule
        ]
        self._signs = {name: group.get("signs", []) for name, group in groups.items()}
        self._terms = Lexicon({name: _terms(group) for name, group in groups.items()})
        self._negated = Lexicon({name: group.get("negated", []) for name, group in groups.items()})
        self._numbers = frozenset(data["numbers"])
        phrases = (r"\s+".join(map(re.escape, phrase.split())) for phrase in data["innocent"])
        self._innocent = re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)

    def look(self, job: Job, clips: Sequence[Clip] = ()) -> list[Found]:
        """What the words of a job have; each rule once."""
        return self.read(job.prompt, job.negative)

    def read(self, text: str, negative: str = "") -> list[Found]:
        """The same of a prompt and a negative prompt."""
        prompt = self._find(self._terms, text)
        for group, signs in self._signs.items():
            prompt.setdefault(group, []).extend(sign for sign in signs if sign in text)
        negated = self._find(self._negated, negative) if negative else {}
        found = []
        for rule, needs in self._rules:
            words = _met(needs, prompt, negated)
            if words:
                found.append(Found(rule, tuple(words[:MOST_WORDS])))
        return found

    def _find(self, terms: Lexicon, text: str) -> Matches:
        found = terms.find(readings(text, self._numbers))
        if found:  # to look for what is innocent takes longer than all the rest
            kept, gone = self._innocent.subn(" , ", unicodedata.normalize("NFC", text))
            found = terms.find(readings(kept, self._numbers)) if gone else found
        return found


def _met(needs: Needs, prompt: Matches, negated: Matches) -> list[str]:
    """What was written for each of the needs; nothing unless all of them are met."""
    words: list[str] = []
    of_prompt = False
    for need in needs:
        said = [word for group in sorted(need) for word in prompt.get(group, ())]
        of_prompt |= bool(said)
        said = said or [word for group in sorted(need) for word in negated.get(group, ())]
        if not said:
            return []
        words += said
    return list(dict.fromkeys(words)) if of_prompt else []


def _terms(group: Mapping[str, Any]) -> Iterable[str]:
    """Those of every language."""
    return (t for name, terms in group.items() if name not in {"signs", "negated"} for t in terms)


def _rule(data: Mapping[str, Any]) -> Rule:
    hard = {"hard": True, "flag": False}[data["class"]]
    return Rule(data["id"], data["version"], data["name"], data["sentence"], hard)


@cache
def rulebook() -> Mapping[str, Any]:
    """The rules and their terms, as they are written down beside this file."""
    files = [tomllib.loads((FOLDER / name).read_text()) for name in ("rules.toml", "people.toml")]
    return files[0] | {"groups": files[0]["groups"] | files[1]["groups"]}


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, those of pictures too."""
    return {rule["id"]: _rule(rule) for rule in rulebook()["rules"]}


@cache
def standard() -> Words:
    """The screen of the rules that come with the studio."""
    return Words(rulebook())
