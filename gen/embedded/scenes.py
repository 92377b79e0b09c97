"""What a clip shows, as a plan: subjects, their motion, a background, a camera; drawn at random.

A ``Scene`` is what a caption is written from; ``motions``, ``surfaces``, ``shapes`` and ``backdrops``
draw its variants. Positions: x and y run from -1 to 1 across the picture, y down. Sizes: 1 is half
the shorter side. Time runs from 0 to 1 over the clip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gen.embedded import backdrops, shapes
from gen.embedded.palette import COLOURS, SHADELESS, SHADES

SUBJECTS = 2
"""How many a scene has at most."""

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
    "left side": (-0.55, 0.0),
    "right side": (0.55, 0.0),
    "top": (0.0, -0.55),
    "bottom": (0.0, 0.55),
}

HEADINGS: dict[str, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
}
STAYS = ("bouncing", "swinging", "floating")
"""Motions that move, but not away."""
TRAVELS = (*HEADINGS, "falling", "circling", "zigzag", *STAYS)
CHANGES = ("spinning", "growing", "shrinking", "pulsing", "appearing", "vanishing")
MOTIONS = ("still", *TRAVELS, *CHANGES)
CAMERAS = ("still", "pan left", "pan right", "pan up", "pan down", "zoom in", "zoom out")


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing in the picture; what is left empty is anybody's guess.

    ``extra`` is a second motion that goes with the first.
    """

    shape: str
    colour: str
    shade: str = ""
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
    shades: tuple[str, str] = ("", "")
    camera: str = "still"

    @property
    def twins(self) -> bool:
        """Whether there are two that look and move alike."""
        return len(self.subjects) == SUBJECTS and len(set(self.subjects)) == 1


def pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def held_out(subject: Subject) -> bool:
    """Whether this combination of shape, colour and motion is kept for checking only."""
    shape = shapes.NAMES.index(subject.shape)
    colour = tuple(COLOURS).index(subject.colour)
    return (5 * shape + 7 * colour + 3 * MOTIONS.index(subject.motion)) % 11 == 0


def draw_scene(rng: np.random.Generator) -> Scene:
    """A random plan; a background's named colours never hide a subject."""
    background = pick(rng, backdrops.NAMES)
    if rng.random() < 0.2:
        background = backdrops.PLAIN
    names = tuple(COLOURS)
    first, second = (names[int(i)] for i in rng.choice(len(names), 2, replace=False))
    free = tuple(name for name in names if name not in (first, second))
    # On a background of one colour the eye can't tell a camera that pans.
    moves = rng.random() < (0.1 if background == backdrops.PLAIN else 0.3)
    camera = pick(rng, CAMERAS) if moves else "still"
    one = _trained(rng, free, camera)
    subjects: tuple[Subject, ...] = (one,)
    if rng.random() < 0.35:
        subjects = (one, one if rng.random() < 0.25 else _trained(rng, free, camera, one))
    if len(subjects) == SUBJECTS and subjects[0] == subjects[1]:
        subjects = (replace(one, spot=""),) * SUBJECTS
    shades = _shade(rng, first), _shade(rng, second)
    return Scene(subjects, background, (first, second), shades, camera)


def _shade(rng: np.random.Generator, colour: str) -> str:
    return "" if colour in SHADELESS or rng.random() < 0.65 else pick(rng, SHADES)


def _trained(
    rng: np.random.Generator, colours: tuple[str, ...], camera: str, other: Subject | None = None
) -> Subject:
    while held_out(subject := _subject(rng, colours, camera, other)):
        pass
    return subject


def _subject(
    rng: np.random.Generator, colours: tuple[str, ...], camera: str, other: Subject | None
) -> Subject:
    motions = MOTIONS if camera == "still" else ("still", *STAYS, *CHANGES)
    motion, extra = pick(rng, motions), ""
    if other is not None and rng.random() < 0.3:
        motion = other.motion
    if motion in HEADINGS and rng.random() < 0.2:
        extra = pick(rng, ("spinning", "growing", "shrinking", "vanishing"))
    spots = tuple(spot for spot in SPOTS if other is None or spot != other.spot)
    stays = motion == "still" or motion in CHANGES
    colour = pick(rng, colours)
    return Subject(
        shape=pick(rng, shapes.NAMES),
        colour=colour,
        shade=_shade(rng, colour),
        size=pick(rng, tuple(SIZES)) if rng.random() < 0.5 else "",
        texture=pick(rng, TEXTURES) if rng.random() < 0.3 else "",
        motion=motion,
        speed=pick(rng, SPEEDS) if rng.random() < 0.4 else "",
        extra=extra,
        spot=pick(rng, spots) if stays and rng.random() < 0.4 else "",
    )
