"""Last steps that a brief may ask for: a film twice as large, or twice as smooth.

Both are filters of ffmpeg's, without a model: they invent no detail, and do the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from gen.engines.base import Film, Picture


def upscaled(film: Iterable[Picture]) -> Iterator[Picture]:
    """Each (h, w, 3) -> (2h, 2w, 3), by Lanczos. Each colour is scaled for itself, so none shifts.

    One is made when it is asked for: a whole film of them is four times as large as the film.
    """
    converter = VideoReformatter()
    for picture in film:
        height, width, _ = picture.shape
        frame = converter.reformat(
            VideoFrame.from_ndarray(picture, format="gbrp"),
            width=2 * width,
            height=2 * height,
            interpolation=Interpolation.LANCZOS | Interpolation.ACCURATE_RND,
        )
        yield frame.to_ndarray(format="gbrp").astype(np.uint8, copy=False)


def smoothed(film: Film, loop: bool = False) -> Film:
    """(n, h, w, 3) -> (2n, h, w, 3), to be shown at twice the rate: it lasts as long as before.

    The even frames are the film's own; each odd one is drawn half-way along the motion between its
    neighbours, or repeats the one before where the scene is cut. So does the last one, but in a
    ``loop``, where the first frame comes after it.
    """
    smooth = film.repeat(2, axis=0)
    for half, picture in _halves(film, loop):
        if half % 2 and 0 < half < len(smooth) - (not loop):
            smooth[half] = picture
    return smooth


def _halves(film: Film, loop: bool) -> Iterator[tuple[int, Picture]]:
    """What lies at half frames 0, 1, 2 … of a film, as the filter sees it, and some beyond its ends."""
    count, height, width, _ = film.shape
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=width, height=height, format=VideoFormat("yuv444p"), time_base=Fraction(1)
        ),
        graph.add("minterpolate", "fps=2:mb_size=8"),
        graph.add("buffersink"),
    ).configure()
    # The filter looks a frame back and two ahead, and gives nothing where it can't.
    for time, number in enumerate(range(-1, count + 3)):
        there = number % count if loop else min(max(number, 0), count - 1)
        frame = _converted(VideoFrame.from_ndarray(film[there], format="rgb24"), "yuv444p")
        frame.pts, frame.time_base = time, Fraction(1)
        graph.vpush(frame)
        yield from _ready(graph)
    graph.vpush(None)
    yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[tuple[int, Picture]]:
    with suppress(BlockingIOError, EOFError):
        while True:
            frame = graph.vpull()
            half = (frame.pts or 0) - 2  # it counts in halves, from the frame that was put before
            picture = _converted(frame, "rgb24").to_ndarray()
            yield half, picture.astype(np.uint8, copy=False)


def _converted(frame: VideoFrame, to: str) -> VideoFrame:
    """To where motion can be sought and back; a colour returns within rounding."""
    return frame.reformat(
        format=to,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
    )
