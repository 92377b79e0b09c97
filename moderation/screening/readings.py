"""The ways in which a text may be read, whatever it does to be read by people alone.

Spaced and punctuated letters, look-alikes of other scripts, digits for letters, marks, repeated letters,
invisible characters and the weights of prompts are undone. Words stay whole words, so that Essex isn't
what it contains.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

NUMBER = "#"
"""Stands for every number of years below 18."""
ADULT = 18
LONGEST = 40
"""A longer run of letters is no word, and isn't taken apart."""
MOST_RUNS = 3

TILDE = "n\u0303"
"""It makes a letter of its own: niña isn't Nina."""
_CYRILLIC = (
    "авсԁеёһіїјкмнопрѕтухѵԝԛгиьАВЕЅНІЈКМОРСТУХЬ",
    "abcdeehiijkmhonpstyxvwqrubABESHIJKMOPCTYXb",
)
_GREEK = "αβγδεζηικμνοπρσςτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abydeznikuvonpsstuxwABEZHIKMNOPTYX"
_LATIN = "ñÑıɑɡɩøđłħɪʀʏɴʟʜʙɢᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱ", "nNiagiodlhirynlhbgacdejkmoptuvwzfs"
LOOK_ALIKES = str.maketrans(
    "".join(one for one, _ in (_CYRILLIC, _GREEK, _LATIN)),
    "".join(other for _, other in (_CYRILLIC, _GREEK, _LATIN)),
)
_LEET = "0134578@$€£!", "oleastbaseli"
LEET = [str.maketrans(_LEET[0], _LEET[1].replace("l", one, 1)) for one in "il"]
"""A 1 is an i or an l."""
BOXED = {
    start + n: chr(ord("a") + n)
    for start in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
    for n in range(26)
}
"""Letters in boxes, circles and flags, which aren't letters to Unicode."""

_FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")
_WEIGHT = re.compile(r":\s*[-+]?\d*\.?\d+(?=[\s)\]}>,|]|$)")
_BREAK = re.compile(r"\bBREAK\b")
_APOSTROPHES = re.compile("(?<=\\w)['’`´ʼ](?=\\w)")
_PLAIN = re.compile(r"[^\W_]+")
_WITH_SIGNS = re.compile(r"[@$€£]*[^\W_]+(?:[@$€£!*#]+[^\W_]+)*[@$€£]*")
_RUN = re.compile(r"(.)\1+")
_AGE = re.compile(r"(\d{1,2})([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: how it was written, and all that it may be read as."""

    said: str
    forms: frozenset[str]


def readings(text: str, numbers: Collection[str] = ()) -> list[list[Word]]:
    """The text as rows of words, in each of the ways to cut it into words.

    ``numbers``: words for numbers of years below 18.
    """
    plain = _BREAK.sub(" ", _WEIGHT.sub(" ", visible(text)))
    rows = [_PLAIN.findall(plain), _WITH_SIGNS.findall(plain)]
    rows += [_unspaced(rows[0]), ["".join(_PLAIN.findall(chunk)) for chunk in plain.split()]]
    read: list[list[Word]] = []
    known: dict[str, Word] = {}
    for row in rows:
        for word in row:
            if word and word not in known:
                known[word] = Word(word, frozenset(_forms(word, numbers)))
        words = [known[word] for word in row if word]
        if words not in read:
            read.append(words)
    return read


def visible(text: str) -> str:
    """What people see of a text, with every letter in its plainest form and without marks."""
    if text.isascii():
        return _APOSTROPHES.sub("", text)
    shown = unicodedata.normalize("NFKD", _FILLERS.sub("", text)).translate(BOXED)
    shown = shown.replace(TILDE, "ñ").replace(TILDE.upper(), "Ñ")
    kept = "".join(c for c in shown if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    return _APOSTROPHES.sub("", unicodedata.normalize("NFKC", kept))


def _unspaced(words: list[str]) -> list[str]:
    """With letters that stand alone, three or more in a row, made the word that they spell."""
    made: list[str] = []
    for alone, group in itertools.groupby(words, key=lambda word: len(word) == 1):
        letters = list(group)
        if not alone or len(letters) < 3:
            made += letters
            continue
        # "a" and "I" may be words of their own before what is spelled.
        made += (
            ["".join(letters), "".join(letters[1:])] if letters[0] in "aAI" else ["".join(letters)]
        )
    return made


def _forms(word: str, young: Collection[str]) -> Iterator[str]:
    lower = word.casefold()
    yield lower
    if lower in young or (lower.isdecimal() and len(lower) < 3 and 0 < int(lower) < ADULT):
        yield NUMBER
    age = _AGE.fullmatch(lower) if lower[0].isdecimal() else None
    if age and 0 < int(age[1]) < ADULT:
        yield NUMBER + age[2]
    latin = lower if lower.isascii() else word.translate(LOOK_ALIKES).casefold()
    spelled = {lower, latin}
    if any(c.isalpha() for c in latin) and not latin.isalpha():
        spelled |= {latin.translate(table) for table in LEET}
    for form in spelled:
        yield form
        if len(form) <= LONGEST:
            yield from _squeezed(form)


def _squeezed(form: str) -> Iterator[str]:
    """Without repeated letters: of two or more one or two are left."""
    runs = list(_RUN.finditer(form))
    if not 0 < len(runs) <= MOST_RUNS:
        return
    for lengths in itertools.product((1, 2), repeat=len(runs)):
        left = iter(lengths)
        yield _RUN.sub(lambda run: run[1] * next(left), form)  # noqa: B023 - used up at once
