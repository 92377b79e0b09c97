"""Where one clip goes on from another: what both of them show, and how the new one is toned.

Films are lists of pictures here, all of one size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gen.engines.base import Picture

Numbers = NDArray[np.float32]

GLANCE = (64, 36)
"""How large two pictures are compared, in pixels."""
ALIKE = 0.5
"""Of how far neighbouring frames lie apart: what is nearer than this is the same frame again."""
STILL = 0.02
"""Frames nearer than this, in standard deviations of a picture, show no motion."""
GAIN = 2.0
"""The most that a contrast is stretched; its inverse is the least."""
STRIDE = 4
"""Every so many rows and columns are measured."""


def repeated(before: Sequence[Picture], after: Sequence[Picture]) -> int:
    """How many of the first frames of ``after`` are the last ones of ``before`` once more.

    Colours and exposure may have shifted between them. 0 where nothing moves, or nothing is the same.
    """
    old, new = [_glance(picture) for picture in before], [_glance(picture) for picture in after]
    apart = np.median([_apart(a, b) for film in (old, new) for a, b in pairwise(film)] or [0.0])
    if apart < STILL:
        return 0
    distances = {
        count: float(
            np.mean([_apart(a, b) for a, b in zip(old[-count:], new[:count], strict=True)])
        )
        for count in range(1, min(len(old), len(new)) + 1)
    }
    nearest = min(distances, key=distances.__getitem__, default=0)
    return nearest if nearest and distances[nearest] < ALIKE * apart else 0


def faded(
    before: list[Picture], after: Sequence[Picture], again: int, fade: int
) -> Iterator[Picture]:
    """``after`` without its ``again`` first frames, which ``before`` has; the seam takes ``fade`` frames.

    Where both show the same moment, they are blended frame by frame, and ``before`` gives these up to
    it; from there on, its last frame fades away.
    """
    both = min(again, fade, len(before))
    shared = before[len(before) - both :]
    del before[len(before) - both :]
    last = shared[-1] if shared else before[-1]
    for number, picture in enumerate(after[again - both :]):
        if number >= fade:
            yield picture
            continue
        other = shared[number] if number < both else last
        yield _blended(other, picture, (number + 1) / (fade + 1))


class Tone:
    """Gives a clip the colours of what it goes on from, less and less towards its end.

    After Reinhard et al., "Color Transfer between Images" (2001): mean and standard deviation of each
    channel become those of the other picture. They do it in lαβ; both pictures show the same scene here,
    so what differs is exposure and white balance, which are factors of the channels in linear light.
    """

    def __init__(self, before: Sequence[Picture], after: Sequence[Picture], count: int) -> None:
        mean, spread = _measured(before)
        own_mean, own_spread = _measured(after)
        gain = np.clip(spread / np.maximum(own_spread, 1e-4), 1 / GAIN, GAIN)
        light = (LINEAR[:, None] - own_mean) * gain + mean
        self._matched = _encoded(light.astype(np.float32))
        self._count = count

    def __call__(self, number: int, picture: Picture) -> Picture:
        """The clip's frame of this number: at 0 with all of the change, in the end with none."""
        part = 1 - number / self._count
        if part <= 0:
            return picture
        table = (1 - part) * LEVELS[:, None] + part * self._matched
        levels = table.round().astype(np.uint8)
        return np.stack([levels[picture[..., c], c] for c in range(3)], axis=-1)


LEVELS = np.arange(256, dtype=np.float32)


def _linear(levels: Numbers) -> Numbers:
    """sRGB's 0 … 255 to linear light, 0 … 1."""
    share = levels / 255
    bent = ((share + 0.055) / 1.055) ** 2.4
    return np.where(share <= 0.04045, share / 12.92, bent).astype(np.float32)


def _encoded(light: Numbers) -> Numbers:
    light = light.clip(0, 1)
    bent = 1.055 * light ** (1 / 2.4) - 0.055
    return (255 * np.where(light <= 0.0031308, 12.92 * light, bent)).astype(np.float32)


LINEAR = _linear(LEVELS)


def _measured(film: Sequence[Picture]) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of each channel, in linear light."""
    light = LINEAR[np.stack([picture[::STRIDE, ::STRIDE] for picture in film])].reshape(-1, 3)
    return light.mean(0), light.std(0)


def _blended(old: Picture, new: Picture, part: float) -> Picture:
    mixed = (1 - part) * old.astype(np.float32) + part * new
    return mixed.round().astype(np.uint8)


def _glance(picture: Picture) -> Numbers:
    """Small, and each channel without its own brightness and contrast."""
    small = Image.fromarray(picture).resize(GLANCE, Image.Resampling.BOX)
    values = np.asarray(small, np.float32)
    spread = values.std((0, 1))
    flat = (values - values.mean((0, 1))) / np.where(spread > 1, spread, np.inf)
    return np.asarray(flat, np.float32)


def _apart(one: Numbers, other: Numbers) -> float:
    return float(np.sqrt(np.square(one - other).mean()))
