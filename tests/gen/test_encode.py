"""Clips are what every player expects: checked by decoding them again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from gen import encode
from gen.engines.base import Film

LEFT, RIGHT = (220, 30, 40), (20, 190, 90)


def halves(frames: int, height: int, width: int) -> Film:
    film = np.zeros((frames, height, width, 3), np.uint8)
    film[:, :, : width // 2] = LEFT
    film[:, :, width // 2 :] = RIGHT
    return film


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def assert_close(picture: np.ndarray, tolerance: int = 6) -> None:
    height, width, _ = picture.shape
    for x, colour in ((width // 4, LEFT), (3 * width // 4, RIGHT)):
        assert np.abs(picture[height // 2, x].astype(int) - colour).max() <= tolerance


@pytest.mark.parametrize(("height", "width", "fps"), [(64, 64, 12), (177, 321, 24), (63, 40, 30)])
def test_a_clip_decodes_to_what_went_in(tmp_path: Path, height: int, width: int, fps: int) -> None:
    frames = 9
    files = encode.clip(halves(frames, height, width), fps, tmp_path, "clip-1")
    video = decoded(files.video)
    assert len(video) == frames
    assert video[0].shape == (height + height % 2, width + width % 2, 3)
    (poster,) = decoded(files.poster)
    assert poster.shape == (height, width, 3)
    (preview,) = decoded(files.preview)  # of nothing that moves, it is a still
    assert preview.shape[1] == min(width, 256)
    for picture in (video[0], video[-1], poster):
        assert_close(picture)
    assert_close(preview, tolerance=16)


def test_players_are_told_rate_and_colours(tmp_path: Path) -> None:
    files = encode.clip(halves(24, 64, 64), 12, tmp_path, "clip-1")
    with av.open(files.video) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(12)
        assert container.duration == 2_000_000  # microseconds
        context = stream.codec_context
        assert (context.profile, context.pix_fmt) == ("High", "yuv420p")
        assert context.color_primaries == ColorPrimaries.BT709
        assert context.color_trc == ColorTrc.BT709
        assert context.colorspace == Colorspace.ITU709
        assert context.color_range == ColorRange.MPEG


def test_a_clip_starts_before_it_is_loaded(tmp_path: Path) -> None:
    data = encode.clip(halves(8, 64, 64), 8, tmp_path, "clip-1").video.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(("fps", "frames", "shown"), [(8, 8, 8), (12, 24, 24), (24, 24, 12)])
def test_the_preview_moves_but_stays_small(
    tmp_path: Path, fps: int, frames: int, shown: int
) -> None:
    film = halves(frames, 180, 320)
    for number in range(frames):
        film[number, 80:100, 10 * number : 10 * number + 20] = 255
    data = encode.clip(film, fps, tmp_path, "clip-1").preview.read_bytes()
    assert int.from_bytes(data[4:8], "little") == len(data) - 8, "it is whole"
    assert data.count(b"ANMF") == shown
    assert int.from_bytes(data[24:27], "little") + 1 == 256, "pixels wide"


def test_the_poster_is_the_middle_frame(tmp_path: Path) -> None:
    film = np.zeros((9, 32, 32, 3), np.uint8)
    film[4] = 255
    (poster,) = decoded(encode.clip(film, 8, tmp_path, "clip-1").poster)
    assert poster.min() > 250


def test_a_single_frame_is_a_clip_too(tmp_path: Path) -> None:
    files = encode.clip(halves(1, 64, 64), 8, tmp_path, "clip-1")
    assert len(decoded(files.video)) == 1
    assert files.preview.stat().st_size > 0
