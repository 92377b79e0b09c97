"""From frames to the three files of a clip: an MP4, a JPEG poster, a small animated WebP preview."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from gen.engines.base import Film, Picture

PREVIEW_WIDTH = 256
PREVIEW_FPS = 12


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one clip."""

    video: Path
    poster: Path
    preview: Path


def clip(film: Film, fps: int, folder: Path, stem: str) -> Files:
    """Encode a film into ``folder`` as ``stem.mp4``, ``.jpg`` (its middle frame) and ``.webp``.

    Raises ``OSError`` when the disk is full; what was written by then is of no use.
    """
    files = Files(*(folder / f"{stem}.{ending}" for ending in ("mp4", "jpg", "webp")))
    mp4(film, fps, files.video)
    jpeg(film[len(film) // 2], files.poster)
    webp(film, fps, files.preview)
    return files


def mp4(film: Film, fps: int, path: Path) -> None:
    """H.264 that plays everywhere and starts before it is loaded. Odd sizes grow by one pixel."""
    _, height, width, _ = film.shape
    even = np.pad(film, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    options = {"profile": "high", "preset": "veryfast", "crf": "19"}
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options=options)
        stream.height, stream.width = even.shape[1:3]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.colorspace = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        for number, picture in enumerate(even):
            frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def jpeg(picture: Picture, path: Path) -> None:
    """A still of high quality."""
    height, width, _ = picture.shape
    context = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuvj420p"
    context.time_base = Fraction(1, 1)
    context.color_range = ColorRange.JPEG
    context.qmin = context.qmax = 3
    frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuvj420p", src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.JPEG
    )
    path.write_bytes(b"".join(bytes(p) for p in [*context.encode(frame), *context.encode()]))


def webp(film: Film, fps: int, path: Path) -> None:
    """A loop that is small in every way: at most 256 pixels wide and about 12 frames per second."""
    _, height, width, _ = film.shape
    stride = max(1, round(fps / PREVIEW_FPS))
    small_width = min(width, PREVIEW_WIDTH)
    small_height = max(1, round(height * small_width / width))
    rate = Fraction(fps, stride)
    with av.open(path, "w", format="webp", options={"loop": "0"}) as container:
        stream = container.add_stream("libwebp_anim", rate=rate, options={"quality": "70"})
        stream.width, stream.height, stream.pix_fmt = small_width, small_height, "yuv420p"
        for number, picture in enumerate(film[::stride]):
            frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                width=small_width, height=small_height, format="yuv420p"
            )
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
