"""The backgrounds the embedded model learns: two colour gradients and a field that mixes them.

The field lives on a square grid around the middle of the picture; 1 is half of the longer side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID = 64
REACH = 1.2
"""The grid covers a little more than the picture, so that a field may drift."""

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

PLAIN, GRADIENT = "plain", "gradient"
PATTERNS = ("grid", "stripes", "dots", "checks")
PLACES = ("sky", "sea", "night", "field", "mountains", "desert", "city", "sunset", "snow")
NAMES = (PLAIN, GRADIENT, *PATTERNS, *PLACES)

_line = np.linspace(-REACH, REACH, GRID)
_X, _Y = np.meshgrid(_line, _line)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A background without its colours.

    ``field`` (GRID, GRID) in [-1, 1]; ``soft`` 1 mixes gradually, 0 with crisp edges; ``drift`` is
    how far the field moves during the clip, in grid units.
    """

    field: NDArray[np.float32]
    soft: float
    drift: tuple[float, float]


def _crisp(distance: Array) -> Array:
    return np.tanh(distance / 0.12)


def _noise(rng: np.random.Generator, waves: int, wide: float, high: float) -> Array:
    total = np.zeros_like(_X)
    for _ in range(waves):
        kx, ky = rng.normal() * wide, rng.normal() * high
        total += np.sin(kx * _X + ky * _Y + rng.uniform(0, 2 * np.pi))
    return total / np.sqrt(waves / 2)


def _skyline(height: Array) -> Array:
    """Below ``height`` (one value per column, y down) is ground."""
    return _crisp(_Y - height[None, :])


def _spots(rng: np.random.Generator, count: int, low: float, high: float) -> Array:
    best = np.full_like(_X, np.inf)
    for _ in range(count):
        x, y = rng.uniform(-REACH, REACH, 2)
        best = np.minimum(best, np.hypot(_X - x, _Y - y) - rng.uniform(low, high))
    return -best


# A linear code can hold only so many starry skies or city skylines: a fixed stock of them is drawn.
_STOCK = 12


def _stock(rng: np.random.Generator, salt: int) -> np.random.Generator:
    return np.random.default_rng(salt * 1000 + int(rng.integers(_STOCK)))


def backdrop(name: str, rng: np.random.Generator) -> Backdrop:
    """One variant of a background."""
    flat = -np.ones_like(_X)
    still = (0.0, 0.0)
    pull = float(rng.uniform(-0.15, 0.15))
    if name in (PLAIN, GRADIENT):
        field, soft, drift = flat, 1.0, still
    elif name == "stripes":
        angle = rng.choice([0.0, np.pi / 2, np.pi / 4])
        count = rng.choice([9.0, 13.0])
        turn = np.cos(angle) * _X + np.sin(angle) * _Y
        field, soft, drift = np.sin(count * turn + rng.uniform(0, 6.3)), 0.0, still
    elif name == "grid":
        count, phase = rng.choice([9.0, 13.0]), rng.uniform(0, 0.9)
        lines = np.maximum(np.cos(count * _X + phase), np.cos(count * _Y + phase))
        field, soft, drift = np.clip((lines - 0.93) * 6, -1, 1), 0.0, still
    elif name == "dots":
        phase, fill = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.1)
        wave = np.cos(12 * _X + phase) + np.cos(12 * _Y + phase)
        field, soft, drift = (wave - fill) / 1.5, 0.0, still
    elif name == "checks":
        count, phase = rng.choice([8.0, 12.0]), rng.uniform(0, 6.3)
        wave = np.sin(count * _X + phase) * np.sin(count * _Y + phase)
        field, soft, drift = wave, 0.0, still
    elif name == "sky":
        field, soft, drift = 0.75 * _noise(rng, 4, 3.0, 6.0) - 0.5, 1.0, (pull, 0.0)
    elif name in ("night", "snow"):
        own = _stock(rng, 1 if name == "night" else 2)
        stars = _spots(own, 26, 0.015, 0.04) if name == "night" else _spots(own, 30, 0.02, 0.045)
        field, soft = np.tanh(stars / 0.03), 0.0
        drift = (pull / 4, 0.0) if name == "night" else (pull / 2, float(rng.uniform(0.1, 0.2)))
    elif name in ("sea", "sunset"):
        horizon = rng.uniform(-0.05, 0.2)
        size = 0.015 if name == "sea" else 0.0
        wave = size * np.sin(14 * _line + rng.uniform(0, 6.3))
        field, soft, drift = _skyline(horizon + wave), 0.0, (pull if name == "sea" else 0.0, 0.0)
        if name == "sunset":
            x, y = rng.uniform(-0.25, 0.25), horizon - 0.05
            sun = _crisp(0.22 - np.hypot(_X - x, _Y - y))
            field = np.maximum(np.where(horizon < _Y, -1.0, sun), field)
    elif name in ("field", "desert"):
        tall, wide = (0.05, 4.0) if name == "field" else (0.1, 2.2)
        hills = tall * np.sin(wide * _line + rng.uniform(0, 6.3)) + rng.uniform(0.1, 0.25)
        field, soft, drift = _skyline(hills), 0.0, still
    elif name == "mountains":
        own = _stock(rng, 3)
        peaks = np.full_like(_line, 0.5)
        for at in np.arange(-1.4, 1.5, 0.45) + own.uniform(-0.15, 0.15, 7):
            rise = np.abs(_line - at) * own.uniform(0.8, 1.3) - own.uniform(0.05, 0.35)
            peaks = np.minimum(peaks, rise)
        field, soft, drift = _skyline(peaks + 0.05), 0.0, still
    elif name == "city":
        own = _stock(rng, 4)
        roofs = own.uniform(-0.3, 0.25, 16)
        block = np.clip(((_line + REACH) / (2 * REACH) * 15.99).astype(int), 0, 15)
        field, soft, drift = _skyline(roofs[block]), 0.0, still
    else:
        raise ValueError(f"no background is called {name}")
    return Backdrop(np.clip(field, -1, 1).astype(np.float32), soft, drift)


def _near(rng: np.random.Generator, colour: tuple[float, float, float], by: float) -> Array:
    return np.clip(np.array(colour) + rng.normal(0, by, 3), 0, 1)


_PLACE_COLOURS: dict[str, tuple[tuple[float, float, float], ...]] = {
    # top and bottom of what lies behind, top and bottom of what the field brings in
    "sky": ((0.25, 0.52, 0.92), (0.62, 0.83, 0.98), (0.98, 0.98, 1.0), (0.93, 0.96, 1.0)),
    "sea": ((0.62, 0.82, 0.97), (0.86, 0.94, 0.99), (0.08, 0.42, 0.66), (0.02, 0.18, 0.40)),
    "night": ((0.02, 0.03, 0.12), (0.09, 0.10, 0.28), (1.0, 0.98, 0.85), (0.95, 0.95, 0.9)),
    "field": ((0.45, 0.74, 0.97), (0.80, 0.92, 0.99), (0.42, 0.76, 0.30), (0.16, 0.50, 0.14)),
    "mountains": ((0.60, 0.75, 0.90), (0.92, 0.93, 0.96), (0.52, 0.54, 0.62), (0.25, 0.27, 0.35)),
    "desert": ((0.45, 0.72, 0.95), (0.90, 0.93, 0.92), (0.95, 0.80, 0.50), (0.82, 0.60, 0.30)),
    "city": ((0.36, 0.30, 0.55), (0.93, 0.65, 0.55), (0.16, 0.16, 0.24), (0.08, 0.08, 0.13)),
    "sunset": ((0.35, 0.16, 0.45), (0.97, 0.52, 0.22), (1.0, 0.90, 0.45), (0.45, 0.13, 0.25)),
    "snow": ((0.58, 0.66, 0.78), (0.82, 0.87, 0.93), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
}


def paint(
    name: str, names: tuple[str, str], rng: np.random.Generator
) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Four colours (4, 3) and the direction (x, y) of their gradients.

    ``names`` are the colours a plain, gradient or patterned background is made of.
    """
    if name in _PLACE_COLOURS:
        colours = [_near(rng, colour, 0.035) for colour in _PLACE_COLOURS[name]]
        return np.array(colours, np.float32), (0.0, 1.0)
    first, second = (_near(rng, COLOURS[colour], 0.03) for colour in names)
    if name == GRADIENT:
        angle = rng.choice([0.0, np.pi / 2, np.pi / 4])
        way = (float(np.cos(angle)), float(np.sin(angle)))
        return np.array([first, second, first, second], np.float32), way
    dim, angle = rng.uniform(0.7, 1.0), rng.choice([0.0, np.pi / 2, np.pi / 4])
    way = (float(np.cos(angle)), float(np.sin(angle)))
    return np.array([first, first * dim, second, second * dim], np.float32), way
