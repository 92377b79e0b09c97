"""Clips are what every player expects: checked by decoding them again."""

from __future__ import annotations

import itertools
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from gen import encode, pictures
from gen.engines.base import Film, Sound
from tests.support.films import ball, decoded, noise, plain

LEFT, RIGHT = (220, 30, 40), (20, 190, 90)


def halves(frames: int, height: int, width: int) -> Film:
    film = np.zeros((frames, height, width, 3), np.uint8)
    film[:, :, : width // 2] = LEFT
    film[:, :, width // 2 :] = RIGHT
    return film


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


@pytest.mark.parametrize(("height", "width"), [(63, 41), (64, 96), (180, 320)])
def test_an_upscaled_clip_is_twice_as_large_in_all_its_files(
    tmp_path: Path, height: int, width: int
) -> None:
    files = encode.clip(halves(9, height, width), 8, tmp_path, "clip-1", upscale=True)
    video, (poster,), (preview,) = map(decoded, (files.video, files.poster, files.preview))
    assert len(video) == 9
    assert video[0].shape == poster.shape == (2 * height, 2 * width, 3)
    assert preview.shape[1] == min(2 * width, 256)
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


COLOURS = [
    *itertools.product((0, 255), repeat=3),
    *((128, 128, 128), (220, 30, 40), (20, 190, 90), (64, 128, 255), (255, 128, 0), (7, 9, 60)),
]


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_is_what_it_was(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    files = encode.clip(plain(3, 64, colour), 24, tmp_path, "clip-1")
    for picture in decoded(files.video):
        assert np.abs(picture.astype(int) - colour).max() <= 2


@pytest.mark.parametrize("fps", [12, 16, 24, 60, Fraction(24000, 1001)])
def test_the_rate_is_exact(tmp_path: Path, fps: int | Fraction) -> None:
    files = encode.clip(plain(20, 64, (9, 99, 199)), fps, tmp_path, "clip-1")
    with av.open(files.video) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == fps
        assert stream.frames == 20
        times = [(frame.pts or 0) * (frame.time_base or 0) for frame in container.decode(stream)]
        assert times == [number / Fraction(fps) for number in range(20)]


def click(seconds: float, rate: int, channels: int, at: float) -> Sound:
    """Silence with 5 ms of noise at one moment."""
    samples = np.zeros((channels, round(seconds * rate)), np.float32)
    begin = round(at * rate)
    samples[:, begin : begin + rate // 200] = 0.9
    return Sound(samples, rate)


def heard(path: Path) -> tuple[np.ndarray, int]:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        parts = [frame.to_ndarray() for frame in container.decode(stream)]
        return np.concatenate(parts, axis=1), stream.rate


@pytest.mark.parametrize("fps", [16, 24, Fraction(24000, 1001)])
@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (44100, 1), (16000, 2), (22050, 3)])
def test_sound_is_heard_when_it_is_seen(
    tmp_path: Path, fps: int | Fraction, rate: int, channels: int
) -> None:
    frames = 3 * round(fps)
    sound = click(float(frames / Fraction(fps)), rate, channels, at=1.5)
    path = encode.clip(plain(frames, 64, (0, 0, 0)), fps, tmp_path, "clip-1", sound).video
    samples, heard_rate = heard(path)
    assert len(samples) == (2 if channels == 2 else 1), "any more are mixed into one"
    assert np.abs(samples).max() > 0.3
    assert abs(np.argmax(np.abs(samples[0]) > 0.2) / heard_rate - 1.5) < 0.01
    data = path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 5.0])
def test_sound_lasts_as_long_as_the_frames(tmp_path: Path, seconds: float) -> None:
    sound = Sound(np.full((2, round(seconds * 32000)), 0.1, np.float32), 32000)
    files = encode.clip(plain(48, 64, (0, 0, 0)), 24, tmp_path, "clip-1", sound)
    with av.open(files.video) as container:
        lasting = {s.type: float((s.duration or 0) * (s.time_base or 0)) for s in container.streams}
    assert lasting["video"] == 2
    assert abs(lasting["audio"] - 2) < 1 / 24


def test_sound_that_is_no_number_or_too_loud_is_still_sound(tmp_path: Path) -> None:
    samples = np.full((1, 48000), 9, np.float32)
    samples[:, ::7] = np.nan
    path = encode.clip(plain(24, 64, (0, 0, 0)), 24, tmp_path, "c", Sound(samples, 48000)).video
    assert np.isfinite(heard(path)[0]).all()


def test_a_silent_model_leaves_no_track(tmp_path: Path) -> None:
    files = encode.clip(plain(8, 64, (0, 0, 0)), 8, tmp_path, "clip-1")
    with av.open(files.video) as container:
        assert not container.streams.audio


@pytest.mark.slow
@pytest.mark.parametrize("fps", [12, 24])
def test_even_a_preview_of_noise_is_within_its_limit(fps: int) -> None:
    data = encode.preview(noise(96, 768, 768), fps)
    assert data.count(b"ANMF") > 4, "it still moves"
    assert 100_000 < len(data) <= 1_000_000


def test_the_poster_is_the_most_telling_frame(tmp_path: Path) -> None:
    film = ball(9, 64, 128)
    film[2:] = 0
    (poster,) = decoded(encode.clip(film, 8, tmp_path, "clip-1").poster)
    assert np.abs(poster.astype(int) - film[1]).mean() < 6


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


def test_a_single_frame_is_a_clip_too(tmp_path: Path) -> None:
    files = encode.clip(halves(1, 64, 64), 8, tmp_path, "clip-1")
    assert len(decoded(files.video)) == 1
    assert files.preview.stat().st_size > 0


@pytest.mark.parametrize("width", [192, 190])  # rows that lie together when decoded, and apart
def test_a_clip_is_read_again_whole_or_from_near_its_end(tmp_path: Path, width: int) -> None:
    film = ball(48, 128, width)
    path = encode.clip(film, 24, tmp_path, "clip-1").video
    again = pictures.film(path)
    assert again.shape == film.shape
    assert np.abs(again.astype(int) - film).mean() < 4
    assert (pictures.end(path, 24) == again[-24:]).all()
    assert (pictures.end(path, 12) == again[-24:][1::2]).all()


READ_AGAIN = """
import sys
from pathlib import Path
from gen import pictures

def most() -> int:
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return 1024 * int(line.split()[1])

before = most()
film = pictures.film(Path(sys.argv[1]))
print((most() - before) / film.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells its peak")
def test_a_clip_that_is_read_again_is_held_once(tmp_path: Path) -> None:
    path = encode.clip(np.full((120, 360, 640, 3), 90, np.uint8), 24, tmp_path, "clip-1").video
    # Decoded frames are not Python's, so that only a process of its own shows what they took.
    asked = [sys.executable, "-c", READ_AGAIN, str(path)]
    answer = subprocess.run(asked, capture_output=True, check=True, text=True)
    assert float(answer.stdout) < 1.6
