"""The surfaces of subjects: two colours and a field that mixes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.embedded import shapes
from gen.embedded.palette import near, shaded
from gen.embedded.scenes import Subject

GRID = 24
_line = np.linspace(-shapes.REACH, shapes.REACH, GRID)
_X, _Y = np.meshgrid(_line, _line)


def coating(name: str, rng: np.random.Generator) -> str:
    """The texture of a subject: the one asked for, else a plain or shaded one."""
    return name or ("shiny" if rng.random() < 0.2 else "flat")


def texture(name: str, rng: np.random.Generator) -> tuple[NDArray[np.float32], float]:
    """A field in [-1, 1] that mixes a subject's two colours, and 1 if softly or 0 if crisply."""
    if name == "striped":
        angle = rng.choice([0.0, np.pi / 2, np.pi / 4])
        wave = np.sin(9 * (np.cos(angle) * _X + np.sin(angle) * _Y) + rng.uniform(0, 6.3))
        return wave.astype(np.float32), 0.0
    if name == "spotted":
        wave = np.cos(8 * _X + rng.uniform(0, 6.3)) + np.cos(8 * _Y + rng.uniform(0, 6.3))
        return ((wave - 0.8) / 1.5).clip(-1, 1).astype(np.float32), 0.0
    if name == "shiny":
        x, y = rng.uniform(-0.45, -0.25), rng.uniform(-0.5, -0.3)
        return (1 - 2.4 * np.hypot(_X - x, _Y - y)).clip(-1, 1).astype(np.float32), 1.0
    strength, angle = rng.uniform(0, 1), rng.uniform(0, 2 * np.pi)
    slope = strength * (np.cos(angle) * _X + np.sin(angle) * _Y) - 0.3
    return slope.clip(-1, 1).astype(np.float32), 1.0


def coat(subject: Subject, surface: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """The two colours of a subject with this texture, shape (2, 3)."""
    base = near(rng, shaded(subject.colour, subject.shade), 0.03)
    pale = base.mean() > 0.6
    if surface in ("striped", "spotted"):
        other = base * 0.45 if pale else base * 0.35 + 0.65
    elif surface == "shiny":
        other = base * 0.15 + 0.85
    else:
        other = base * rng.uniform(0.75, 0.97)
    return np.stack([base, other]).astype(np.float32)
