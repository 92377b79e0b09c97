"""Whether a video that somebody else has made is what was asked for, and what of it is kept.

Nothing else in the file comes along: its packets are put into a new MP4, with no word of the old one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from gen import encode, frames, poster
from gen.engines.base import Film, Picture
from gen.expected import Expected, Unfit

COPY = 32
"""Pixels of each side of what is compared: finer than that machines differ."""
CODEC, PIXELS, SOUND = "h264", "yuv420p", "aac"
UNREADABLE = "It can't be read as a video."


@dataclass(slots=True)
class Seen:
    """Those of its frames that are needed: some as they are, and more of them small."""

    stills: dict[int, Picture] = field(default_factory=dict)
    small: list[Picture] = field(default_factory=list)

    def film(self, numbers: np.ndarray) -> Film:
        return np.stack([self.stills[int(number)] for number in numbers])


def inspected(video: Path, expected: Expected) -> tuple[bytes, Seen]:
    """What is kept of a video, and what is seen in it. Raises ``Unfit``."""
    try:
        with av.open(video, format="mp4") as container:
            seen = _seen(container, expected)
        with av.open(video, format="mp4") as container:
            return _anew(container), seen
    except Unfit:
        raise
    except Exception as error:  # whatever it breaks in the reader, it isn't what was asked for
        raise Unfit(UNREADABLE) from error


def told(seen: Seen, expected: Expected, folder: Path, stem: str) -> tuple[Path, Path]:
    """Its poster and its preview, as ``encode.clip`` makes them."""
    still, loop = folder / f"{stem}.jpg", folder / f"{stem}.webp"
    looked_at = seen.film(_evenly(expected.frames, poster.LOOKED_AT))
    still.write_bytes(encode.jpeg(looked_at[poster.telling(looked_at)]))
    small = np.stack(seen.small)
    loop.write_bytes(encode.preview(small, Fraction(expected.fps, _stride(expected))))
    return still, loop


def sampled(seen: Seen, expected: Expected) -> list[Picture]:
    """As ``frames.sampled``."""
    return list(seen.film(_evenly(expected.frames, frames.SAMPLED)))


def _evenly(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))


def _stride(expected: Expected) -> int:
    return max(1, round(expected.fps / encode.PREVIEW_FPS))


def _seen(container: InputContainer, expected: Expected) -> Seen:
    stream = _stream(container)
    size = stream.width, stream.height
    if size != (expected.width, expected.height):
        raise Unfit(f"It is {size[0]} × {size[1]}, not {expected.width} × {expected.height}.")
    if stream.codec_context.name != CODEC or stream.pix_fmt != PIXELS:
        raise Unfit(
            f"It is {stream.codec_context.name} in {stream.pix_fmt}, not {CODEC} in {PIXELS}."
        )
    if stream.average_rate != expected.fps:
        raise Unfit(f"It has {stream.average_rate} frames a second, not {expected.fps}.")
    looked_at = (_evenly(expected.frames, most) for most in (frames.SAMPLED, poster.LOOKED_AT))
    wanted, seen, count = set(np.concatenate([*looked_at]).tolist()), Seen(), 0
    for frame in container.decode(stream):
        _insist(frame, count, expected)
        if count in wanted:
            seen.stills[count] = _picture(frame)
        if count % _stride(expected) == 0:
            seen.small.append(_small(frame))
        count += 1
    if count != expected.frames:
        raise Unfit(f"It has {count} frames, not {expected.frames}.")
    return seen


def _stream(container: InputContainer) -> VideoStream:
    others = [s for s in container.streams if s.type not in {"video", "audio"}]
    video, audio = container.streams.video, container.streams.audio
    if others or len(video) != 1 or len(audio) > 1:
        raise Unfit("It has other tracks than one of pictures and at most one of sound.")
    if any(stream.codec_context is None for stream in (*video, *audio)):
        raise Unfit(UNREADABLE)
    if audio and audio[0].codec_context.name != SOUND:
        raise Unfit(f"Its sound is {audio[0].codec_context.name}, not {SOUND}.")
    return video[0]


def _insist(frame: VideoFrame, number: int, expected: Expected) -> None:
    """Each comes in its turn and at its time, and there are no more than was asked for."""
    if number >= expected.frames:
        raise Unfit(f"It has more than {expected.frames} frames.")
    if (frame.width, frame.height) != (expected.width, expected.height):
        raise Unfit("Its frames aren't all of one size.")
    at = frame.pts * frame.time_base if frame.pts is not None and frame.time_base else None
    if at is None or abs(at * expected.fps - number) > Fraction(1, 2):
        raise Unfit(f"Frame {number + 1} doesn't come at its time.")


def _small(frame: VideoFrame) -> Picture:
    wide = min(frame.width, encode.PREVIEWS[0][0])
    high = max(1, round(frame.height * wide / frame.width))
    return _picture(frame.reformat(width=wide, height=high))


def _picture(frame: VideoFrame) -> Picture:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _anew(container: InputContainer) -> bytes:
    made = io.BytesIO()
    with encode.begun(made) as copy:
        tracks = {s.index: copy.add_stream_from_template(s) for s in container.streams}
        for track in tracks.values():
            track.metadata.clear()
        for packet in _packets(container):
            packet.stream = tracks[packet.stream.index]
            copy.mux(packet)
    return made.getvalue()


def _packets(container: InputContainer) -> Iterator[Any]:
    return (packet for packet in container.demux() if packet.dts is not None)


# ── made again ───────────────────────────────────────────────────────────────────────────


def apart(one: list[Picture], other: list[Picture]) -> float:
    """How far two clips are from each other where what they show at the same times differs most: in levels
    of 255, over all of a small copy and its colours."""
    pairs = zip(one, other, strict=True)
    return max(float(np.abs(_copy(left) - _copy(right)).mean()) for left, right in pairs)


def _copy(picture: Picture) -> NDArray[np.float64]:
    small = Image.fromarray(picture).resize((COPY, COPY), Image.Resampling.BOX)
    return np.asarray(small, np.float64)
