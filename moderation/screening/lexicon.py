"""Groups of terms, and where in a text they stand."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from moderation.screening.readings import LOOK_ALIKES, Word, visible

Matches = dict[str, list[str]]
"""Group -> what of it was written, in the order of the text."""
_MASKED = re.compile(r"(?<=[^\W_])[*#]+(?=[^\W_])")
_SHORTEST_HALF = 4


class Lexicon:
    """Terms of one or several words, by the groups that they are in; a term may be in several.

    ``(s)`` at a term's end stands for its plural as well, ``#`` for any number of years below 18.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for group, terms in groups.items():
            for term in terms:
                for spelled in _spelled(term):
                    self._by_first[spelled[0]].append((spelled[1:], group))
        self._alone = {
            word: {group for rest, group in found if not rest}
            for word, found in self._by_first.items()
            if any(not rest for rest, _ in found)
        }

    def find(self, rows: Iterable[list[Word]]) -> Matches:
        """What stands in any of the readings of a text."""
        found: Matches = {}
        begun: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for row in rows:
            for start, word in enumerate(row):
                if word.said not in begun:
                    begun[word.said] = self._begun(word)
                for rest, group in begun[word.said]:
                    words = row[start : start + 1 + len(rest)]
                    if _follows(words[1:], rest):
                        _note(found, group, " ".join(w.said for w in words))
        return found

    def _begun(self, word: Word) -> list[tuple[tuple[str, ...], str]]:
        """What has to follow this word to make it a term, and of which group."""
        begun = [end for form in word.forms for end in self._by_first.get(form, ())]
        return begun + [((), group) for group in self._hidden(word)]

    def _hidden(self, word: Word) -> set[str]:
        """The groups of a word that has letters masked, or that is two terms written as one."""
        if _MASKED.search(word.said):
            pattern = re.compile(_MASKED.sub(".{1,2}", word.said.casefold().translate(LOOK_ALIKES)))
            return {g for term, gs in self._alone.items() if pattern.fullmatch(term) for g in gs}
        hidden: set[str] = set()
        for form in word.forms:
            for cut in range(_SHORTEST_HALF, len(form) - _SHORTEST_HALF + 1):
                one, other = self._alone.get(form[:cut]), self._alone.get(form[cut:])
                if one and other:
                    hidden |= one | other
        return hidden


def _spelled(term: str) -> list[tuple[str, ...]]:
    one = term.removesuffix("(s)")
    terms = [one] if one == term else [one, f"{one}s"]
    return [tuple(visible(spelled).casefold().split()) for spelled in terms]


def _follows(words: list[Word], rest: tuple[str, ...]) -> bool:
    return len(words) == len(rest) and all(
        term in word.forms for word, term in zip(words, rest, strict=True)
    )


def _note(found: Matches, group: str, said: str) -> None:
    if said not in found.setdefault(group, []):
        found[group].append(said)
