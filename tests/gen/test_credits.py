"""End credits: everybody is named, whatever their name is like, and nothing runs out of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen import credits
from gen.credits import (
    FADE_SECONDS,
    LINES_PER_PAGE,
    PAGE_SECONDS,
    ROLL_SECONDS_PER_LINE,
    frames,
    roll,
)

WIDTH, HEIGHT, FPS = 256, 144, 12.0
NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80), max_size=20)


def test_each_name_is_drawn_in_its_own_box_and_looks_like_itself() -> None:
    names = ("Ada", "Bo", "Cy Twombly", "Model: Toy (Apache-2.0)", "Music: none")
    whole = roll(names, WIDTH, HEIGHT)
    assert [line.text for line in whole.lines] == list(names)
    drawn = []
    for line in whole.lines:
        left, top, right, bottom = line.box
        assert 0 <= left < right <= WIDTH
        box = whole.picture[top:bottom, left:right]
        assert box.max() > 200, f"{line.text} is not to be seen"
        drawn.append(box.tobytes())
    assert len(set(drawn)) == len(names)
    outside = whole.picture.copy()
    for line in whole.lines:
        left, top, right, bottom = line.box
        outside[top:bottom, max(left - 2, 0) : right + 2] = 0
    assert outside.max() == 0, "there is nothing outside the boxes"


def test_other_names_give_another_picture() -> None:
    one, other = roll(("Ada", "Bo"), WIDTH, HEIGHT), roll(("Ada", "By"), WIDTH, HEIGHT)
    assert not np.array_equal(one.picture, other.picture)


@given(NAMES)
def test_whatever_people_are_called_it_fits_and_nothing_breaks(names: list[str]) -> None:
    whole = roll(names, WIDTH, HEIGHT)
    for line in whole.lines:
        left, top, right, bottom = line.box
        assert 0 <= left <= right <= WIDTH
        assert 0 <= top < bottom <= len(whole.picture)


def test_a_long_word_goes_on_in_the_next_line() -> None:
    whole = roll(("W" * 60,), WIDTH, HEIGHT)
    assert "".join(line.text for line in whole.lines) == "W" * 60
    assert len(whole.lines) > 1


def test_what_fits_on_a_page_stands_still_and_what_does_not_rolls_to_its_end() -> None:
    few = roll(("Ada", "Bo"), WIDTH, HEIGHT)
    page = list(frames(few, HEIGHT, FPS))
    assert len(page) == PAGE_SECONDS * FPS
    assert np.array_equal(page[10], page[20])
    assert page[0].max() < page[10].max()
    many = roll([f"Artist {n}" for n in range(4 * LINES_PER_PAGE)], WIDTH, HEIGHT)
    rolled = list(frames(many, HEIGHT, FPS))
    assert len(rolled) == round(4 * LINES_PER_PAGE * ROLL_SECONDS_PER_LINE * FPS)
    assert not np.array_equal(rolled[10], rolled[60])
    last = many.picture[-HEIGHT:]
    assert np.array_equal(rolled[-1], (last / round(FADE_SECONDS * FPS)).astype(np.uint8))


def test_a_letter_that_no_font_has_loses_its_accent_or_is_told_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(credits, "FAMILIES", ())
    credits._fonts.cache_clear()
    try:
        whole = roll(("Zoë Çelik", "山田 Taro", "山田"), WIDTH, HEIGHT)
    finally:
        credits._fonts.cache_clear()
    assert [line.text for line in whole.lines] == ["Zoe Celik", "Taro", "–"]
    assert whole.left_out == "山田"
