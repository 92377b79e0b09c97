"""A picture is known again though it comes smaller, lighter or coded anew, and another isn't it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from gen.engines.base import Film, Picture
from gen.frames import SAMPLED, hashes, sampled
from moderation.screening.frames import NEAR, PLAIN_BITS
from tests.support.films import plain

RNG = np.random.default_rng(7)


def scene(seed: int, side: int = 192) -> Picture:
    """A picture with large and small things in it, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8), "RGB")
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))


def one(picture: Picture) -> int:
    return int(hashes([picture])[0], 16)


def bits(left: Picture, right: Picture) -> int:
    return (one(left) ^ one(right)).bit_count()


def coded(picture: Picture) -> Picture:
    made = io.BytesIO()
    Image.fromarray(picture).save(made, "JPEG", quality=30)
    return np.asarray(Image.open(made))


def smaller(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((96, 54), Image.Resampling.LANCZOS))


def lighter(picture: Picture) -> Picture:
    return (picture * 0.8 + 40).clip(0, 255).astype(np.uint8)


def grainy(picture: Picture) -> Picture:
    return (picture + RNG.normal(0, 8, picture.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [coded, smaller, lighter, grainy])
def test_the_same_picture_in_another_form_is_near(change: Callable[[Picture], Picture]) -> None:
    assert max(bits(scene(seed), change(scene(seed))) for seed in range(40)) <= NEAR


def test_other_pictures_are_far() -> None:
    found = [one(scene(seed)) for seed in range(80)]
    apart = [(a ^ b).bit_count() for n, a in enumerate(found) for b in found[:n]]
    assert min(apart) > NEAR
    assert 28 < sum(apart) / len(apart) < 36


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_frame_is_said_to_be_empty_with_and_without_grain(level: int) -> None:
    empty = plain(1, 96, (level, level, level))[0]
    for picture in (empty, np.clip(empty + RNG.normal(0, 2, empty.shape), 0, 255).astype(np.uint8)):
        assert one(picture).bit_count() < PLAIN_BITS


@pytest.mark.parametrize("length", [1, 2, 7, 8, 9, 81])
def test_frames_are_taken_evenly_from_the_first_to_the_last(length: int) -> None:
    film: Film = np.arange(length, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(3, axis=3)
    taken = [int(picture[0, 0, 0]) for picture in sampled(film)]
    assert taken[0] == 0
    assert taken[-1] == length - 1
    assert len(taken) == min(length, SAMPLED)
    assert len({b - a for a, b in itertools.pairwise(taken)}) <= 2


def test_a_still_film_has_one_hash() -> None:
    assert len(hashes(sampled(np.stack([scene(1)] * 20)))) == 1
