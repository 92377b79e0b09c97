"""Figures in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import said

LONGEST = {"seconds": 50, "minutes": 59, "hours": 23}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "a few seconds"),
        (9.9, "a few seconds"),
        (10, "about 10 seconds"),
        (54.9, "about 50 seconds"),
        (56, "about a minute"),
        (59.9, "about a minute"),
        (100, "about 2 minutes"),
        (3500, "about 58 minutes"),
        (3599, "about an hour"),
        (3600, "about an hour"),
        (7200, "about 2 hours"),
        (86399, "about a day"),
        (864_000, "about 10 days"),
    ],
)
def test_a_wait_in_words(seconds: float | None, words: str) -> None:
    assert said.about(seconds) == words


@given(st.floats(0, 10**8))
def test_a_wait_is_said_in_the_largest_unit_that_fits(seconds: float) -> None:
    words = said.about(seconds)
    if words == "a few seconds":
        assert seconds < 10
        return
    found = re.fullmatch(r"about (\d+|an?) (second|minute|hour|day)(s?)", words)
    assert found is not None, words
    number = int(found[1]) if found[1].isdecimal() else 1
    assert (number > 1) == bool(found[3]) == found[1].isdecimal()
    assert number <= LONGEST.get(f"{found[2]}s", number)
    assert number * SECONDS[found[2]] == pytest.approx(seconds, rel=0.51)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([1], "clip 1"), ([3, 1], "clips 1 and 3"), ([4, 2, 1], "clips 1, 2 and 4")],
)
def test_clips_are_listed_as_people_do(numbers: list[int], words: str) -> None:
    assert said.which(numbers) == words
