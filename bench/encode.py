"""Milliseconds to make the files of a clip, beside the usual ways to make its MP4 alone.

``python -m bench.encode`` encodes the same film in turn by this project, by bare PyAV with the same
settings of x264, and by diffusers' ``export_to_video`` where ``imageio`` and ``imageio-ffmpeg`` are
installed; then four clips one after the other and as the render child does it, and signs one.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import av
import numpy as np
from av.video.frame import VideoFrame
from diffusers.utils.export_utils import export_to_video
from diffusers.utils.import_utils import is_imageio_available
from PIL import Image

from bench.figures import published
from bench.report import Figure, main, say
from db.credentials import Flags
from gen import credentials, encode, finish, poster, signing_key
from gen.child import ENCODERS
from gen.credentials import Claim
from gen.engines.base import Film
from gen.settings import WorkerSettings

FPS = 16
SMALL, LARGE = (64, 256, 256), (81, 480, 832)
ROUNDS, QUICK_ROUNDS = 7, 3
CLIPS = 4
LIMIT_SECONDS = 300.0
CLAIM = Claim(
    "Clip 1 of job 1",
    "commons-shapes",
    "Apache-2.0",
    "https://www.apache.org/licenses/LICENSE-2.0",
    credentials.prompt_hash("a red circle", "salt"),
    Flags(),
)


async def measure(quick: bool) -> list[Figure]:
    rounds = QUICK_ROUNDS if quick else ROUNDS
    figures = []
    with tempfile.TemporaryDirectory() as name:
        for shape in (SMALL, LARGE):
            say(f"encode: {shape}")
            ms, against = await _milliseconds(film_of(*shape), Path(name), rounds)
            figures += _published(ms, against) if shape == LARGE else []
            figures += _others(ms, shape)
    return figures


async def _milliseconds(film: Film, folder: Path, rounds: int) -> tuple[dict[str, float], str]:
    """What each way takes, and what the MP4 is compared with."""
    images = [Image.fromarray(picture) for picture in film]
    files = encode.clip(film, FPS, folder, "clip")
    video, key = files.video.read_bytes(), signing_key.hold(WorkerSettings(data=folder))
    ways: dict[str, Callable[[], object]] = {
        "MP4": lambda: encode.mp4(film, FPS),
        "bare": lambda: _bare(film, folder / "bare.mp4"),
        "signing": lambda: credentials.signed(video, CLAIM, key),
        "poster": lambda: encode.jpeg(film[poster.telling(film)]),
        "preview": lambda: encode.preview(film, FPS),
        "all three files": lambda: encode.clip(film, FPS, folder, "clip"),
        "upscaled": lambda: sum(1 for _ in finish.upscaled(film)),
        "smoothed": lambda: finish.smoothed(film),
        "in turn": lambda: [_one(film, folder, number) for number in range(CLIPS)],
        "at once": lambda: _at_once(film, folder),
    }
    if is_imageio_available():
        ways["diffusers"] = lambda: export_to_video(images, str(folder / "diffusers.mp4"), FPS)
    ms = await _alternating(ways, rounds)
    against = f"bare PyAV {ms['bare']:,.0f} ms"
    if "diffusers" in ms:
        against += f", diffusers' export_to_video {ms['diffusers']:,.0f} ms"
    return ms, f"{against}; {files.video.stat().st_size / 1e3:,.0f} kB"


def _published(ms: dict[str, float], against: str) -> list[Figure]:
    encoding = ms["all three files"]
    return [
        published("encode: MP4 of 81 frames", ms["MP4"], against),
        published("encode: beside bare PyAV", 100 * ms["MP4"] / ms["bare"]),
        published("encode: all three files", encoding),
        published("encode: signing a clip", ms["signing"]),
        published("encode: signing, beside encoding", 100 * ms["signing"] / encoding),
    ]


def _others(ms: dict[str, float], shape: tuple[int, ...]) -> list[Figure]:
    frames, height, width = shape
    title, in_turn = f"encode: {frames} of {width} × {height}", ms["in turn"]
    return [
        *(Figure(f"{title}, {way}", ms[way], "ms") for way in ("MP4", "poster", "preview")),
        Figure(
            f"{title}, {CLIPS} clips", ms["at once"], "ms", f"one after the other {in_turn:,.0f} ms"
        ),
        *(Figure(f"{title}, {way} ×2", ms[way], "ms") for way in ("upscaled", "smoothed")),
    ]


async def _alternating(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each, taken in turn so that a busy moment burdens all alike."""
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            began = time.perf_counter()
            work()
            took[way].append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0)  # here the bench can be ended
    return {way: median(times) for way, times in took.items()}


def _one(film: Film, folder: Path, number: int) -> encode.Files:
    return encode.clip(film, FPS, folder, f"clip-{number}")


def _at_once(film: Film, folder: Path) -> Sequence[encode.Files]:
    with ThreadPoolExecutor(ENCODERS) as pool:
        return list(pool.map(lambda number: _one(film, folder, number), range(CLIPS)))


def _bare(film: Film, path: Path) -> None:
    """The shortest way to an MP4 of the same quality: to a file, colours as they come."""
    options = {"profile": "high", "preset": "veryfast", "crf": str(encode.CRF)}
    with av.open(path, "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.height, stream.width = film.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for picture in film:
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def film_of(frames: int, height: int, width: int) -> Film:
    """A disc that moves over moving waves, with a little grain."""
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(0)
    film = np.empty((frames, height, width, 3), np.uint8)
    for number in range(frames):
        waves = np.sin((x + number) / 37), np.sin(y / 23), np.cos((x + y - number) / 51)
        picture = 128 + 90 * np.stack(waves, -1) + rng.normal(0, 2, (height, width, 1))
        centre = width * (0.2 + 0.6 * number / frames)
        picture[(x - centre) ** 2 + (y - height / 2) ** 2 < (height / 6) ** 2] = (230, 40, 30)
        film[number] = picture.clip(0, 255)
    return film


if __name__ == "__main__":
    main("encode", __doc__, measure, LIMIT_SECONDS)
