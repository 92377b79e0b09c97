"""Clips put together to one film, frame by frame: of a film, a second is in memory at most.

The film has the shape that most of its clips have, of several the first one's; is as large as its largest
clip of that shape, and as smooth as its smoothest. Others are scaled to fit in, on black, and repeat frames
where they have fewer. It is silent.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Generic, TypeVar

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from gen import credits, encode, poster, seam
from gen.encode import Files
from gen.engines.base import CannotMake, Picture
from gen.order import Order, Piece

SEAM_SECONDS = 0.25
"""How long it takes to fade from one clip to the one that goes on from it."""
OVERLAP_SECONDS = 1
"""So much of a clip's end is searched for what the next one shows once more."""
ROUNDING = 0.05
"""Sides of clips are whole numbers, and multiples of something: shapes that are this near are one."""
SMALL_FRAMES = 240
"""Of the preview, at most: it stays true to the film's time, and moves less smoothly if need be."""
GONE = "A clip of this film can't be read any more, so it can't be put together."
NO_FONT = "The fonts of this worker can't draw these letters of the credits: {}"

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with how many frames are done, and of about how many."""
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True, slots=True)
class Stitched:
    """A film's files and what they are."""

    files: Files
    width: int
    height: int
    frames: int
    fps: int
    notes: tuple[str, ...]


def stitch(order: Order, folder: Path, stem: str, progress: Progress) -> Stitched:
    """Put a film together into ``folder``. Raises ``CannotMake`` when a clip can't be read."""
    reels = [Reel(piece) for piece in order.pieces]
    usual = max(reels, key=lambda reel: sum(reel.is_like(other) for other in reels))
    width, height = max(reel.size for reel in reels if reel.is_like(usual))
    fps = max(reel.rate for reel in reels)
    for reel in reels:
        reel.fit(width, height, fps)
    pages = [credits.roll(words, width, height) for words in (order.title, order.credits) if words]
    lettered = [credits.frames(page, height, float(fps)) for page in pages]
    opening = _Counted(lettered.pop(0) if order.title else ())
    expected = sum(reel.count for reel in reels)
    small = _Small(expected, fps)
    told = (small.seen(n, p, lambda n: progress(n, expected)) for n, p in enumerate(spliced(reels)))
    # Title and credits are no part of what stands for the film.
    shown = chain(opening, told, *lettered)
    files = Files(*(folder / f"{stem}.{kind}" for kind in ("mp4", "jpg", "webp")))
    converter = VideoReformatter()
    pictures = _Counted(encode.for_players(picture, converter) for picture in shown)
    files.video.write_bytes(encode.write(pictures, (width, height), fps, expected))
    files.preview.write_bytes(encode.preview(small.film, small.fps))
    files.poster.write_bytes(encode.jpeg(_frame(files.video, opening.count + small.telling)))
    left_out = "".join(page.left_out for page in pages)
    notes = (NO_FONT.format(left_out),) if left_out else ()
    return Stitched(files, width, height, pictures.count, math.ceil(fps), notes)


def spliced(reels: Iterable[Reel]) -> Iterator[Picture]:
    """The pictures of the film. Where a clip goes on from the one before, what it shows once more is left
    out, its colours are those of the other, and it fades in over a few frames; else there is a cut."""
    held: list[Picture] = []
    for reel in reels:
        second, fade = round(OVERLAP_SECONDS * reel.fps), max(1, round(SEAM_SECONDS * reel.fps))
        frames = iter(reel)
        if reel.follows and held:
            head = list(islice(frames, second))
            again = seam.repeated(held, head)
            both = max(again, 1)
            tone = seam.Tone(held[-both:], head[:both], reel.count)
            toned = [tone(number, picture) for number, picture in enumerate(head)]
            rest = (tone(number, picture) for number, picture in enumerate(frames, len(head)))
            frames = chain(seam.faded(held, toned, again, fade), rest)
        for picture in frames:
            held.append(picture)
            if len(held) > second:
                yield held.pop(0)
    yield from held


class Reel:
    """The pictures of one clip, at the film's size and rate once it is told them. Raises ``CannotMake``."""

    def __init__(self, piece: Piece) -> None:
        self.follows = piece.follows
        self._path = piece.video
        try:
            with av.open(piece.video, format="mp4") as container:
                stream = container.streams.video[0]
                rate, whole = stream.average_rate, stream.frames
                self.size = (stream.width, stream.height)
        except (FFmpegError, OSError, IndexError) as error:
            raise CannotMake(GONE) from error
        if not rate or not whole:
            raise CannotMake(GONE)
        self.rate = Fraction(rate)
        last = whole if piece.seconds is None else round(Fraction(piece.seconds) * self.rate)
        self._first = max(whole - max(last, 1), 0)
        self._whole = whole - self._first
        self.fit(*self.size, self.rate)

    def is_like(self, other: Reel) -> bool:
        """Whether it has the other's shape, but for rounding."""
        shape, others = self.size[0] / self.size[1], other.size[0] / other.size[1]
        return abs(shape / others - 1) < ROUNDING

    def fit(self, width: int, height: int, fps: Fraction) -> None:
        """Become as large and as fast as the film."""
        self.fps = fps
        self.count = max(1, round(self._whole * fps / self.rate))
        self._width, self._height = width, height
        scale = min(Fraction(width, self.size[0]), Fraction(height, self.size[1]))
        self._inner = max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale))

    def __iter__(self) -> Iterator[Picture]:
        """``count`` pictures (height, width, 3)."""
        number, converter = 0, VideoReformatter()
        try:
            with av.open(self._path, format="mp4") as container:
                decoded = container.decode(container.streams.video[0])
                for at, frame in enumerate(islice(decoded, self._first, None)):
                    picture: Picture | None = None
                    while number < self.count and self._source(number) <= at:
                        picture = self._fitted(frame, converter) if picture is None else picture
                        yield picture
                        number += 1
        except (FFmpegError, OSError) as error:
            raise CannotMake(GONE) from error
        if number < self.count:
            raise CannotMake(GONE)

    def _source(self, number: int) -> int:
        """Which of the clip's own frames is shown at this one of the film's."""
        return min(int(number * self.rate / self.fps), self._whole - 1)

    def _fitted(self, frame: VideoFrame, converter: VideoReformatter) -> Picture:
        width, height = self._inner
        picture = converter.reformat(
            frame, width=width, height=height, format="rgb24", interpolation=_EXACT
        ).to_ndarray()
        if self._inner == (self._width, self._height):
            return np.asarray(picture, np.uint8)
        black = np.zeros((self._height, self._width, 3), np.uint8)
        top, left = (self._height - height) // 2, (self._width - width) // 2
        black[top : top + height, left : left + width] = picture
        return black


class _Counted(Generic[T]):
    """Counts what is taken from it."""

    def __init__(self, frames: Iterable[T]) -> None:
        self._frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[T]:
        for frame in self._frames:
            self.count += 1
            yield frame


class _Small:
    """Some of a film's pictures, small: for its preview, and to choose its poster."""

    def __init__(self, expected: int, fps: Fraction) -> None:
        wanted = max(round(fps / encode.PREVIEW_FPS), math.ceil(expected / SMALL_FRAMES))
        self._stride = max(1, wanted)
        self.fps = fps / self._stride
        self._kept: deque[Picture] = deque()

    def seen(self, number: int, picture: Picture, tell: Callable[[int], None]) -> Picture:
        """Look at a picture on its way."""
        if number % self._stride == 0:
            self._kept.append(_shrunk(picture))
        tell(number + 1)
        return picture

    @property
    def film(self) -> np.ndarray:
        return np.stack(self._kept)

    @property
    def telling(self) -> int:
        """The number of the frame that shows most."""
        return poster.telling(self.film) * self._stride


def _shrunk(picture: Picture) -> Picture:
    height, width, _ = picture.shape
    wide = min(width, encode.PREVIEWS[0][0])
    tall = max(1, round(height * wide / width))
    frame = VideoFrame.from_ndarray(picture, format="rgb24")
    small = frame.reformat(
        width=wide, height=tall, format="rgb24", interpolation=Interpolation.AREA
    )
    return np.asarray(small.to_ndarray(), np.uint8)


def _frame(video: Path, number: int) -> Picture:
    with av.open(video, format="mp4") as container:
        frame = next(islice(container.decode(video=0), number, None))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
