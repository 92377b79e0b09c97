"""The screen of words: what it finds, what it leaves alone, and that no way of writing hides a word."""

from __future__ import annotations

import time
import tomllib
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.screening.readings import LOOK_ALIKES, readings
from moderation.screening.words import Words, rulebook, rules, standard
from moderation.wish import PROMPT_LIMIT
from tests.support.cards import job_of

HARD = "sexual-minors"
SOFTLY = settings(deadline=None, max_examples=150)


@cache
def prompts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("screen_prompts.toml").read_text())


def met(prompt: str, negative: str = "", screen: Words | None = None) -> dict[str, tuple[str, ...]]:
    """Rule -> the words that met it."""
    found = (screen or standard()).look(job_of(prompt=prompt, negative=negative))
    return {one.rule.id: one.words for one in found}


def plain(*groups: str) -> list[str]:
    """Single words of these groups, in the languages that the property tests can spell."""
    data = rulebook()["groups"]
    terms = [term.removesuffix("(s)") for group in groups for term in data[group]["en"]]
    return sorted({t for t in terms if t.isascii() and t.isalpha() and len(t) > 3})


# ── the test set ─────────────────────────────────────────────────────────────────────────


def test_the_set_is_as_large_as_its_rates_need() -> None:
    assert len(set(prompts()["innocent"])) >= 150
    assert sum(len(set(some)) for some in prompts()["flagged"].values()) >= 100


def test_of_innocent_prompts_no_more_are_found_than_are_known() -> None:
    wrong = {prompt for prompt in prompts()["innocent"] if met(prompt)}
    assert wrong <= set(prompts()["known_wrong"]), "found in what is innocent"


def test_of_what_should_be_found_no_more_is_missed_than_is_known() -> None:
    missed = {
        prompt
        for rule, some in prompts()["flagged"].items()
        for prompt in some
        if rule not in met(prompt)
    }
    assert missed <= set(prompts()["known_missed"]), "not found"


def test_what_is_known_to_go_wrong_still_does() -> None:
    """So that the lists, and the rates that they stand for, don't outlive a better rule."""
    assert all(met(prompt) for prompt in prompts()["known_wrong"])
    of = {p: rule for rule, some in prompts()["flagged"].items() for p in some}
    assert all(of[prompt] not in met(prompt) for prompt in prompts()["known_missed"])


def test_every_rule_has_prompts_that_meet_it() -> None:
    with_terms = {rule["id"] for rule in rulebook()["rules"] if "needs" in rule}
    assert set(prompts()["flagged"]) | {HARD} == with_terms


@pytest.mark.parametrize("rule", [r["id"] for r in rulebook()["rules"] if "needs" in r])
def test_without_a_rule_its_prompts_pass(rule: str) -> None:
    data = rulebook()
    less = Words({**data, "rules": [r for r in data["rules"] if r["id"] != rule]})
    some = prompts()["flagged"].get(rule, [" ".join(["child", "naked"])])
    assert any(rule in met(prompt) for prompt in some)
    assert not any(rule in met(prompt, screen=less) for prompt in some)


# ── age and sex ──────────────────────────────────────────────────────────────────────────

AGES = plain("minor")
SEXES = plain("sexual", "suggestive")
WAYS = (
    "{age}, {sex}",
    "{sex} BREAK {age}",
    "({age}:1.3) [{sex}|x]",
    "<lora:{sex}:0.8> {age}",
    "{age}_{sex}",
    "{sex}-{age}",
    "a very long walk past {age} and then, far from it, {sex}",
)


@SOFTLY
@given(st.sampled_from(AGES), st.sampled_from(SEXES), st.sampled_from(WAYS))
def test_age_and_sex_together_are_stopped_however_they_are_joined(
    age: str, sex: str, way: str
) -> None:
    assert rules()[HARD].hard
    assert HARD in met(way.format(age=age, sex=sex))


def test_either_alone_is_not_stopped() -> None:
    both = {"lolicon", "shotacon"}  # which mean both by themselves
    assert {word for word in AGES if met(word)} <= both
    assert {word for word in SEXES if HARD in met(word)} <= both


@pytest.mark.parametrize("years", ["12", "3", "17", "1７"])
@pytest.mark.parametrize("unit", [" year old", "-year-old", "yo", " y.o.", " years of age"])
def test_years_below_eighteen_are_an_age(years: str, unit: str) -> None:
    assert HARD in met(f"{years}{unit} {SEXES[0]}")


@pytest.mark.parametrize("years", ["18", "25", "117", "0", "eighteen"])
def test_others_are_none(years: str) -> None:
    assert HARD not in met(f"a {years} year old {SEXES[0]}")


@pytest.mark.parametrize(
    ("prompt", "negative", "stopped"),
    [
        ("a walk", "{age}, {sex}", False),  # who doesn't want either says so
        ("{sex}", "{age}", False),
        ("{age}", "{sex}", False),
        ("{sex}", "adults, grown-ups", True),  # and who wants neither grown-ups nor clothes, too
        ("{age}", "clothes", True),
        ("{age}", "c l o t h e s", True),
        ("{age}", "wrinkled clothes", False),
        ("{sex}", "adult content", False),
        ("a walk", "adults, clothes", False),
    ],
)
def test_the_negative_prompt(prompt: str, negative: str, stopped: bool) -> None:
    words = {"age": "child", "sex": "naked"}
    assert (HARD in met(prompt.format(**words), negative.format(**words))) == stopped


def test_a_negative_prompt_is_never_flagged() -> None:
    for some in prompts()["flagged"].values():
        assert not any(met("a walk", prompt) for prompt in some)


# ── no way of writing hides a word ───────────────────────────────────────────────────────

ALIKE: dict[str, list[str]] = {}
for other, latin in LOOK_ALIKES.items():
    if chr(latin).islower():
        ALIKE.setdefault(chr(latin), []).append(chr(other))
LEET = {"o": "0", "l": "1", "i": "1!", "e": "3", "a": "4@", "s": "5$", "t": "7", "b": "8"}


DISGUISES = (
    "spaced", "weighted", "cased", "alike", "leet", "marked", "wide", "hidden", "long",
)  # fmt: skip


@st.composite
def disguised(draw: st.DrawFn, word: str) -> str:
    """A word in one of the ways that people hide words in."""
    way = draw(st.sampled_from(DISGUISES))
    letters = list(word)
    some = draw(st.sets(st.integers(0, len(word) - 1), min_size=1, max_size=3))
    match way:
        case "spaced":
            gap = draw(st.sampled_from([" ", ".", "-", "_", " . ", "/", "*", "~"]))
            return gap.join(letters)
        case "weighted":
            left = draw(st.sampled_from(["({}:1.3)", "(({}))", "[{}]", "{{{}}}", "<lora:{}:1>"]))
            return left.format(word)
        case "cased":
            letters = [c.upper() if n in some else c for n, c in enumerate(letters)]
        case "alike":
            for n in some:
                letters[n] = draw(st.sampled_from([letters[n], *ALIKE.get(letters[n], [])]))
        case "leet":
            for n in some - {0, len(word) - 1}:
                letters[n] = draw(st.sampled_from([letters[n], *LEET.get(letters[n], "")]))
        case "marked":
            marks = st.text(
                st.sampled_from("\u0301\u0308\u0336\u0323\u20dd"), min_size=1, max_size=3
            )
            letters = [c + draw(marks) if n in some else c for n, c in enumerate(letters)]
        case "wide":
            letters = [chr(ord(c) + 0xFEE0) if n in some else c for n, c in enumerate(letters)]
        case "hidden":
            unseen = st.sampled_from("\u200b\u200d\u00ad\u2060\u3164\ufe0f")
            letters = [c + draw(unseen) if n in some else c for n, c in enumerate(letters)]
        case "long":
            n = min(some)
            letters[n] = letters[n] * draw(st.integers(3, 9))
    return "".join(letters)


@SOFTLY
@given(st.data(), st.sampled_from(plain("sexual", "gore", "hate")))
def test_a_word_is_found_in_every_disguise(data: st.DataObject, word: str) -> None:
    hidden = data.draw(disguised(word))
    assert met(word).keys() <= met(f"the {hidden} of it").keys(), hidden


@SOFTLY
@given(st.data(), st.sampled_from(AGES), st.sampled_from(SEXES))
def test_age_and_sex_are_found_in_every_disguise(data: st.DataObject, age: str, sex: str) -> None:
    hidden = f"{data.draw(disguised(age))}, walks; {data.draw(disguised(sex))}"
    assert HARD in met(hidden), hidden


@SOFTLY
@given(st.sampled_from(prompts()["innocent"]), st.booleans())
def test_what_is_innocent_stays_so_in_another_case_and_form(prompt: str, upper: bool) -> None:
    known = set(prompts()["known_wrong"])
    other = unicodedata.normalize("NFD", prompt.upper() if upper else prompt)
    assert prompt in known or not met(other)


def test_a_term_of_several_words_is_found_across_what_prompts_put_between_them() -> None:
    for between in (" BREAK ", "  ", "-", "_", "/", ") (", ":1.2) (", "\u200b \u200b"):
        assert "hate" in met(f"(nazi{between}flag)"), between
    assert not met("a nazi, then a film about a flag"), "but not far from each other"


# ── any text at all ──────────────────────────────────────────────────────────────────────


@SOFTLY
@given(st.text(max_size=PROMPT_LIMIT), st.text(max_size=100))
def test_any_text_can_be_looked_at(prompt: str, negative: str) -> None:
    found = met(prompt, negative)
    assert found.keys() <= rules().keys()
    assert met(prompt, negative) == found


@pytest.mark.parametrize(
    "text",
    ["a" * 1000, "a " * 500, "ab" * 500, "(" * 1000, "a*" * 500, "aabb" * 250, "$a" * 500, "1" * 1000,
     "\u0301" * 1000, "n u d e " * 125, ":1.3)" * 200, "naked " * 166, "ﷺ" * 1000, "aa bb " * 166],
)  # fmt: skip
def test_no_text_takes_more_steps_than_it_is_long(text: str) -> None:
    """What is looked at grows with the text alone: readings have no more words than it has letters."""
    rows = readings(text)
    assert len(rows) <= 4
    longest = len(unicodedata.normalize("NFKD", text))
    assert all(sum(len(word.said) for word in row) <= 2 * longest for row in rows)
    assert all(len(word.forms) < 64 for row in rows for word in row)
    began = time.process_time()
    met(text)
    assert time.process_time() - began < 1, "by far too long for a transaction"


# ── the rules as data ────────────────────────────────────────────────────────────────────


def test_every_rule_speaks_plainly_and_once() -> None:
    ids = Counter(rule["id"] for rule in rulebook()["rules"])
    assert set(ids.values()) == {1}
    for rule in rules().values():
        assert rule.version >= 1
        assert rule.name
        assert rule.sentence.endswith(".")
        assert rule.sentence.count(". ") == 0


def test_only_one_rule_is_hard_and_needs_two_things() -> None:
    hard = [rule for rule in rulebook()["rules"] if rule["class"] == "hard"]
    assert [rule["id"] for rule in hard] == [HARD]
    assert len(hard[0]["needs"]) == 2


def test_what_a_rule_needs_is_there() -> None:
    groups = rulebook()["groups"]
    needed = {g for rule in rulebook()["rules"] for need in rule.get("needs", ()) for g in need}
    assert needed == set(groups)
