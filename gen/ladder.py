"""A clip made to fit a limit of bytes: `python -m gen.ladder SOURCE LIMIT FOLDER` prints its path.

A room that takes no more than so many bytes is given this form. It is made when first asked for and
then kept in FOLDER, under a name that follows from the source's content and the limit.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from db.media import PARTIAL, form_name
from gen import encode
from gen.engines.base import Sound

PARTS = tuple(Fraction(eighths, 8) for eighths in (8, 6, 4, 3, 2, 1))
"""Of the clip's width and height, from the first try to the last."""
COARSE, COARSEST = 35, 51
"""Beyond the first quality a smaller picture looks better; x264 has none worse than the second."""
SOUND_BITS = 48_000


class CannotFit(Exception):
    """The clip can't be made so small; the message is one sentence with the smallest possible."""

    def __init__(self, limit: int, smallest: int) -> None:
        super().__init__(
            f"This clip can't be made to fit {limit:,} bytes; the smallest it can be is {smallest:,}."
        )
        self.smallest = smallest


def fit(source: Path, limit: int, folder: Path) -> Path:
    """The clip in at most ``limit`` bytes: the source itself if it is small enough, else a smaller form.

    ``limit`` is at least 1. Raises ``CannotFit``, ``av.FFmpegError`` when the source is no video, and
    ``OSError`` when it can't be read or the disk is full.
    """
    if source.stat().st_size <= limit:
        return source
    with source.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    kept = folder / form_name(content, limit)
    if not kept.exists():
        _write(kept, _fitting(source, limit))
    return kept


def _fitting(source: Path, limit: int) -> bytes:
    """The best form that fits.

    For a few seconds of video a bit rate is met badly, so a quality is sought instead: each try tells
    how far the next must go, and where it goes too far a smaller picture is tried.
    """
    for part in PARTS:
        crf = encode.CRF
        while crf <= COARSE:
            data = _encoded(source, part, crf)
            if len(data) <= limit:
                return data
            crf += max(1, math.ceil(6 * math.log2(len(data) / limit)))
    data = _encoded(source, PARTS[-1], COARSEST)
    if len(data) <= limit:
        return data
    raise CannotFit(limit, len(data))


def _encoded(source: Path, part: Fraction, crf: int) -> bytes:
    with av.open(source) as container:
        video = container.streams.video[0]
        size = _even(video.width * part), _even(video.height * part)
        frames = (_scaled(frame, size) for frame in container.decode(video))
        fps, count = Fraction(video.average_rate or 0), video.frames
        return encode.write(frames, size, fps, count, _sound(source), crf, SOUND_BITS)


def _even(side: Fraction) -> int:
    return max(2, round(side / 2) * 2)


def _scaled(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    width, height = size
    return frame.reformat(width, height, interpolation=Interpolation.LANCZOS)


def _sound(source: Path) -> Sound | None:
    with av.open(source) as container:
        if not container.streams.audio:
            return None
        rate = container.streams.audio[0].rate
        to_floats = AudioResampler(format="fltp")
        frames = [to_floats.resample(frame) for frame in container.decode(audio=0)]
        parts = [
            part.to_ndarray() for parts in [*frames, to_floats.resample(None)] for part in parts
        ]
        return Sound(np.concatenate(parts, axis=1), rate)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; of several who make the same, the last one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, metavar="SOURCE")
    parser.add_argument("limit", type=int, metavar="LIMIT", help="in bytes")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    if asked.limit < 1:
        parser.error("LIMIT is at least 1 byte")
    try:
        print(fit(asked.source, asked.limit, asked.folder))  # noqa: T201 - it is asked for
    except CannotFit as refusal:
        sys.exit(str(refusal))
    except (OSError, av.FFmpegError) as error:
        sys.exit(f"{asked.source} can't be made smaller: {error.strerror}.")


if __name__ == "__main__":
    main()
