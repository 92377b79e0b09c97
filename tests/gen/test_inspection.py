"""A video that others made is what was asked for, or it is refused; and nothing else of it is kept."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from gen import encode, inspection, inspector
from gen.credentials import Signing
from gen.engines.base import Film, Sound
from gen.expected import Expected, Unfit
from gen.signing_key import SigningKey
from tests.support.films import ball, decoded, noise

ASKED = Expected(width=96, height=64, frames=12, fps=8)
SECRET = "what nobody was asked for"


def clip(film: Film | None = None, fps: int = 8, **more: object) -> bytes:
    return encode.mp4(ball(12, 64, 96) if film is None else film, fps, **more)  # type: ignore[arg-type]


def written(codec: str = "libx264", pixels: str = "yuv420p", late: int = 0) -> bytes:
    """Another way to make one of the right size; ``late``: how much one frame is, in frames."""
    made = io.BytesIO()
    with av.open(made, "w", format="mp4", options={}) as container:
        stream: Any = container.add_stream(codec, rate=8)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        for number, picture in enumerate(ball(12, 64, 96)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = 4 * number + 4 * late * (number == 11), Fraction(1, 32)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return made.getvalue()


def two_tracks() -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as container:
        streams = [container.add_stream("libx264", rate=8) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for picture in ball(12, 64, 96):
            for stream in streams:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode())
    return made.getvalue()


UNFIT: dict[str, tuple[Callable[[], bytes], str]] = {
    "too small": (lambda: clip(ball(12, 64, 64)), "It is 64 × 64, not 96 × 64."),
    "too few frames": (lambda: clip(ball(11, 64, 96)), "It has 11 frames, not 12."),
    "too many": (lambda: clip(ball(13, 64, 96)), "It has more than 12 frames."),
    "too fast": (lambda: clip(fps=16), "It has 16 frames a second, not 8."),
    "another codec": (lambda: written("mpeg4"), "It is mpeg4 in yuv420p, not h264 in yuv420p."),
    "an unknown one": (lambda: clip().replace(b"avc1", b"zzzz"), inspection.UNREADABLE),
    "other colours": (lambda: written(pixels="yuv444p"), "It is h264 in yuv444p"),
    "one frame late": (lambda: written(late=2), "frames a second|doesn't come at its time"),
    "two tracks": (two_tracks, "It has other tracks"),
    "a picture": (lambda: encode.jpeg(noise(1, 64, 96)[0]), inspection.UNREADABLE),
    "cut short": (lambda: clip(noise(12, 64, 96))[:20_000], "."),
    "nothing": (lambda: b"", inspection.UNREADABLE),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_not_as_asked_is_refused(tmp_path: Path, name: str) -> None:
    make, sentence = UNFIT[name]
    file = tmp_path / "sent.mp4"
    file.write_bytes(make())
    with pytest.raises(Unfit, match=sentence):
        inspection.inspected(file, ASKED)


def test_what_is_kept_shows_the_same_and_says_nothing_else(tmp_path: Path) -> None:
    tone = Sound(np.sin(np.arange(24_000)[None] / 9).astype(np.float32), 16_000)
    sent = tmp_path / "sent.mp4"
    with (
        av.open(io.BytesIO(clip(sound=tone)), "r") as container,
        av.open(sent, "w", format="mp4") as copy,
    ):
        copy.metadata.update({"title": SECRET, "comment": SECRET})
        tracks = [copy.add_stream_from_template(stream) for stream in container.streams]
        for packet in container.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                copy.mux(packet)
    sent.write_bytes(sent.read_bytes() + SECRET.encode())
    kept, seen = inspection.inspected(sent, ASKED)
    assert sent.read_bytes().count(SECRET.encode()) == 3
    assert SECRET.encode() not in kept
    ours = tmp_path / "ours.mp4"
    ours.write_bytes(kept)
    assert np.array_equal(decoded(ours), decoded(sent))
    with av.open(ours) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert kept.index(b"moov") < kept.index(b"mdat"), "it starts before it is loaded"
    still, loop = inspection.told(seen, ASKED, tmp_path, "clip-1")
    again, _ = inspection.inspected(ours, ASKED)
    assert again == kept
    assert still.stat().st_size
    with Image.open(loop) as preview:
        assert (preview.size, getattr(preview, "n_frames", 1)) == ((96, 64), 12)


def test_how_far_two_clips_are_apart(tmp_path: Path) -> None:
    def shown(film: Film) -> list[np.ndarray]:
        file = tmp_path / "clip.mp4"
        file.write_bytes(clip(film))
        return inspection.sampled(inspection.inspected(file, ASKED)[1], ASKED)

    one = shown(ball(12, 64, 96))
    assert inspection.apart(one, one) == 0
    assert inspection.apart(one, shown(ball(12, 64, 96, step=1))) > 2
    red, blue = (
        np.broadcast_to(c, (12, 64, 96, 3)).astype(np.uint8) for c in ((200, 0, 0), (0, 0, 200))
    )
    assert inspection.apart(shown(red), shown(blue)) > 50, "colours count"
    noisy = np.clip(ball(12, 64, 96).astype(int) + noise(12, 64, 96) % 5, 0, 255).astype(np.uint8)
    assert inspection.apart(one, shown(noisy)) < 3


async def test_whoever_reads_it_is_told_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "heard"
    tells = (
        f"import os, sys; print(os.environ, sys.stdin.readline(), file=open({str(heard)!r}, 'w'))"
    )
    monkeypatch.setattr(inspector, "COMMAND", (sys.executable, "-c", tells))
    monkeypatch.setenv("SORA_DATABASE_URL", "postgresql://sora:password@db/sora")
    signing = Signing(SigningKey("es256", "certificates", "private key"), ())
    with pytest.raises(Unfit, match=inspector.CRASHED):
        await inspector.clips([tmp_path / "sent.mp4"], [7], ASKED, tmp_path, signing, None)
    said = heard.read_text()
    assert "sent.mp4" in said
    assert not [secret for secret in ("private key", "password", "SORA_") if secret in said]
