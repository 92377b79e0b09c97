"""A clip fits the limit of the room it is sent to: made once, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gen import encode, ladder
from gen.engines.base import Sound
from tests.support.films import ball, decoded, noise

SOUND = Sound((np.sin(np.arange(2 * 32000)[None] / 20) / 2).astype(np.float32), 32000)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds that are hard to compress, with sound."""
    return encode.clip(noise(24, 128, 192), 12, tmp_path, "clip-1", SOUND).video


def seconds(path: Path) -> dict[str, float]:
    with av.open(path) as container:
        return {s.type: float((s.duration or 0) * (s.time_base or 0)) for s in container.streams}


@pytest.mark.parametrize("part", [0.9, 0.5, 0.25, 0.1])
def test_it_fits_and_lasts_as_long_and_sounds(clip: Path, tmp_path: Path, part: float) -> None:
    limit = round(clip.stat().st_size * part)
    fitted = ladder.fit(clip, limit, tmp_path / "fitted")
    assert 0.3 * limit < fitted.stat().st_size <= limit
    assert seconds(fitted) == pytest.approx({"video": 2, "audio": 2}, abs=1 / 12)
    with av.open(fitted) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 12
        assert stream.frames == 24
        assert stream.width * 2 == stream.height * 3
        assert stream.codec_context.pix_fmt == "yuv420p"
    data = fitted.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_what_it_shows_is_the_same(tmp_path: Path) -> None:
    film = ball(12, 128, 192)
    source = encode.clip(film, Fraction(24000, 1001), tmp_path, "clip-1").video
    fitted = ladder.fit(source, source.stat().st_size * 2 // 3, tmp_path)
    shown = decoded(fitted)
    assert len(shown) == len(film)
    assert shown[0].shape == film[0].shape, "a little coarser is better than smaller"
    assert np.abs(np.stack(shown).astype(int) - film).mean() < 6


def test_what_fits_already_is_left_alone(clip: Path, tmp_path: Path) -> None:
    assert ladder.fit(clip, clip.stat().st_size, tmp_path / "fitted") == clip
    assert not (tmp_path / "fitted").exists()


def test_the_same_is_not_made_again(clip: Path, tmp_path: Path) -> None:
    limit = clip.stat().st_size // 2
    fitted = ladder.fit(clip, limit, tmp_path)
    made = fitted.stat().st_mtime_ns
    elsewhere = clip.rename(tmp_path / "same-content.mp4")
    assert ladder.fit(elsewhere, limit, tmp_path) == fitted
    assert fitted.stat().st_mtime_ns == made
    assert ladder.fit(elsewhere, limit - 1, tmp_path) != fitted


def test_several_who_ask_at_once_get_the_same_whole_file(clip: Path, tmp_path: Path) -> None:
    limit, folder = clip.stat().st_size // 3, tmp_path / "fitted"
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ladder.fit, clip, limit, folder) for _ in range(4)]
    assert len({each.result() for each in asked}) == 1
    assert [path.name for path in folder.iterdir()] == [asked[0].result().name]
    assert len(decoded(asked[0].result())) == 24


def test_what_cannot_fit_says_how_small_it_can_be(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ladder.CannotFit) as refused:
        ladder.fit(clip, 500, tmp_path / "fitted")
    assert f"{refused.value.smallest:,}" in str(refused.value)
    assert not (tmp_path / "fitted").exists()
    smallest = ladder.fit(clip, refused.value.smallest, tmp_path / "fitted")
    assert smallest.stat().st_size == refused.value.smallest


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gen.ladder", *map(str, arguments)]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_its_door_prints_where_the_file_is(clip: Path, tmp_path: Path) -> None:
    limit = clip.stat().st_size // 2
    ended = run(clip, limit, tmp_path / "fitted")
    assert ended.returncode == 0, ended.stderr
    path = Path(ended.stdout.removesuffix("\n"))
    assert path.parent == tmp_path / "fitted"
    assert path.stat().st_size <= limit


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [(500, "the smallest it can be is"), (0, "at least 1 byte")],
)
def test_its_door_refuses_in_one_sentence(clip: Path, limit: int, sentence: str) -> None:
    ended = run(clip, limit, clip.parent)
    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_its_door_refuses_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video " * 100)
    for name in ("text.mp4", "missing.mp4"):
        ended = run(tmp_path / name, 100, tmp_path)
        assert ended.returncode != 0
        assert "can't be made smaller" in ended.stderr
        assert "Traceback" not in ended.stderr
