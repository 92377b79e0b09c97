"""From frames to the three files of a clip: an MP4, a JPEG poster, a small animated WebP preview.

Everything is made in memory and written once.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

from gen import finish, poster
from gen.engines.base import Film, Picture, Sound

CRF = 19
"""x264's scale of quality: 0 loses nothing, 51 nearly everything; 6 more is about half the bytes."""
SOUND_RATE = 48_000
SOUND_BITS = 160_000
"""Samples and bits per second of a sound track."""
PREVIEW_BYTES = 1_000_000
PREVIEW_FPS = 12
PREVIEWS = ((256, 70), (256, 40), (192, 30), (128, 15))
"""How wide a preview may be in pixels, and its quality of 100: the best first."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one clip."""

    video: Path
    poster: Path
    preview: Path


def clip(
    film: Film,
    fps: int | Fraction,
    folder: Path,
    stem: str,
    sound: Sound | None = None,
    upscale: bool = False,
    sign: Callable[[bytes], bytes] = bytes,
) -> Files:
    """Encode a film into ``folder`` as ``stem.mp4``, ``.jpg`` (its most telling frame) and ``.webp``.

    With ``upscale`` all are as of a film twice as wide and high. ``sign`` is the last to have the MP4.
    Raises ``OSError`` when the disk is full; what was written by then is of no use.
    """
    files = Files(*(folder / f"{stem}.{ending}" for ending in ("mp4", "jpg", "webp")))
    files.video.write_bytes(sign(mp4(film, fps, sound, upscale)))
    shown = film[poster.telling(film)]
    files.poster.write_bytes(jpeg(next(finish.upscaled([shown])) if upscale else shown))
    files.preview.write_bytes(preview(film, fps, upscale))
    return files


# ── the video ────────────────────────────────────────────────────────────────────────────


def mp4(
    film: Film, fps: int | Fraction, sound: Sound | None = None, upscale: bool = False
) -> bytes:
    """H.264 that plays everywhere and starts before it is loaded. Odd sizes grow by one pixel."""
    count, height, width, _ = film.shape
    size = (2 * width, 2 * height) if upscale else (width + width % 2, height + height % 2)
    converter = VideoReformatter()  # it is costly to prepare, and serves every frame of a size
    pictures = finish.upscaled(film) if upscale else film
    frames = (for_players(picture, converter) for picture in pictures)
    return write(frames, size, fps, count, sound)


def begun(made: io.BytesIO) -> OutputContainer:
    """An MP4 that is written into this, with its index in front: for that the muxer reads again what it has
    written."""
    return av.open(
        made,
        "w",
        format="mp4",
        options={"movflags": "+faststart"},
        io_open=lambda *_: io.BytesIO(made.getvalue()),
    )


def write(
    frames: Iterable[VideoFrame],
    size: tuple[int, int],
    fps: int | Fraction,
    count: int,
    sound: Sound | None = None,
    crf: int = CRF,
    sound_bits: int = SOUND_BITS,
) -> bytes:
    """An MP4 of ``count`` frames, which are yuv420p in BT.709 and of this even width and height.

    The sound track lasts as long as the frames: what is longer is cut, what is shorter ends in silence.
    """
    made = io.BytesIO()
    with begun(made) as container:
        options = {"profile": "high", "preset": "veryfast", "crf": str(crf)}
        video = container.add_stream("libx264", rate=fps, options=options)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.colorspace = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        track = (
            None if sound is None else _Track(container, sound, count / Fraction(fps), sound_bits)
        )
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, 1 / Fraction(fps)
            container.mux(video.encode(frame))
            if track is not None:
                track.go_on_to((number + 1) / Fraction(fps))
        container.mux(video.encode())
        if track is not None:
            track.end()
    return made.getvalue()


def for_players(picture: Picture, converter: VideoReformatter) -> VideoFrame:
    """One frame as ``write`` takes it; ``converter`` is the same for all of a film."""
    height, width, _ = picture.shape
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return converter.reformat(
        VideoFrame.from_ndarray(picture, format="rgb24"),
        format="yuv420p",
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
        src_color_range=ColorRange.JPEG,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )


class _Track:
    """The sound of an MP4, written bit by bit beside its frames."""

    def __init__(
        self, container: OutputContainer, sound: Sound, seconds: Fraction, bits: int
    ) -> None:
        samples = sound.samples if len(sound.samples) <= 2 else sound.samples.mean(0, keepdims=True)
        self._samples = _lasting(samples, round(seconds * sound.rate))
        self._rate = sound.rate
        self._layout = "mono" if len(samples) == 1 else "stereo"
        self._written = 0
        self._container = container
        self._stream: AudioStream = container.add_stream(
            "aac", rate=SOUND_RATE, layout=self._layout, bit_rate=bits
        )

    def go_on_to(self, second: Fraction) -> None:
        end = round(second * self._rate)
        part = self._samples[:, self._written : end]
        if part.size:
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(part), format="fltp", layout=self._layout
            )
            frame.sample_rate, frame.pts = self._rate, self._written
            frame.time_base = Fraction(1, self._rate)
            self._container.mux(self._stream.encode(frame))
        self._written = end

    def end(self) -> None:
        self._container.mux(self._stream.encode())


def _lasting(samples: np.ndarray, count: int) -> np.ndarray:
    samples = np.nan_to_num(samples[:, :count]).clip(-1, 1).astype(np.float32)
    return np.pad(samples, ((0, 0), (0, count - samples.shape[1])))


# ── the pictures ─────────────────────────────────────────────────────────────────────────


def jpeg(picture: Picture) -> bytes:
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
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode()])


def preview(film: Film, fps: int | Fraction, upscale: bool = False) -> bytes:
    """A loop of about 12 frames per second: the best of ever plainer ones that has at most 1 MB.

    It is small, so that the film itself is good enough for the one of an upscaled film.
    """
    stride = max(1, round(fps / PREVIEW_FPS))
    whole = film.shape[2] * (2 if upscale else 1)
    for at_most, quality in PREVIEWS:
        width = min(whole, at_most)
        data = _webp(film[::stride], Fraction(fps) / stride, width, quality)
        if len(data) <= PREVIEW_BYTES:
            return data
    while len(data) > PREVIEW_BYTES and stride < len(film):
        stride *= 2
        data = _webp(film[::stride], Fraction(fps) / stride, width, quality)
    return data


def _webp(film: Film, fps: Fraction, small_width: int, quality: int) -> bytes:
    _, height, width, _ = film.shape
    small_height = max(1, round(height * small_width / width))
    made, converter = io.BytesIO(), VideoReformatter()
    with av.open(made, "w", format="webp", options={"loop": "0"}) as container:
        options = {"quality": str(quality), "compression_level": "2"}
        stream = container.add_stream("libwebp_anim", rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = small_width, small_height, "yuv420p"
        for number, picture in enumerate(film):
            frame = converter.reformat(
                VideoFrame.from_ndarray(picture, format="rgb24"),
                width=small_width,
                height=small_height,
                format="yuv420p",
            )
            frame.pts, frame.time_base = number, 1 / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return made.getvalue()
