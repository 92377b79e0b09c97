"""The frame that stands for a film shows what the film is about."""

from __future__ import annotations

import numpy as np
import pytest

from gen.engines.base import Film
from gen.poster import telling
from tests.support.films import ball, plain


def shown(film: Film, *numbers: int) -> Film:
    """The film with its subject in these frames, and an empty scene in the others."""
    empty = np.median(film, axis=0).astype(np.uint8)
    kept = film[list(numbers)]
    film[:] = empty
    film[list(numbers)] = kept
    return film


def test_of_equals_it_is_the_middle_one() -> None:
    assert telling(plain(9, 32, (0, 0, 0))) == 4
    assert telling(ball(24, 96, 192)) in (11, 12, 13)
    assert telling(ball(1, 64, 64)) == 0


@pytest.mark.parametrize("blank", [0, 128, 255])
def test_a_blank_middle_is_passed_over(blank: int) -> None:
    film = ball(24, 96, 192)
    film[6:18] = blank
    assert telling(film) in (5, 18)


def test_where_the_subject_is_there_for_a_moment_only_it_is_that_moment() -> None:
    assert telling(shown(ball(24, 96, 192), 3, 4, 5)) in (3, 4, 5)


def test_a_film_that_fades_in_and_out_is_shown_in_full_light() -> None:
    film = ball(48, 96, 192, step=2).astype(float)
    light = np.concatenate([np.linspace(0, 1, 36), np.ones(6), np.linspace(1, 0, 6)])
    faded = (film * light[:, None, None, None]).astype(np.uint8)
    assert light[telling(faded)] > 0.85
    to_white = (255 - (255 - film) * light[:, None, None, None]).astype(np.uint8)
    assert light[telling(to_white)] > 0.85


def test_a_sharp_frame_is_taken_before_blurred_ones() -> None:
    film = ball(24, 96, 192, step=1)
    sharp = film.copy()
    for _ in range(8):
        film = (film // 3 + np.roll(film, 3, axis=1) // 3 + np.roll(film, 3, axis=2) // 3).astype(
            np.uint8
        )
    film[15:18] = sharp[15:18]
    assert telling(film) in (15, 16, 17)
