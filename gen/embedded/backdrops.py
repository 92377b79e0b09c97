"""The backgrounds the embedded model learns: two colour gradients and a field that mixes them.

The field lives on a square tile around the middle of the picture; 1 is half of the longer side. The
tile is mirrored at its edges, so that a camera may leave it. Where the tile lies, its scale and its
angle are numbers of their own: a linear code of the tiles alone stays small and exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.embedded.palette import near, shaded

Array = NDArray[np.float64]

GRID = 64
REACH = 1.2
"""The tile covers [-REACH, REACH] in both directions."""

PLAIN, GRADIENT = "plain", "gradient"
PATTERNS = ("grid", "stripes", "dots", "checks")
PLACES = ("sky", "sea", "night", "field", "mountains", "desert", "city", "sunset", "snow")
NAMES = (PLAIN, GRADIENT, *PATTERNS, *PLACES)
TILES: dict[str, int] = dict.fromkeys((PLAIN, GRADIENT, *PATTERNS), 1) | {
    "sky": 6, "sea": 3, "night": 4, "field": 4, "mountains": 5, "desert": 4, "city": 4,
    "sunset": 3, "snow": 4,
}  # fmt: skip
"""How many tiles there are of each; together fewer than the numbers of their linear code."""

_line = np.linspace(-REACH, REACH, GRID)
_X, _Y = np.meshgrid(_line, _line)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a tile lies behind the picture.

    ``shift`` moves it, ``scale`` is a natural logarithm, ``angle`` is in radians, ``drift`` is how
    far it moves during the clip; ``soft`` 1 mixes gradually, 0 with crisp edges.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 0.0
    angle: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)
    soft: float = 0.0


def _crisp(distance: Array) -> Array:
    return np.tanh(distance / 0.12)


def _waves(periods: int) -> tuple[Array, Array]:
    """Waves along x and y that go on smoothly where the tile is mirrored."""
    return np.cos(periods * np.pi * _X / REACH), np.cos(periods * np.pi * _Y / REACH)


def _skyline(height: Array) -> Array:
    """Below ``height`` (one value per column, y down) is ground."""
    return _crisp(_Y - height[None, :])


def _spots(rng: np.random.Generator, count: int, low: float, high: float) -> Array:
    best = np.full_like(_X, np.inf)
    for _ in range(count):
        x, y = rng.uniform(-REACH, REACH, 2)
        best = np.minimum(best, np.hypot(_X - x, _Y - y) - rng.uniform(low, high))
    return -best


def _clouds(rng: np.random.Generator) -> Array:
    total = np.zeros_like(_X)
    for _ in range(6):
        kx, ky = rng.normal() * 3.0, rng.normal() * 6.0
        total += np.sin(kx * _X + ky * _Y + rng.uniform(0, 2 * np.pi))
    return 0.45 * total - 0.5


def _sunset(rng: np.random.Generator) -> Array:
    sun = _crisp(rng.uniform(0.18, 0.26) - np.hypot(_X, _Y + rng.uniform(0.0, 0.08)))
    ground = _skyline(np.zeros_like(_line))
    return np.maximum(np.where(_Y > 0, -1.0, sun), ground)


def _mountains(rng: np.random.Generator) -> Array:
    peaks = np.full_like(_line, 0.5)
    for at in np.arange(-1.4, 1.5, 0.45) + rng.uniform(-0.15, 0.15, 7):
        rise = np.abs(_line - at) * rng.uniform(0.8, 1.3) - rng.uniform(0.05, 0.35)
        peaks = np.minimum(peaks, rise)
    return _skyline(peaks + 0.05)


def _city(rng: np.random.Generator) -> Array:
    roofs = rng.uniform(-0.35, 0.2, 12)
    block = np.clip(((_line + REACH) / (2 * REACH) * 11.99).astype(int), 0, 11)
    return np.asarray(_skyline(roofs[block] + 0.1))


def _hills(rng: np.random.Generator, tall: float, wide: float) -> Array:
    wave = np.sin(wide * _line + rng.uniform(0, 6.3)) + 0.4 * np.sin(2.3 * wide * _line)
    return _skyline(tall * wave)


def tile(name: str, number: int) -> NDArray[np.float32]:
    """One of the ``TILES[name]`` tiles of a background, (GRID, GRID) in [-1, 1]."""
    rng = np.random.default_rng([NAMES.index(name), number, 20])
    across, down = _waves(6)
    if name in (PLAIN, GRADIENT):
        field = -np.ones_like(_X)
    elif name == "stripes":
        field = across
    elif name == "grid":
        field = (np.maximum(across, down) - 0.9) * 5
    elif name == "dots":
        field = (across + down - 0.9) / 1.5
    elif name == "checks":
        field = across * down * 1.5
    elif name == "sky":
        field = _clouds(rng)
    elif name == "night":
        field = np.tanh(_spots(rng, 34, 0.008, 0.035) / 0.03)
    elif name == "snow":
        field = np.tanh(_spots(rng, 34, 0.015, 0.045) / 0.03)
    elif name == "sea":
        field = _skyline(0.018 * np.sin(13 * _line + rng.uniform(0, 6.3)))
    elif name == "sunset":
        field = _sunset(rng)
    elif name in ("field", "desert"):
        field = _hills(rng, 0.05, 3.4) if name == "field" else _hills(rng, 0.09, 2.1)
    elif name == "mountains":
        field = _mountains(rng)
    elif name == "city":
        field = _city(rng)
    else:
        raise ValueError(f"no background is called {name}")
    return np.clip(field, -1, 1).astype(np.float32)


def frame(name: str, rng: np.random.Generator) -> Frame:
    """One way in which a tile of this background may lie."""
    x, wander = float(rng.uniform(-1, 1)), float(rng.uniform(-0.15, 0.15))
    if name in (PLAIN, GRADIENT):
        return Frame(soft=1.0)
    if name in PATTERNS:
        angles = {"stripes": (0.0, np.pi / 2, np.pi / 4, -np.pi / 4), "checks": (0.0, np.pi / 4)}
        angle = float(rng.choice(angles.get(name, (0.0,))))
        shift = float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.2, 0.2))
        return Frame(shift, float(rng.uniform(-0.2, 0.3)), angle)
    size = float(rng.uniform(-0.1, 0.15))
    if name == "sky":
        return Frame((x, float(rng.uniform(-0.5, 0.5))), size, drift=(2 * wander, 0.0), soft=1.0)
    if name == "night":
        return Frame((x, float(rng.uniform(-0.5, 0.5))), size, drift=(wander / 3, 0.0))
    if name == "snow":
        fall = float(rng.uniform(0.35, 0.6))
        return Frame((x, float(rng.uniform(-0.5, 0.5))), size, drift=(wander, fall))
    if name == "sea":
        return Frame((x, float(rng.uniform(-0.05, 0.2))), size, drift=(2 * wander, 0.0))
    if name == "sunset":
        return Frame((0.3 * x, float(rng.uniform(0.0, 0.2))), size)
    low = {"field": (0.1, 0.25), "desert": (0.1, 0.25)}.get(name, (-0.05, 0.1))
    return Frame((x, float(rng.uniform(*low))), size)


_PLACE_COLOURS: dict[str, tuple[tuple[float, float, float], ...]] = {
    # top and bottom of what lies behind, top and bottom of what the field brings in
    "sky": ((0.25, 0.52, 0.92), (0.62, 0.83, 0.98), (0.98, 0.98, 1.0), (0.93, 0.96, 1.0)),
    "sea": ((0.62, 0.82, 0.97), (0.86, 0.94, 0.99), (0.08, 0.42, 0.66), (0.02, 0.18, 0.40)),
    "night": ((0.02, 0.03, 0.12), (0.09, 0.10, 0.28), (1.0, 0.98, 0.85), (0.95, 0.95, 0.9)),
    "field": ((0.45, 0.74, 0.97), (0.80, 0.92, 0.99), (0.42, 0.76, 0.30), (0.16, 0.50, 0.14)),
    "mountains": ((0.60, 0.75, 0.90), (0.92, 0.93, 0.96), (0.52, 0.54, 0.62), (0.25, 0.27, 0.35)),
    "desert": ((0.45, 0.72, 0.95), (0.90, 0.93, 0.92), (0.95, 0.80, 0.50), (0.82, 0.60, 0.30)),
    "city": ((0.36, 0.30, 0.55), (0.93, 0.65, 0.55), (0.16, 0.16, 0.24), (0.08, 0.08, 0.13)),
    "sunset": ((0.35, 0.16, 0.45), (0.97, 0.52, 0.22), (1.0, 0.95, 0.6), (0.72, 0.28, 0.25)),
    "snow": ((0.58, 0.66, 0.78), (0.82, 0.87, 0.93), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
}


def paint(
    name: str,
    colours: tuple[str, str],
    rng: np.random.Generator,
    shades: tuple[str, str] = ("", ""),
) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Four colours (4, 3) and the direction (x, y) of their gradients.

    ``colours`` and ``shades`` are what a plain, gradient or patterned background is made of.
    """
    if name in _PLACE_COLOURS:
        four = [near(rng, np.array(colour), 0.035) for colour in _PLACE_COLOURS[name]]
        return np.array(four, np.float32), (0.0, 1.0)
    first, second = (
        near(rng, shaded(colour, shade), 0.03)
        for colour, shade in zip(colours, shades, strict=True)
    )
    angle = rng.choice([0.0, np.pi / 2, np.pi / 4])
    way = (float(np.cos(angle)), float(np.sin(angle)))
    if name == GRADIENT:
        return np.array([first, second, first, second], np.float32), way
    dim = rng.uniform(0.8, 1.0)
    return np.array([first, first * dim, second, second * dim], np.float32), way
