"""Every card, with the longest texts people can write, is a message that Slack takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import buttons
from bot.card import Card, CardClip, Line, Tone
from bot.on_slack.paint import ONLY_MODERATORS, TEXT_LIMIT, fallback, paint
from bot.on_slack.text import escaped, plain, quote
from db.states import Purpose
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


def with_clips(number: int, purpose: Purpose = Purpose.RESULT, **more: Any) -> Card:
    clips = tuple(CardClip(n, n) for n in range(1, number + 1))
    given: dict[str, Any] = {"lines": (Line("It is <here> & now."),), "clips": clips}
    return Card(purpose, 1, Tone.GOOD, "Job 1 is ready", "Ada", "a <red> circle", **given | more)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (1, "▶ The clip is in this message's thread."),
        (2, "▶ Both clips are in this message's thread."),
        (4, "▶ All 4 clips are in this message's thread."),
    ],
)
def test_where_the_clips_are_is_said_before_their_pictures(number: int, says: str) -> None:
    blocks = paint(with_clips(number), PICTURES)
    first = next(i for i, block in enumerate(blocks) if block["type"] == "image")
    assert blocks[first - 1]["text"]["text"] == says
    assert "in this message's thread" not in str(blocks[first:])
    assert "thread" not in str(paint(with_clips(0), PICTURES))


def test_a_notification_says_how_it_stands() -> None:
    said = "Job 1 is ready. It is &lt;here&gt; &amp; now. “a &lt;red&gt; circle”"
    assert fallback(with_clips(1)) == said
    assert fallback(with_clips(1, lines=())) == "Job 1 is ready. “a &lt;red&gt; circle”"


def test_a_notification_keeps_the_prompt_after_a_long_line_and_its_limit() -> None:
    assert "a &lt;red&gt; circle" in fallback(with_clips(1, lines=(Line("so " * 2000),)))
    assert len(fallback(fullest())) <= TEXT_LIMIT


def test_moderators_read_whose_reactions_count_where_they_decide() -> None:
    deciding = with_clips(2, Purpose.REVIEW, buttons=buttons.deciding())
    small = [b for b in paint(deciding, {}) if b["type"] == "context"]
    assert small[-1]["elements"][-1]["text"] == ONLY_MODERATORS
    for other in (with_clips(2, Purpose.REVIEW), with_clips(2, buttons=(buttons.AGAIN,))):
        assert ONLY_MODERATORS not in str(paint(other, {}))
