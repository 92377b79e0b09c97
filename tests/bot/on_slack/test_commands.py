"""What people type after `/studio` in Slack, which has no fields for it."""

from __future__ import annotations

import pytest

from bot.on_slack.commands import DEEDS, plain, read
from bot.studio import STUDIO
from moderation.rules import Refused


def test_every_command_of_the_grammar_does_something() -> None:
    assert set(DEEDS) == {command.name for command in STUDIO}


@pytest.mark.parametrize(
    ("name", "typed", "read_as"),
    [
        ("show", "12", {"job": "12"}),
        ("extend", "12 2", {"job": "12", "clip": "2"}),
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
        ("models", "wan", {"model": "wan", "page": ""}),
        ("help", "", {}),
    ],
)
def test_words_go_where_they_belong(name: str, typed: str, read_as: dict[str, str]) -> None:
    found = read(name, typed)
    assert {key: found[key] for key in read_as} == read_as


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("show", "", "/studio show takes: job."),
        ("redraw", "12", "/studio redraw takes: job prompt [clip]."),
        ("report", "12", "/studio report takes: job reason [sentence]."),
        ("report", "12 ugly", "/studio report takes: job reason [sentence]."),
    ],
)
def test_what_is_missing_is_named(name: str, typed: str, says: str) -> None:
    with pytest.raises(Refused, match="takes") as refused:
        read(name, typed)
    assert str(refused.value) == says


def test_what_slack_escapes_is_read_as_it_was_typed() -> None:
    assert plain("a &lt;b&gt; &amp;amp; c") == "a <b> &amp; c"
