"""Whatever people type, wherever they may: something that is understood, or one sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import chains, grammar, house, outside, settings, signs
from bot.on_slack import typed
from bot.on_web import form
from bot.press import Press
from bot.studio import STUDIO
from bot.trouble import Trouble
from moderation import duty, limits, storyboard, words
from moderation.rules import Refused, sentence

ANY = st.text(max_size=200) | st.text(st.characters(), max_size=60)
"""Any that Python can hold: halves of characters too, as JSON brings them."""
LONG = (f"000000001{'9' * 20}", f"000000001{'9' * 5000}")
NUMBERS = st.sampled_from(
    [
        *LONG,
        "1",
        "#1",
        "job 1",
        "9" * 12,
        "9" * 5000,
        "٣",
        "²",
        "-1",
        "1e9",
        "1_0",
        "1,5",
        "NaN",
        "0x1",
    ]
)
TABLES = st.sampled_from(
    ["artist.in_line = ", "[artist]\nin_line = ", "a = " + "[" * 2000, "a = {"]
)
WORDS = st.sampled_from(
    [
        "|",
        "||",
        "--seed",
        "—",
        "=",
        "yes",
        "cancel",
        "all",
        "style",
        "spam",
        "sexual",
        "@",
        "…",
        "\0",
    ]
)
TYPED = st.lists(ANY | NUMBERS | WORDS | TABLES, max_size=5).map(" ".join)


def slack(text: str) -> object:
    """As `/studio` takes it, after any of its words."""
    name, rest = typed.named(text)
    return [said(partial(typed.read, c.name), rest if name else text) for c in STUDIO]


def said(read: Callable[[str], object], text: str) -> object:
    """What came of it. Whatever else it raises is a bug."""
    try:
        return read(text)
    except (Refused, limits.BadLimits, Trouble) as refused:
        told = str(refused)
        assert told
        assert len(told) < 1000
        assert "Traceback" not in told
        return None


READERS: dict[str, Callable[[str], object]] = {
    "a wish": grammar.read,
    "the form of a wish": lambda text: form.wish({"prompt": text, "seed": text, "style": text}, {}),
    "a storyboard": storyboard.shots_of,
    "a command in Slack": slack,
    "limits of a moderator": duty.read,
    "the number of a chain": lambda text: chains._number(text),
    "rules of a house": lambda text: [
        said(partial(house.read, rule), text) for rule in house.RULES
    ],
    "quotas": limits.read,
    "shards": settings.shards_from,
    "a place in the feed": outside.place,
    "an emoji": signs.read,
    "an id": Press.read,
    "a sentence": sentence,
    "words": lambda text: (words.clean(text).encode(), words.echo(text).encode()),
}


@pytest.mark.parametrize("what", sorted(READERS))
@given(text=TYPED)
def test_it_is_understood_or_a_sentence(what: str, text: str) -> None:
    said(READERS[what], text)
