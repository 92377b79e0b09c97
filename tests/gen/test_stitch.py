"""Films of real MP4s, put together and read back."""

from __future__ import annotations

import resource
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gen import encode
from gen.credits import PAGE_SECONDS
from gen.engines.base import CannotMake, Film, Picture
from gen.order import Order, Piece
from gen.stitch import GONE, SMALL_FRAMES, Stitched, stitch
from tests.support import films
from tests.support.processes import ROOT

FPS = 24
STEP = 3
"""Pixels that the ball goes from frame to frame."""


def write(folder: Path, name: str, film: Film, fps: int = FPS) -> Path:
    path = folder / f"{name}.mp4"
    path.write_bytes(encode.mp4(film, fps))
    return path


def made(
    folder: Path, *pieces: Piece, credits: tuple[str, ...] = (), title: tuple[str, ...] = ()
) -> Stitched:
    return stitch(Order(pieces, credits, title), folder, "film", lambda done, total: None)


def ball_at(picture: Picture) -> float:
    """Where the red ball is, from the left."""
    red = (picture[..., 0].astype(int) - picture[..., 1] > 90) & (picture[..., 2] < 110)
    return float(red.nonzero()[1].mean())


def colour(picture: Picture) -> np.ndarray:
    return np.asarray(picture[:40].reshape(-1, 3).mean(0))


def shifted(film: Film) -> Film:
    """As a model draws it that gets exposure and white balance a little wrong."""
    return np.asarray((film * np.array([0.8, 0.95, 1.1]) + 5).clip(0, 255), np.uint8)


@pytest.mark.parametrize("again", [0, 1, 4, 15])
def test_a_seam_repeats_no_frame_and_leaves_none_out(tmp_path: Path, again: int) -> None:
    whole = films.ball(60, 144, 256, step=STEP)
    first = write(tmp_path, "first", whole[:30])
    second = write(tmp_path, "second", whole[30 - again :])
    film = made(tmp_path, Piece(first), Piece(second, follows=True))
    shown = films.decoded(film.files.video)
    assert len(shown) == film.frames == 60
    steps = np.diff([ball_at(picture) for picture in shown])
    assert (steps > 0).all(), steps
    # Where the clips share no frame, the old one fades away over the new one and draws the ball back.
    assert np.abs(steps - STEP).max() < (1 if again > 5 else 2 * STEP), steps


def test_at_a_seam_the_colours_stay_as_they_were_and_change_by_and_by(tmp_path: Path) -> None:
    whole = films.ball(60, 144, 256, step=STEP)
    off = shifted(whole)
    first = write(tmp_path, "first", whole[:30])
    second = write(tmp_path, "second", off[26:])
    shown = films.decoded(made(tmp_path, Piece(first), Piece(second, follows=True)).files.video)
    as_it_was, as_it_came = colour(whole[30]), colour(off[30])
    before = np.abs(as_it_came - as_it_was).max()
    after = np.abs(colour(shown[30]) - colour(shown[29])).max()
    assert after < before / 8, (before, after)
    assert np.abs(colour(shown[-1]) - colour(off[-1])).max() < 3, "in the end it is as it came"
    jumps = [np.abs(colour(b) - colour(a)).max() for a, b in pairwise(shown)]
    assert max(jumps) < before / 4, "nowhere does it jump"


def test_a_cut_is_a_cut(tmp_path: Path) -> None:
    red = write(tmp_path, "red", films.plain(12, 64, (200, 20, 20)))
    blue = write(tmp_path, "blue", films.plain(12, 64, (20, 20, 200)))
    shown = films.decoded(made(tmp_path, Piece(red), Piece(blue)).files.video)
    assert len(shown) == 24
    assert shown[11].mean((0, 1)) == pytest.approx((200, 20, 20), abs=4)
    assert shown[12].mean((0, 1)) == pytest.approx((20, 20, 200), abs=4)


def test_clips_that_stand_still_lose_nothing(tmp_path: Path) -> None:
    grey = write(tmp_path, "grey", films.plain(24, 64, (90, 90, 90)))
    assert made(tmp_path, Piece(grey), Piece(grey, follows=True)).frames == 48


def test_clips_of_other_sizes_and_rates_fit_in_and_last_as_long(tmp_path: Path) -> None:
    small = write(tmp_path, "small", films.plain(24, 64, (200, 20, 20)), 12)
    large = write(tmp_path, "large", films.plain(24, 128, (20, 200, 20)), 24)
    wide = np.full((8, 48, 96, 3), (20, 20, 200), np.uint8)
    film = made(tmp_path, Piece(small), Piece(large), Piece(write(tmp_path, "wide", wide, 8)))
    assert (film.width, film.height, film.fps) == (128, 128, 24)
    assert film.frames == 24 * (2 + 1 + 1)
    shown = films.decoded(film.files.video)
    assert {picture.shape for picture in shown} == {(128, 128, 3)}
    last = shown[-1]
    assert last[64, 64] == pytest.approx((20, 20, 200), abs=6)
    assert last[10, 64] == pytest.approx((0, 0, 0), abs=3), "what is too wide has black around it"
    with av.open(film.files.video) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 24
        assert stream.codec_context.name == "h264"
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base == Fraction(4)


def test_a_film_has_the_shape_that_most_of_its_clips_have(tmp_path: Path) -> None:
    square = write(tmp_path, "square", films.plain(4, 64, (200, 20, 20)))
    wide = write(tmp_path, "wide", np.full((4, 48, 96, 3), (20, 20, 200), np.uint8))
    film = made(tmp_path, Piece(square), Piece(wide), Piece(wide))
    assert (film.width, film.height) == (96, 48)
    first = films.decoded(film.files.video)[0]
    assert first[24, 48] == pytest.approx((200, 20, 20), abs=6)
    assert first[24, 8] == pytest.approx((0, 0, 0), abs=3), "what is too high has black beside it"


def test_a_glimpse_is_the_last_second_and_no_more(tmp_path: Path) -> None:
    whole = films.ball(60, 144, 256, step=STEP)
    film = made(tmp_path, Piece(write(tmp_path, "clip", whole), seconds=1.0))
    shown = films.decoded(film.files.video)
    assert len(shown) == FPS
    assert ball_at(shown[0]) == pytest.approx(ball_at(whole[36]), abs=2)
    assert ball_at(shown[-1]) == pytest.approx(ball_at(whole[59]), abs=2)
    short = made(tmp_path, Piece(write(tmp_path, "short", whole[:10]), seconds=1.0))
    assert short.frames == 10


def test_the_credits_come_last_and_stand_neither_for_the_film_nor_in_its_preview(
    tmp_path: Path,
) -> None:
    whole = films.ball(48, 144, 256, step=STEP)
    film = made(tmp_path, Piece(write(tmp_path, "clip", whole)), credits=("A film by Ada",))
    assert film.frames == 48 + PAGE_SECONDS * FPS
    middle = films.decoded(film.files.video)[48 + FPS]
    assert middle.max() > 200
    assert (middle.max(-1) < 16).mean() > 0.9
    with Image.open(film.files.poster) as poster:
        assert poster.size == (256, 144)
        assert np.asarray(poster).mean() > 60
    with Image.open(film.files.preview) as preview:
        assert preview.n_frames == 24  # type: ignore[attr-defined]
        for number in range(preview.n_frames):  # type: ignore[attr-defined]
            preview.seek(number)
            assert np.asarray(preview.convert("RGB")).mean() > 60


def test_a_title_comes_first_and_the_poster_shows_the_film_all_the_same(tmp_path: Path) -> None:
    whole = films.ball(24, 144, 256, step=STEP)
    film = made(tmp_path, Piece(write(tmp_path, "clip", whole)), title=("The best of a week",))
    assert film.frames == PAGE_SECONDS * FPS + 24
    shown = films.decoded(film.files.video)
    title = shown[FPS]
    assert title.max() > 200
    assert (title.max(-1) < 16).mean() > 0.9
    assert ball_at(shown[int(PAGE_SECONDS) * FPS]) == pytest.approx(ball_at(whole[0]), abs=2)
    with Image.open(film.files.poster) as poster:
        assert np.asarray(poster).mean() > 60


def test_a_clip_that_is_gone_or_broken_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotMake, match=GONE):
        made(tmp_path, Piece(tmp_path / "none.mp4"))
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(CannotMake, match=GONE):
        made(tmp_path, Piece(tmp_path / "broken.mp4"))


HUNGRY = """
import resource, sys
from pathlib import Path
from gen.order import Order, Piece
from gen.stitch import stitch
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
clip, folder, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
stitch(Order((Piece(clip),) * count), folder, f"film-{count}", lambda done, total: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_long_film_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    clip = write(tmp_path, "clip", films.ball(48, 360, 640))

    def taken(count: int) -> float:
        arguments = [sys.executable, "-c", HUNGRY, str(clip), str(tmp_path), str(count)]
        run = subprocess.run(arguments, capture_output=True, check=True, timeout=100, cwd=ROOT)
        return int(run.stdout) / (1024 if resource.RUSAGE_SELF == 0 else 1)

    whole = 48 * 360 * 640 * 3 / 2**20
    short, long = taken(2), taken(7)
    assert long - short < 0.5 * whole, "five more clips, and less than half of one more in memory"
    preview = tmp_path / "film-7.webp"
    with Image.open(preview) as opened:
        assert opened.n_frames <= SMALL_FRAMES  # type: ignore[attr-defined]
