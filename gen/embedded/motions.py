"""How subjects and cameras move: curves over ``TIMES`` moments of the clip, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.embedded import shapes
from gen.embedded.scenes import HEADINGS, SIZES, SPOTS, Scene, Subject

Array = NDArray[np.float64]

TIMES = 48
_t = np.linspace(0.0, 1.0, TIMES)
_ASIDE = 0.45
"""So far from the middle two subjects keep, to stay out of each other's way."""


@dataclass(frozen=True, slots=True)
class Curves:
    """How a subject moves: each of shape (TIMES,); ``size`` is a natural logarithm, ``turn`` radians
    beside the ``heading`` that it has throughout. ``mirrored`` subjects look left."""

    x: Array
    y: Array
    size: Array
    turn: Array
    opacity: Array
    heading: float
    mirrored: bool


def _way(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _often(speed: str, rng: np.random.Generator, slow: float) -> float:
    """How often something happens during the clip."""
    step = {"slow": 0, "normal": 1, "fast": 2, "": int(rng.integers(3))}[speed]
    return slow + step


def _path(subject: Subject, rng: np.random.Generator, side: float) -> tuple[Array, Array]:
    swift = {"slow": 0.6, "normal": 1.0, "fast": 1.4, "": rng.uniform(0.7, 1.35)}[subject.speed]
    aside = _ASIDE * side
    if subject.motion in HEADINGS:
        dx, dy = HEADINGS[subject.motion]
        length = min(swift * rng.uniform(1.0, 1.3), 1.7)
        along = (_t - 0.5) * length + rng.uniform(-0.25, 0.25)
        across = aside + rng.uniform(-0.12, 0.12) if side else rng.uniform(-0.5, 0.5)
        return along * dx + across * abs(dy), along * dy + across * abs(dx)
    x, y = rng.uniform(-0.4, 0.4), rng.uniform(-0.3, 0.3)
    if subject.spot:
        x, y = (v + rng.uniform(-0.08, 0.08) for v in SPOTS[subject.spot])
    elif side:
        x = aside + rng.uniform(-0.1, 0.1)
    here, line = np.full(TIMES, x), np.full(TIMES, y)
    turns = 2.0 if subject.speed == "fast" else 1.0
    small = 0.6 if side else 1.0
    if subject.motion == "falling":
        drop = rng.uniform(1.3, 1.5)
        return here, -0.75 + drop * _t ** (2.0 if subject.speed != "slow" else 1.6)
    if subject.motion == "bouncing":
        hops = _often(subject.speed, rng, 2.0)
        height = rng.uniform(0.7, 1.0)
        hop = np.abs(np.sin(np.pi * (hops * _t + rng.uniform(0, 1))))
        return here + _way(rng) * rng.uniform(0, 0.4) * small * (_t - 0.5), 0.55 - height * hop
    if subject.motion == "circling":
        phase = rng.uniform(0, 2 * np.pi) + _way(rng) * 2 * np.pi * turns * _t
        radius = rng.uniform(0.4, 0.52)
        middle = aside or 0.3 * x
        return middle + radius * small**0.5 * np.cos(phase), 0.3 * y + radius * np.sin(phase)
    if subject.motion == "zigzag":
        teeth = _often(subject.speed, rng, 2.0)
        saw = 2 / np.pi * np.arcsin(np.sin(2 * np.pi * (teeth * _t + rng.uniform(0, 1))))
        span = _way(rng) * rng.uniform(1.0, 1.3)
        return span * (_t - 0.5), (aside or 0.4 * y) + rng.uniform(0.3, 0.42) * small * saw
    if subject.motion == "swinging":
        swing: Array = np.sin(2 * np.pi * (turns * 1.5 * _t + rng.uniform(0, 1)))
        middle = aside if side else 0.0
        return (
            middle + swing * rng.uniform(0.45, 0.6) * small,
            line + 0.25 - 0.22 * small * swing**2,
        )
    if subject.motion == "floating":
        bob = np.sin(2 * np.pi * (turns * _t + rng.uniform(0, 1)))
        return here + _way(rng) * 0.12 * (_t - 0.5), line + rng.uniform(0.09, 0.13) * bob
    return here, line


def _facing(subject: Subject, x: Array, rng: np.random.Generator) -> tuple[float, bool]:
    """The heading and whether the subject is mirrored."""
    leftwards = x[-1] < x[0] - 0.2 if abs(x[-1] - x[0]) > 0.2 else rng.random() < 0.5
    mirrored = bool(leftwards) and subject.shape in shapes.UPRIGHT
    if subject.shape not in shapes.LOOKS_AHEAD or "spinning" in (subject.motion, subject.extra):
        return float(rng.uniform(-0.08, 0.08)), mirrored
    ahead = {"left": np.pi, "up": -np.pi / 2, "down": np.pi / 2, "falling": np.pi / 2}
    if subject.motion == "left" and subject.shape in shapes.UPRIGHT:
        return 0.0, True
    if subject.motion in ahead:
        return ahead[subject.motion], False
    upright = subject.shape == "rocket" and subject.motion not in HEADINGS
    return (-np.pi / 2 if upright else 0.0), mirrored


def curves(
    subject: Subject, rng: np.random.Generator, side: float = 0.0, camera: str = "still"
) -> Curves:
    """One variant of a subject's motion, on its ``side`` (-1, 1; 0 alone) of the picture."""
    changes = (subject.motion, subject.extra)
    low, high = SIZES[subject.size]
    radius = low * (high / low) ** rng.random()
    if side:
        radius = min(radius, 0.45)
    # Big subjects move less far, so that they stay in the picture.
    room = 1.05 - 0.8 * radius
    x, y = (way * min(1.0, room / max(np.abs(way).max(), 0.1)) for way in _path(subject, rng, side))
    if camera.startswith("pan"):
        x, y = 0.6 * x, 0.6 * y
    size = np.full(TIMES, np.log(radius))
    swift = {"slow": 0.6, "normal": 1.0, "fast": 1.8, "": rng.uniform(0.7, 1.5)}[subject.speed]
    swell = rng.uniform(0.5, 0.6)
    if "growing" in changes:
        size = size + 2 * swell * (_t - 0.5)
    elif "shrinking" in changes:
        size = size - 2 * swell * (_t - 0.5)
    elif "pulsing" in changes:
        beats = _often(subject.speed, rng, 2.0)
        size = size + 0.3 * np.sin(2 * np.pi * (beats * _t + rng.uniform(0, 1)))
    turn = np.zeros(TIMES)
    if "spinning" in changes:
        turn = _way(rng) * 2 * np.pi * swift * rng.uniform(0.9, 1.2) * (_t - 0.5)
    elif subject.motion == "swinging":
        turn = -0.6 * (x - x.mean())
    opacity = np.ones(TIMES)
    if "appearing" in changes:
        opacity = np.clip((_t - 0.1) / 0.65, 0, 1)
    elif "vanishing" in changes:
        opacity = np.clip((0.9 - _t) / 0.65, 0, 1)
    heading, mirrored = _facing(subject, x, rng)
    return Curves(x, y, size, turn, opacity, heading, mirrored)


def all_curves(scene: Scene, rng: np.random.Generator) -> list[Curves]:
    """One variant of every subject's motion; two keep to sides of their own."""
    if len(scene.subjects) == 1:
        return [curves(scene.subjects[0], rng, 0.0, scene.camera)]
    first = _way(rng)
    if scene.twins:  # twins move alike, side by side
        state = rng.bit_generator.state
        made = []
        for side in (first, -first):
            rng.bit_generator.state = state
            made.append(curves(scene.subjects[0], rng, side, scene.camera))
        return made
    # "… on the left and … on the right" says itself which is where.
    if any(subject.spot == "left side" for subject in scene.subjects[:1]):
        first = -1.0
    elif any(subject.spot == "right side" for subject in scene.subjects[:1]):
        first = 1.0
    elif scene.subjects[1].spot in ("left side", "right side"):
        first = 1.0 if scene.subjects[1].spot == "left side" else -1.0
    return [
        curves(subject, rng, side, scene.camera)
        for subject, side in zip(scene.subjects, (first, -first), strict=True)
    ]


def pan(camera: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """How far the camera goes during the clip: x, y (1 is half the longer side), and log zoom."""
    far, up, near = rng.uniform(0.6, 0.9), rng.uniform(0.3, 0.45), rng.uniform(0.5, 0.7)
    return {
        "still": (0.0, 0.0, 0.0),
        "pan left": (-far, 0.0, 0.0),
        "pan right": (far, 0.0, 0.0),
        "pan up": (0.0, -up, 0.0),
        "pan down": (0.0, up, 0.0),
        "zoom in": (0.0, 0.0, near),
        "zoom out": (0.0, 0.0, -near),
    }[camera]
