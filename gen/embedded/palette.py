"""The colours the embedded model knows by name, and their light and dark shades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.86, 0.11, 0.12),
    "orange": (0.97, 0.53, 0.08),
    "yellow": (0.98, 0.87, 0.16),
    "green": (0.14, 0.62, 0.22),
    "turquoise": (0.10, 0.76, 0.76),
    "blue": (0.13, 0.30, 0.86),
    "purple": (0.50, 0.17, 0.70),
    "pink": (0.98, 0.52, 0.73),
    "brown": (0.46, 0.27, 0.12),
    "black": (0.06, 0.06, 0.07),
    "white": (0.96, 0.96, 0.96),
    "grey": (0.53, 0.53, 0.55),
}
SHADES = ("", "light", "dark")
SHADELESS = frozenset({"black", "white"})
"""Colours that have no shades: a light black is grey."""


def shaded(colour: str, shade: str = "") -> Array:
    """The colour (3,) in one of its ``SHADES``."""
    plain = np.array(COLOURS[colour])
    if shade == "light":
        return 0.45 * plain + 0.55
    return 0.55 * plain if shade == "dark" else plain


def near(rng: np.random.Generator, colour: Array, by: float) -> Array:
    """A colour that most people would call the same."""
    return np.clip(colour + rng.normal(0, by, 3), 0, 1)
