"""Last steps change size and rate, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gen import finish
from gen.engines.base import Picture
from tests.support.films import ball, noise, plain


def reds(picture: Picture) -> np.ndarray:
    return (picture[..., 0] > 190) & (picture[..., 2] < 80)


@pytest.mark.parametrize("shape", [(1, 17, 33), (2, 16, 16), (5, 64, 96)])
def test_a_smooth_film_keeps_its_own_frames(shape: tuple[int, int, int]) -> None:
    film = noise(*shape)
    smooth = finish.smoothed(film)
    assert smooth.shape == (2 * len(film), *film.shape[1:])
    assert (smooth[::2] == film).all()
    assert (smooth[-1] == film[-1]).all()


def test_between_two_frames_things_are_half_way() -> None:
    truth = ball(21, 128, 192)
    smooth = finish.smoothed(truth[::2])
    for number in range(1, 20, 2):
        seen, true, before = reds(smooth[number]), reds(truth[number]), reds(truth[number - 1])
        agrees = (seen & true).sum() / (seen | true).sum()
        assert agrees > 0.85 > (before & true).sum() / (before | true).sum()


def test_scenes_are_not_mixed_where_the_film_is_cut() -> None:
    film = np.concatenate([plain(4, 64, (250, 220, 20)), plain(4, 64, (10, 40, 90))])
    smooth = finish.smoothed(film).astype(int)
    assert np.abs(smooth[7] - film[3]).max() <= 2


@pytest.mark.parametrize("colour", [(220, 30, 41), (0, 0, 255), (255, 255, 255), (1, 2, 3)])
def test_colours_stay(colour: tuple[int, int, int]) -> None:
    film = plain(3, 32, colour)
    assert np.abs(finish.smoothed(film).astype(int) - colour).max() <= 2
    assert (finish.upscaled(film) == colour).all()


def test_a_larger_film_shows_the_same() -> None:
    film = ball(3, 63, 96)
    large = finish.upscaled(film)
    assert large.shape == (3, 126, 192, 3)
    again = large.reshape(3, 63, 2, 96, 2, 3).mean((2, 4))
    assert np.abs(again - film).mean() < 1
    edge = film[0, 31, :, 0].astype(int)
    jump = np.abs(np.diff(edge)).argmax()
    beyond = large[0, 62, 2 * jump - 4 : 2 * jump + 8, 0]
    assert beyond.max() >= edge.max(), "edges stay crisp"


def test_it_is_the_same_every_time() -> None:
    film = ball(6, 64, 96)
    assert (finish.smoothed(film) == finish.smoothed(film)).all()
    assert (finish.upscaled(film) == finish.upscaled(film)).all()
