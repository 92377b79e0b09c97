"""Last steps change size and rate, and nothing else."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from gen import child, finish
from gen.engines.base import Brief, Film, Picture, Take, Task
from gen.seal import Seal
from tests.support.films import ball, decoded, noise, plain


def reds(picture: Picture) -> np.ndarray:
    return (picture[..., 0] > 190) & (picture[..., 2] < 80)


def agreement(seen: Picture, true: Picture) -> float:
    """How much of the ball is where it belongs, of 1."""
    one, other = reds(seen), reds(true)
    return float((one & other).sum() / (one | other).sum())


def larger(film: Film) -> Film:
    return np.stack(list(finish.upscaled(film)))


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("shape", [(1, 17, 33), (2, 16, 16), (5, 64, 96)])
def test_a_smooth_film_keeps_its_own_frames(shape: tuple[int, int, int], loop: bool) -> None:
    film = noise(*shape)
    smooth = finish.smoothed(film, loop)
    assert smooth.shape == (2 * len(film), *film.shape[1:])
    assert (smooth[::2] == film).all()
    assert loop or (smooth[-1] == film[-1]).all()


def test_between_two_frames_things_are_half_way() -> None:
    truth = ball(21, 128, 192)
    smooth = finish.smoothed(truth[::2])
    for number in range(1, 20, 2):
        before = agreement(truth[number - 1], truth[number])
        assert agreement(smooth[number], truth[number]) > 0.85 > before


def ring() -> tuple[Film, Picture]:
    """A loop that begins in the middle of a motion, and what is half-way from its end to there."""
    truth = ball(21, 128, 192)
    return np.roll(truth[::2], 5, axis=0), truth[11]


def test_a_loop_has_no_seam() -> None:
    film, between = ring()
    assert agreement(finish.smoothed(film, loop=True)[-1], between) > 0.85


@pytest.mark.parametrize("task", [Task.LOOP, Task.TEXT])
def test_the_clip_of_a_loop_has_none_either(tmp_path: Path, task: Task) -> None:
    film, between = ring()
    brief = Brief("a ball", (1,), 192, 128, len(film), 8, 1, 1, task=task, smooth=True)
    files = child._clip(brief, Take(1, film), tmp_path, "clip-1", threading.Event(), Seal(None, 0))
    last = decoded(Path(files["video"]))[-1]
    assert (agreement(last, between) > 0.8) == (task is Task.LOOP)


def test_scenes_are_not_mixed_where_the_film_is_cut() -> None:
    film = np.concatenate([plain(4, 64, (250, 220, 20)), plain(4, 64, (10, 40, 90))])
    smooth = finish.smoothed(film).astype(int)
    assert np.abs(smooth[7] - film[3]).max() <= 2


@pytest.mark.parametrize("colour", [(220, 30, 41), (0, 0, 255), (255, 255, 255), (1, 2, 3)])
def test_colours_stay(colour: tuple[int, int, int]) -> None:
    film = plain(3, 32, colour)
    assert np.abs(finish.smoothed(film).astype(int) - colour).max() <= 2
    assert (larger(film) == colour).all()


def test_a_larger_film_shows_the_same() -> None:
    film = ball(3, 63, 96)
    large = larger(film)
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
    assert (larger(film) == larger(film)).all()


def test_a_clip_is_held_once_and_smooth_and_never_as_large_as_it_gets(tmp_path: Path) -> None:
    film = ball(48, 128, 192)
    brief = Brief("a ball", (1,), 192, 128, 48, 24, 1, 1, smooth=True, upscale=True)
    tracemalloc.start()
    try:
        finish.smoothed(film)
        _, smoothing = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        child._clip(brief, Take(1, film), tmp_path, "clip-1", threading.Event(), Seal(None, 0))
        _, encoding = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert smoothing < 2.5 * film.nbytes, "the smooth film is twice as large; no copy beside it"
    assert encoding < 3 * film.nbytes, "the upscaled one would be eight times as large"
