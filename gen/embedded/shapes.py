"""The silhouettes the embedded model learns, as signed distances on a small grid.

Units: a shape is drawn around the origin and reaches about 1 from it; y points down, as in pictures.
Shapes that look somewhere (arrow, fish, rocket) look to the right.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID = 48
"""Points along each side of a shape's grid."""

REACH = 1.3
"""The grid covers [-REACH, REACH] in both directions."""

DEPTH = 0.4
"""Distances fade out towards this value, so that a linear code spends itself on the outline."""

_line = np.linspace(-REACH, REACH, GRID)
_X, _Y = np.meshgrid(_line, _line)


def polygon(points: Array) -> Array:
    """Signed distance (negative inside) to the closed polygon with ``points`` of shape (n, 2).

    The even-odd form of Inigo Quilez, "2D distance functions".
    """
    at = np.stack([_X, _Y], -1)[:, :, None, :]
    start, end = points, np.roll(points, -1, axis=0)
    edge = end - start
    away = at - start
    along = np.clip((away * edge).sum(-1) / (edge**2).sum(-1), 0, 1)
    distance = np.sqrt(((away - along[..., None] * edge) ** 2).sum(-1).min(-1))
    above = at[..., 1] >= start[:, 1]
    below = at[..., 1] < end[:, 1]
    side = edge[:, 0] * away[..., 1] > edge[:, 1] * away[..., 0]
    crossed = (above & below & side) | (~above & ~below & ~side)
    return np.asarray(np.where(crossed.sum(-1) % 2 == 1, -distance, distance))


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> Array:
    """Signed distance to a disc."""
    return np.asarray(np.hypot(_X - x, _Y - y) - radius)


def box(x0: float, y0: float, x1: float, y1: float) -> Array:
    """Signed distance to an upright rectangle."""
    dx = np.abs(_X - (x0 + x1) / 2) - (x1 - x0) / 2
    dy = np.abs(_Y - (y0 + y1) / 2) - (y1 - y0) / 2
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0))


def _regular(corners: int, radius: float, turn: float = 0.0) -> Array:
    angle = turn + 2 * np.pi * np.arange(corners) / corners
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


def _star(rng: np.random.Generator) -> Array:
    points = _regular(10, 1.1, -np.pi / 2)
    points[1::2] *= rng.uniform(0.4, 0.5)
    return polygon(points)


def _heart(rng: np.random.Generator) -> Array:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return polygon(np.stack([x / 16.5 * rng.uniform(0.95, 1.08), -y / 16 - 0.08], -1))


def _flower(rng: np.random.Generator) -> Array:
    t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    radius = 0.82 + rng.uniform(0.2, 0.28) * np.cos(6 * t)
    return polygon(np.stack([radius * np.cos(t), radius * np.sin(t)], -1))


def _arrow(rng: np.random.Generator) -> Array:
    shaft, neck = rng.uniform(0.22, 0.3), rng.uniform(0.0, 0.15)
    upper = [(-1.05, -shaft), (neck, -shaft), (neck, -0.72), (1.1, 0)]
    return polygon(np.array(upper + [(x, -y) for x, y in upper[-2::-1]]))


def _cross(rng: np.random.Generator) -> Array:
    arm = rng.uniform(0.26, 0.36)
    return np.minimum(box(-1, -arm, 1, arm), box(-arm, -1, arm, 1))


def _crescent(rng: np.random.Generator) -> Array:
    return np.maximum(disc(1, -0.1), -disc(0.86, rng.uniform(0.36, 0.46), -0.12))


def _drop(rng: np.random.Generator) -> Array:
    bottom = np.linspace(-0.35, np.pi + 0.35, 24)
    round_part = np.stack([0.72 * np.cos(bottom), 0.3 + 0.72 * np.sin(bottom)], -1)
    return polygon(np.concatenate([round_part, [(0, rng.uniform(-1.25, -1.1))]]))


def _fish(rng: np.random.Generator) -> Array:
    t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    thick = rng.uniform(0.48, 0.6)
    body = polygon(np.stack([0.25 + 0.85 * np.cos(t), thick * np.sin(t)], -1))
    tail = polygon(np.array([(-0.35, 0.0), (-1.1, -0.58), (-0.92, 0.0), (-1.1, 0.58)]))
    return np.minimum(body, tail)


def _boat(rng: np.random.Generator) -> Array:
    hull = polygon(np.array([(-1.05, 0.4), (1.05, 0.4), (0.7, 0.95), (-0.7, 0.95)]))
    sail = polygon(np.array([(-0.05, -1.1), (-0.05, 0.22), (rng.uniform(0.65, 0.85), 0.22)]))
    jib = polygon(np.array([(-0.18, -0.8), (-0.18, 0.22), (-0.7, 0.22)]))
    return np.minimum(np.minimum(hull, sail), np.minimum(jib, box(-0.18, -0.2, 0.0, 0.5)))


def _house(rng: np.random.Generator) -> Array:
    wall = rng.uniform(0.7, 0.8)
    roof = polygon(np.array([(-1.05, -0.1), (0, -1.05), (1.05, -0.1)]))
    door = box(-0.17, 0.35, 0.17, 1.2)
    return np.maximum(np.minimum(roof, box(-wall, -0.15, wall, 0.95)), -door)


def _tree(rng: np.random.Generator) -> Array:
    crown = rng.uniform(0.7, 0.8)
    tiers = polygon(np.array([(0, -1.15), (crown, 0.0), (-crown, 0.0)]))
    lower = polygon(np.array([(0, -0.6), (crown * 1.2, 0.65), (-crown * 1.2, 0.65)]))
    return np.minimum(np.minimum(tiers, lower), box(-0.15, 0.6, 0.15, 1.15))


def _rocket(rng: np.random.Generator) -> Array:
    slim = rng.uniform(0.3, 0.36)
    upper = [(-0.75, -slim), (0.3, -slim), (0.75, -slim * 0.75), (1.15, 0)]
    body = polygon(np.array(upper + [(x, -y) for x, y in upper[-2::-1]]))
    fins = polygon(np.array([(-1.1, -0.75), (-0.2, -0.2), (-0.2, 0.2), (-1.1, 0.75), (-0.75, 0)]))
    return np.minimum(body, fins)


def _square(rng: np.random.Generator) -> Array:
    return box(-0.85, -0.85, 0.85, 0.85)


def _triangle(rng: np.random.Generator) -> Array:
    wide = rng.uniform(0.95, 1.1)
    return polygon(np.array([(0, -1.0), (wide, 0.8), (-wide, 0.8)]))


def _diamond(rng: np.random.Generator) -> Array:
    wide = rng.uniform(0.68, 0.8)
    return polygon(np.array([(0, -1.12), (wide, 0), (0, 1.12), (-wide, 0)]))


_MAKERS: dict[str, Callable[[np.random.Generator], Array]] = {
    "circle": lambda rng: disc(0.95),
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "diamond": _diamond,
    "ring": lambda rng: np.abs(disc(0.75)) - rng.uniform(0.2, 0.27),
    "cross": _cross,
    "hexagon": lambda rng: polygon(_regular(6, 1.02)),
    "crescent": _crescent,
    "flower": _flower,
    "arrow": _arrow,
    "drop": _drop,
    "fish": _fish,
    "boat": _boat,
    "house": _house,
    "tree": _tree,
    "rocket": _rocket,
}

NAMES = tuple(_MAKERS)

LOOKS_AHEAD = frozenset({"arrow", "fish", "rocket"})
"""Shapes that turn to where they are going."""

UPRIGHT = frozenset({"fish", "boat"})
"""Shapes that are mirrored to look left: turned round, they would lie on their backs."""


def outline(name: str, rng: np.random.Generator, *, mirrored: bool = False) -> NDArray[np.float32]:
    """One variant of a shape: softly clipped signed distances, shape (GRID, GRID)."""
    distance = _MAKERS[name](rng) - rng.uniform(0.0, 0.05)
    field: NDArray[np.float32] = (DEPTH * np.tanh(distance / DEPTH)).astype(np.float32)
    return np.ascontiguousarray(field[:, ::-1]) if mirrored else field
