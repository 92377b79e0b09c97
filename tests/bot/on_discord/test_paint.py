"""Every card, with the longest texts people can write, is a message that Discord takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.by_sign import seeds
from bot.card import Card, Tone
from bot.on_discord.paint import Attached, paint
from bot.press import Press
from bot.signs import Sign
from db.states import Purpose
from tests.support.cards import LONGEST, card, fullest


def flat(components: Any) -> list[dict[str, Any]]:
    found = []
    for component in components:
        found += [component, *flat(component.get("components", ()))]
    return found


async def test_the_fullest_card_there_can_be_is_within_them_too() -> None:
    full = fullest()
    everything = flat(paint(full, [], [LONGEST] * 4).to_components())  # type: ignore[no-untyped-call]
    assert sum(len(c["content"]) for c in everything if c["type"] == 10) <= 4000


async def test_all_that_was_done_to_the_files_is_said() -> None:
    notes = [
        "The last picture is too large for this place.",
        "Clips 1 and 2 are being made smaller for this place.",
        "Clip 3 is too large for this place; what moves here is its small form.",
        "Clip 4's file is gone.",
    ]
    drawn = Card(Purpose.REVIEW, 1, Tone.GOOD, "Job 1", "ada", "a dot")
    everything = flat(paint(drawn, [], notes).to_components())  # type: ignore[no-untyped-call]
    shown = "\n".join(c["content"] for c in everything if c["type"] == 10).replace("\\", "")
    assert [line for line in shown.splitlines() if line.startswith("-# ")] == [
        f"-# {note}" for note in notes
    ]


@given(card())
async def test_any_card_is_within_discords_limits(drawn: Card) -> None:
    attached = [Attached(f"{n}.mp4", Path("x"), drawn.quote, True) for n in range(1, 7)]
    everything = flat(paint(drawn, attached, [drawn.quote] * 3).to_components())  # type: ignore[no-untyped-call]
    texts = [c["content"] for c in everything if c["type"] == 10]
    assert len(everything) <= 40
    assert sum(map(len, texts)) <= 4000
    assert all(texts)
    for row in (c for c in everything if c["type"] == 1):
        assert 1 <= len(row["components"]) <= 5
    ids = [c["custom_id"] for c in everything if c["type"] == 2]
    assert len(ids) == len(set(ids))
    assert all(1 <= len(one) <= 100 for one in ids)
    assert all(1 <= len(c["label"]) <= 80 for c in everything if c["type"] == 2)
    for gallery in (c for c in everything if c["type"] == 12):
        assert 1 <= len(gallery["items"]) <= 10
        assert all(len(item.get("description") or "") <= 1024 for item in gallery["items"])
    assert len(seeds(drawn)) <= 20


@given(
    st.sampled_from(Sign),
    st.integers(1, 2**31 - 1),
    st.integers(0, 4),
)
def test_a_button_says_all_that_its_press_means(sign: Sign, job: int, clip: int) -> None:
    press = Press(sign, job, clip)
    assert Press.read(str(press)) == press


@pytest.mark.parametrize("custom_id", ["", "press:fly:1:0", "press:vote_1:1:9", "press:vote_1:x:1"])
def test_an_id_that_is_none_of_ours_means_nothing(custom_id: str) -> None:
    assert Press.read(custom_id) is None
