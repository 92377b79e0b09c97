"""Pictures and films that people give, as an engine wants them. Only the render child decodes."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from PIL import Image, ImageOps

from gen.engines.base import CannotMake, Film, Picture

MOST_PIXELS = 64_000_000
MOST_SECONDS = 60
"""Of a film that is redrawn; longer ones are not read to their end."""

UNREADABLE = "The picture can't be read; give a PNG, a JPEG or a WebP."
TOO_LARGE = "The picture is too large; give one of at most 64 megapixels."
NO_FILM = "The clip that this one begins with can't be read; choose another."


def still(path: Path) -> Picture:
    """A PNG, JPEG or WebP, the way up it was taken. Raises ``CannotMake``.

    Its size is looked at before any of it is decoded.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(path, formats=("PNG", "JPEG", "WEBP"))
        if image.width * image.height > MOST_PIXELS:
            raise CannotMake(TOO_LARGE)
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise CannotMake(TOO_LARGE) from error
    # Each format has errors of its own for what is broken.
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise CannotMake(UNREADABLE) from error
    white = Image.new("RGBA", upright.size, "white")
    return np.asarray(Image.alpha_composite(white, upright).convert("RGB"))


def film(path: Path) -> Film:
    """All frames of a clip of our own, of its first minute at most. Raises ``CannotMake``."""
    frames, _ = _frames(path, None)
    return frames


def end(path: Path, fps: int) -> Film:
    """A clip's last second, at ``fps`` whatever its own rate; its last frame is the last.

    Raises ``CannotMake``.
    """
    frames, rate = _frames(path, 1)
    back = np.arange(0, len(frames), rate / fps).round().astype(int)[::-1]
    return np.asarray(frames[len(frames) - 1 - back[back < len(frames)]])


def _frames(path: Path, seconds: int | None) -> tuple[Film, int]:
    """The first minute, or only so many last seconds; and how many frames there are in one."""
    try:
        with av.open(path, format="mp4") as container:
            stream = container.streams.video[0]
            if stream.width * stream.height > MOST_PIXELS or not stream.average_rate:
                raise CannotMake(NO_FILM)
            rate = round(stream.average_rate)
            frames = container.decode(stream)
            if seconds is None:
                return _joined(islice(frames, MOST_SECONDS * rate)), rate
            return _joined(deque(frames, maxlen=seconds * rate)), rate
    except (FFmpegError, IndexError, ValueError) as error:
        raise CannotMake(NO_FILM) from error


def _joined(frames: Iterable[VideoFrame]) -> Film:
    """Each is put into one growing buffer as it comes, so that none is held twice.

    Raises ``ValueError`` when there are none, or of more than one size.
    """
    data, shapes = bytearray(), set()
    for frame in frames:
        picture = frame.to_ndarray(format="rgb24")
        data += picture.tobytes()  # rows may lie apart in it
        shapes.add(picture.shape)
    (shape,) = shapes
    return np.frombuffer(data, np.uint8).reshape(-1, *shape)
