"""Every card, with the longest texts people can write, is a message that Slack takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card import Card
from bot.on_slack.paint import fallback, paint
from bot.on_slack.text import escaped, plain, quote
from tests.doubles.on_slack import Slack
from tests.doubles.on_slack.limits import check_message
from tests.support.cards import card, fullest

PICTURES = {f"clip-{n}": f"F{n}" for n in range(1, 5)} | {"first": "F5", "preview": "F6"}


def objections(drawn: Card, pictures: dict[str, str]) -> list[str]:
    slack = Slack()
    team = slack.team("Studio")
    check_message(team, "card", fallback(drawn), paint(drawn, pictures))
    return slack.violations


@given(card())
def test_any_card_is_within_slacks_limits(drawn: Card) -> None:
    assert objections(drawn, {}) == []


def test_the_fullest_card_there_can_be_is_within_them_too() -> None:
    assert objections(fullest(), {}) == []


@given(card())
def test_no_two_buttons_of_a_card_are_the_same(drawn: Card) -> None:
    ids = [
        e["action_id"] for b in paint(drawn, {}) for e in b.get("elements", ()) if "action_id" in e
    ]
    assert len(ids) == len(set(ids))


@given(st.text(max_size=400), st.integers(20, 200))
def test_peoples_words_hold_nothing_that_slack_acts_on(words: str, limit: int) -> None:
    markup = escaped(words, limit)
    assert len(markup) <= limit
    assert not set(markup) & {"<", ">"}
    assert plain(words, limit)["type"] == "plain_text"
    (element,) = quote(words, limit)["elements"][0]["elements"]
    assert element["type"] == "text"
    assert "style" not in element


@pytest.mark.parametrize("words", ["<!channel> <@U1>", "&lt;!here&gt;", "*bold* _it_ `x`"])
def test_a_prompt_is_shown_as_it_was_written(words: str) -> None:
    blocks: list[dict[str, Any]] = [quote(words, 1000)]
    assert blocks[0]["elements"][0]["elements"][0]["text"] == words
