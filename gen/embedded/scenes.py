"""What a clip shows, drawn at random: subjects, their motion, a background.

A ``Scene`` is the plan a caption is written from; ``curves`` and ``texture`` draw its variants.
Positions: x and y run from -1 to 1 across the picture, y down. Sizes: 1 is half the shorter side.
Time runs from 0 to 1 over the clip, sampled at ``TIMES`` moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.embedded import backdrops, shapes

Array = NDArray[np.float64]

TIMES = 48
_t = np.linspace(0.0, 1.0, TIMES)

SIZES: dict[str, tuple[float, float]] = {
    "small": (0.17, 0.23),
    "medium": (0.29, 0.38),
    "large": (0.48, 0.62),
    "": (0.22, 0.50),
}
TEXTURES = ("flat", "striped", "spotted", "shiny")
SPEEDS = ("slow", "normal", "fast", "")
SPOTS: dict[str, tuple[float, float]] = {
    "centre": (0.0, 0.0),
    "left side": (-0.6, 0.0),
    "right side": (0.6, 0.0),
    "top": (0.0, -0.55),
    "bottom": (0.0, 0.55),
}

HEADINGS: dict[str, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
}
TRAVELS = (*HEADINGS, "falling", "bouncing", "circling", "zigzag", "swinging", "floating")
CHANGES = ("spinning", "growing", "shrinking", "pulsing", "appearing", "vanishing")
MOTIONS = ("still", *TRAVELS, *CHANGES)


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing in the picture; what is left empty is anybody's guess.

    ``extra`` is a second motion that goes with the first.
    """

    shape: str
    colour: str
    size: str = ""
    texture: str = ""
    motion: str = "still"
    speed: str = ""
    extra: str = ""
    spot: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """The plan of a clip. ``colours`` belong to backgrounds that have names of colours in them."""

    subjects: tuple[Subject, ...]
    background: str
    colours: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Curves:
    """How a subject moves: each of shape (TIMES,); ``size`` is a natural logarithm, ``turn`` radians."""

    x: Array
    y: Array
    size: Array
    turn: Array
    opacity: Array


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def held_out(subject: Subject) -> bool:
    """Whether this combination of shape, colour and motion is kept for checking only."""
    shape = shapes.NAMES.index(subject.shape)
    colour = tuple(backdrops.COLOURS).index(subject.colour)
    return (5 * shape + 7 * colour + 3 * MOTIONS.index(subject.motion)) % 11 == 0


def draw_scene(rng: np.random.Generator) -> Scene:
    """A random plan; a background's named colours never hide a subject."""
    background = _pick(rng, backdrops.NAMES)
    if rng.random() < 0.3:
        background = backdrops.PLAIN
    names = tuple(backdrops.COLOURS)
    first, second = (names[int(i)] for i in rng.choice(len(names), 2, replace=False))
    free = tuple(name for name in names if name not in (first, second))
    count = 2 if rng.random() < 0.25 else 1
    return Scene(tuple(_trained(rng, free) for _ in range(count)), background, (first, second))


def _trained(rng: np.random.Generator, colours: tuple[str, ...]) -> Subject:
    while held_out(subject := _subject(rng, colours)):
        pass
    return subject


def _subject(rng: np.random.Generator, colours: tuple[str, ...]) -> Subject:
    motion = _pick(rng, MOTIONS)
    extra = ""
    if motion in HEADINGS and rng.random() < 0.2:
        extra = _pick(rng, ("spinning", "growing", "shrinking", "vanishing"))
    stays = motion == "still" or motion in CHANGES
    return Subject(
        shape=_pick(rng, shapes.NAMES),
        colour=_pick(rng, colours),
        size=_pick(rng, tuple(SIZES)) if rng.random() < 0.6 else "",
        texture=_pick(rng, TEXTURES) if rng.random() < 0.3 else "",
        motion=motion,
        speed=_pick(rng, SPEEDS) if rng.random() < 0.4 else "",
        extra=extra,
        spot=_pick(rng, tuple(SPOTS)) if stays and rng.random() < 0.4 else "",
    )


def _way(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _often(speed: str, rng: np.random.Generator, slow: float) -> float:
    """How often something happens during the clip."""
    step = {"slow": 0, "normal": 1, "fast": 2, "": int(rng.integers(3))}[speed]
    return slow + step


def _path(subject: Subject, rng: np.random.Generator) -> tuple[Array, Array]:
    swift = {"slow": 0.6, "normal": 1.0, "fast": 1.4, "": rng.uniform(0.7, 1.35)}[subject.speed]
    if subject.motion in HEADINGS:
        dx, dy = HEADINGS[subject.motion]
        length = min(swift * rng.uniform(1.0, 1.3), 1.7)
        along = (_t - 0.5) * length + rng.uniform(-0.25, 0.25)
        across = rng.uniform(-0.5, 0.5)
        return along * dx + across * abs(dy), along * dy + across * abs(dx)
    x, y = rng.uniform(-0.4, 0.4), rng.uniform(-0.3, 0.3)
    if subject.spot:
        x, y = (v + rng.uniform(-0.1, 0.1) for v in SPOTS[subject.spot])
    here, line = np.full(TIMES, x), np.full(TIMES, y)
    turns = 2.0 if subject.speed == "fast" else 1.0
    if subject.motion == "falling":
        drop = rng.uniform(1.3, 1.5)
        return here, -0.75 + drop * _t ** (2.0 if subject.speed != "slow" else 1.6)
    if subject.motion == "bouncing":
        hops = _often(subject.speed, rng, 2.0)
        height = rng.uniform(0.7, 1.0)
        hop = np.abs(np.sin(np.pi * (hops * _t + rng.uniform(0, 1))))
        return here + _way(rng) * rng.uniform(0, 0.5) * (_t - 0.5), 0.55 - height * hop
    if subject.motion == "circling":
        phase = rng.uniform(0, 2 * np.pi) + _way(rng) * 2 * np.pi * turns * _t
        radius = rng.uniform(0.4, 0.52)
        return 0.3 * x + radius * np.cos(phase), 0.3 * y + radius * np.sin(phase)
    if subject.motion == "zigzag":
        teeth = _often(subject.speed, rng, 2.0)
        saw = 2 / np.pi * np.arcsin(np.sin(2 * np.pi * (teeth * _t + rng.uniform(0, 1))))
        span = _way(rng) * rng.uniform(1.0, 1.3)
        return span * (_t - 0.5), 0.4 * y + rng.uniform(0.3, 0.42) * saw
    if subject.motion == "swinging":
        swing: Array = np.sin(2 * np.pi * (turns * 1.5 * _t + rng.uniform(0, 1)))
        return swing * rng.uniform(0.45, 0.6), line + 0.25 - 0.22 * swing**2
    if subject.motion == "floating":
        bob = np.sin(2 * np.pi * (turns * _t + rng.uniform(0, 1)))
        return here + _way(rng) * 0.12 * (_t - 0.5), line + rng.uniform(0.07, 0.11) * bob
    return here, line


def curves(subject: Subject, rng: np.random.Generator) -> Curves:
    """One variant of a subject's motion."""
    changes = (subject.motion, subject.extra)
    low, high = SIZES[subject.size]
    radius = low * (high / low) ** rng.random()
    # Big subjects move less far, so that they stay in the picture.
    room = 1.05 - 0.8 * radius
    x, y = (way * min(1.0, room / max(np.abs(way).max(), 0.1)) for way in _path(subject, rng))
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
    turn = np.full(TIMES, rng.uniform(-0.1, 0.1))
    if "spinning" in changes:
        turn = turn + _way(rng) * 2 * np.pi * swift * rng.uniform(0.9, 1.2) * _t
    if subject.shape in shapes.LOOKS_AHEAD and subject.motion in (*HEADINGS, "falling"):
        heading = {"left": np.pi, "up": -np.pi / 2, "down": np.pi / 2, "falling": np.pi / 2}
        turn = turn + heading.get(subject.motion, 0.0)
    if subject.motion == "swinging":
        turn = turn - 0.6 * x
    opacity = np.ones(TIMES)
    if "appearing" in changes:
        opacity = np.clip((_t - 0.1) / 0.65, 0, 1)
    elif "vanishing" in changes:
        opacity = np.clip((0.9 - _t) / 0.65, 0, 1)
    return Curves(x, y, size, turn, opacity)


TEXTURE_GRID = 24
_line = np.linspace(-shapes.REACH, shapes.REACH, TEXTURE_GRID)
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


def coat(colour: str, surface: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """The two colours of a subject with this texture, shape (2, 3)."""
    base = np.clip(np.array(backdrops.COLOURS[colour]) + rng.normal(0, 0.03, 3), 0, 1)
    pale = base.mean() > 0.6
    if surface in ("striped", "spotted"):
        other = base * 0.45 if pale else base * 0.35 + 0.65
    elif surface == "shiny":
        other = base * 0.15 + 0.85
    else:
        other = base * rng.uniform(0.65, 0.95)
    return np.stack([base, other]).astype(np.float32)
