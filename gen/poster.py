"""Which frame of a film stands for it."""

from __future__ import annotations

import numpy as np

from gen.engines.base import Film, Picture

LOOKED_AT = 24
"""Frames that are compared, evenly over the film."""
ROWS = 64
"""Lines that are looked at in each, evenly over its height."""
NEAR_EQUAL = 0.9
"""Of the best frame's score: among frames as good as this, the one in the middle is taken."""


def telling(film: Film) -> int:
    """The number of the frame that shows most: not blank, faded or blurred, full of colour.

    Among near-equals it is the one nearest to the middle.
    """
    numbers = np.unique(np.linspace(0, len(film) - 1, LOOKED_AT).round().astype(int))
    scores = np.array([_shows(film[number]) for number in numbers])
    good = numbers[scores >= NEAR_EQUAL * scores.max()]
    return int(good[np.abs(good - len(film) // 2).argmin()])


def _shows(picture: Picture) -> float:
    """How much there is to see, in levels of 255: contrast, sharp edges and differing colours."""
    rows = picture[:: -(-len(picture) // ROWS)].astype(np.float32)
    red, green, blue = rows[..., 0], rows[..., 1], rows[..., 2]
    edges = np.sqrt(np.square(green[:, 1:] - green[:, :-1]).sum() / green.size)
    return float(green.std() + edges + (red - green).std() + (blue - green).std())
