"""Films with a known content, and clips decoded again: for tests of what becomes of a film."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from gen.engines.base import Film, Picture

EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def plain(frames: int, side: int, colour: tuple[int, int, int]) -> Film:
    return np.full((frames, side, side, 3), colour, np.uint8)


def noise(frames: int, height: int, width: int) -> Film:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)


def ball(frames: int, height: int, width: int, step: float = 6) -> Film:
    """A red ball that moves to the right over soft waves."""
    y, x = np.mgrid[:height, :width]
    waves = [100 + 60 * np.sin(x / 17), 90 + 50 * np.sin(y / 13), np.full((height, width), 140.0)]
    film = np.empty((frames, height, width, 3), np.uint8)
    film[:] = np.stack(waves, -1).astype(np.uint8)
    for number in range(frames):
        film[number, (x - 30 - step * number) ** 2 + (y - height / 2) ** 2 < 20**2] = (230, 40, 30)
    return film


def decoded(path: Path) -> list[Picture]:
    with av.open(path) as container:
        return [
            frame.reformat(format="rgb24", interpolation=EXACT).to_ndarray().astype(np.uint8)
            for frame in container.decode(video=0)
        ]


def frames(clip: bytes) -> int:
    """How many there are in an MP4."""
    with av.open(io.BytesIO(clip), "r") as film:
        return len(list(film.decode(video=0)))
