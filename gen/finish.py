"""Last steps that a brief may ask for: a film twice as large, or twice as smooth.

Both are filters of ffmpeg's, without a model: they invent no detail, and do the same every time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from gen.engines.base import Film, Picture


def upscaled(film: Film) -> Film:
    """(n, h, w, 3) -> (n, 2h, 2w, 3), by Lanczos. Each colour is scaled for itself, so none shifts."""
    count, height, width, _ = film.shape
    large = np.empty((count, 2 * height, 2 * width, 3), np.uint8)
    for number, picture in enumerate(film):
        frame = VideoFrame.from_ndarray(picture, format="gbrp").reformat(
            width=2 * width,
            height=2 * height,
            interpolation=Interpolation.LANCZOS | Interpolation.ACCURATE_RND,
        )
        large[number] = frame.to_ndarray(format="gbrp")
    return large


def smoothed(film: Film) -> Film:
    """(n, h, w, 3) -> (2n, h, w, 3), to be shown at twice the rate: it lasts as long as before.

    The even frames are the film's own; each odd one is drawn half-way along the motion between its
    neighbours, or repeats the one before where the scene is cut. So does the last one.
    """
    smooth = film.repeat(2, axis=0)
    for half, picture in _halves(film):
        if half % 2 and 0 < half < len(smooth) - 1:
            smooth[half] = picture
    return smooth


def _halves(film: Film) -> Iterator[tuple[int, Picture]]:
    """What lies at half frames 0, 1, 2 … of a film, as the filter sees it, and some beyond its ends."""
    _, height, width, _ = film.shape
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=width, height=height, format=VideoFormat("yuv444p"), time_base=Fraction(1)
        ),
        graph.add("minterpolate", "fps=2:mb_size=8"),
        graph.add("buffersink"),
    ).configure()
    # The filter looks a frame back and two ahead, and gives nothing where it can't.
    padded = np.concatenate([film[:1], film, film[-1:], film[-1:], film[-1:]])
    for number, picture in enumerate(padded):
        frame = _converted(VideoFrame.from_ndarray(picture, format="rgb24"), "yuv444p")
        frame.pts, frame.time_base = number, Fraction(1)
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
