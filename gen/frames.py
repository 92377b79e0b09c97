"""Frames of a film that stand for it, and what each looks like in 64 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gen.engines.base import Film, Picture

SAMPLED = 8
"""Frames that are looked at, evenly over the film, its first and last among them."""
SIDE, KEPT = 32, 8
LUMA = np.array([0.299, 0.587, 0.114])
NOISE = 2.0
"""Coefficients smaller than this, in levels of 255, are none: else an empty frame's hash is chance."""


def sampled(film: Film) -> list[Picture]:
    """(n, h, w, 3) -> at most eight of its frames."""
    numbers = np.unique(np.linspace(0, len(film) - 1, SAMPLED).round().astype(int))
    return [film[number] for number in numbers]


def hashes(pictures: list[Picture]) -> tuple[str, ...]:
    """The perceptual hash of each, without repeats: 64 bits as 16 hexadecimal digits.

    pHash (Zauner, 2010, "Implementation and benchmarking of perceptual image hash functions"): which of
    the 8 × 8 lowest frequencies of a small grey copy are stronger than their median. A picture that is
    coded anew, made smaller or lighter keeps nearly all bits; one that is mirrored or turned doesn't.
    """
    return tuple(dict.fromkeys(_hash(picture) for picture in pictures))


def _hash(picture: Picture) -> str:
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, np.float64) @ LUMA
    lowest = COSINES @ grey @ COSINES.T
    lowest[np.abs(lowest) < NOISE] = 0
    bits = np.packbits(lowest > np.median(lowest))
    return bits.tobytes().hex()


def _cosines() -> NDArray[np.float64]:
    """The first rows of the orthonormal DCT-II, (8, 32)."""
    waves = np.outer(np.arange(KEPT), 2 * np.arange(SIDE) + 1) * np.pi / (2 * SIDE)
    scale = np.full((KEPT, 1), np.sqrt(2 / SIDE))
    scale[0] = np.sqrt(1 / SIDE)
    rows: NDArray[np.float64] = np.cos(waves) * scale
    return rows


COSINES = _cosines()
