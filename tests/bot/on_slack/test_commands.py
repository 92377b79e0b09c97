"""What people type after `/studio` in Slack, which has no fields for it."""

from __future__ import annotations

import pytest

from bot.on_slack.commands import DEEDS
from bot.on_slack.typed import USAGE, named, plain, read
from bot.studio import STUDIO
from db.states import Reason
from moderation.rules import Refused


def test_every_command_of_the_grammar_does_something() -> None:
    assert set(DEEDS) == {command.name for command in STUDIO}


@pytest.mark.parametrize(
    ("name", "typed", "read_as"),
    [
        ("show", "12", {"job": "12"}),
        ("extend", "12 2", {"job": "12", "clip": "2"}),
        ("show", "#12", {"job": "12"}),
        ("extend", "job 12 clip 2", {"job": "12", "clip": "2"}),
        ("redraw", "Job #12 a #3 square", {"job": "12", "clip": "", "prompt": "a #3 square"}),
        ("remix", "12", {"job": "12", "prompt": ""}),
        ("report", "12", {"job": "12", "reason": ""}),
        ("queue", "cancel #12", {"cancel": "12"}),
        ("queue", "cancel job 12", {"cancel": "12"}),
        (
            "redraw",
            "12 2 a blue square --seed 7",
            {"clip": "2", "prompt": "a blue square --seed 7"},
        ),
        ("redraw", "12 a blue square", {"job": "12", "clip": "", "prompt": "a blue square"}),
        ("appeal", "12 It is *mine*.", {"job": "12", "sentence": "It is *mine*."}),
        ("report", "12 spam it sells shoes", {"reason": "spam", "sentence": "it sells shoes"}),
        ("report", "12 spam", {"reason": "spam", "sentence": ""}),
        ("queue", "", {"whose": "", "cancel": "", "page": ""}),
        ("queue", "all", {"whose": "all", "cancel": ""}),
        ("queue", "2", {"page": "2"}),
        ("queue", "cancel 12", {"cancel": "12", "whose": ""}),
        ("queue", "cancel all", {"cancel": "all", "whose": ""}),
        ("credits", "rules", {"what": "rules"}),
        ("bug", "3 circles are drawn as 2", {"kind": "", "text": "3 circles are drawn as 2"}),
        ("bug", "red_team words pass", {"kind": "red_team", "text": "words pass"}),
        ("bug", "yes 3", {"number": "3", "verdict": "yes", "text": ""}),
        ("bug", "no circle at all", {"number": "", "verdict": "no", "text": "circle at all"}),
        ("bug", "", {"number": "", "verdict": "", "text": ""}),
        ("theme", "", {"what": "", "number": ""}),
        ("theme", "end 3", {"what": "end", "number": "3"}),
        (
            "theme",
            "begin 7 50 moon 3 nights of it",
            {"number": "7", "credits": "50", "word": "moon", "title": "3 nights of it"},
        ),
        ("consent", "", {"job": "", "clip": "", "allow": "", "answer": ""}),
        ("consent", "12 2 remix yes", {"job": "12", "clip": "2", "allow": "remix"}),
        ("consent", "12 prompt no", {"clip": "", "allow": "prompt", "answer": "no"}),
        ("consent", "dataset yes", {"job": "", "allow": "dataset", "answer": "yes"}),
        ("models", "wan", {"model": "wan", "page": ""}),
        ("help", "", {}),
    ],
)
def test_words_go_where_they_belong(name: str, typed: str, read_as: dict[str, str]) -> None:
    found = read(name, typed)
    assert {key: found[key] for key in read_as} == read_as


@pytest.mark.parametrize(
    ("typed", "name", "rest"),
    [
        ("report bug the moon is a sun", "bug", "the moon is a sun"),
        ("Report Bug", "bug", ""),
        ("report 12 spam", "report", "12 spam"),
        ("line all", "queue", "all"),
        ("?", "help", ""),
    ],
)
def test_a_command_has_other_names_too(typed: str, name: str, rest: str) -> None:
    found, after = named(typed)
    assert (found.lower(), after) == (name, rest)


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("show", "", "Type: /studio show 12."),
        ("show", "twelve", "Type: /studio show 12."),
        ("show", "12 please", "Type: /studio show 12."),
        (
            "remix",
            "a square",
            "Type: /studio remix 12 [clip] what it should show — for example: /studio remix 12 2 the "
            "same at night.",
        ),
        (
            "queue",
            "everybody",
            "Type: /studio queue [mine or all] [cancel and a job's number, or all] [page] — for "
            "example: /studio queue cancel 12.",
        ),
    ],
)
def test_what_is_missing_or_unknown_is_said_with_an_example(
    name: str, typed: str, says: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(name, typed)
    assert str(refused.value) == says


def test_the_reasons_are_listed_to_whoever_gives_another() -> None:
    with pytest.raises(Refused) as refused:
        read("report", "12 nudity")
    assert "“nudity” is no reason here" in str(refused.value)
    for reason in Reason:
        assert reason.value in str(refused.value)


def test_every_command_says_how_it_is_typed() -> None:
    assert set(USAGE) == {command.name for command in STUDIO}
    for name, (_, example) in USAGE.items():
        if example:
            read(name, example)


def test_what_slack_escapes_is_read_as_it_was_typed() -> None:
    assert plain("a &lt;b&gt; &amp;amp; c") == "a <b> &amp; c"
