"""`sora make` end to end: a real worker, a real line, a model that draws grey."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.support import toy
from tests.support.processes import Processes, Running


class Shell:
    """Runs `sora make` in a folder."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self._processes = processes
        self.folder = folder
        self.env = {"SORA_MODELS": str(toy.models(folder)), "SORA_DATA": str(folder / "data")}

    def make(self, prompt: str, *options: str, output: str = "clip.mp4") -> Running:
        place = str(self.folder / output)
        return self._processes.start(
            "-m", "bot", "make", prompt, "-o", place, *options, env=self.env
        )

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture
def shell(sora_process: Processes, tmp_path: Path) -> Shell:
    return Shell(sora_process, tmp_path)


def is_mp4(file: Path) -> bool:
    return file.read_bytes()[4:8] == b"ftyp"


async def test_it_needs_no_studio_and_tells_what_it_made(shell: Shell) -> None:
    making = shell.make("a mauve circle", "--variations", "2", "--seed", "7", "--json")
    assert await making.ends(60) == 0, making.said()
    said = json.loads(making.said().splitlines()[-1])
    assert [Path(clip["file"]).name for clip in said["clips"]] == ["clip-1.mp4", "clip-2.mp4"]
    assert [clip["seed"] for clip in said["clips"]] == [7, 8]
    assert (said["status"], said["private"], said["model"]) == ("ready", True, "grey")
    assert all(is_mp4(Path(clip["file"])) for clip in said["clips"])
    assert "Note: I don't know the word “mauve”." in making.said()

    again = shell.make("a circle", "--variations", "2")
    assert await again.ends() == 2
    assert "are already there; --force overwrites." in again.said()
    assert again.said().count("\n") == 1


async def test_with_a_studio_it_stands_in_the_same_line(
    shell: Shell, sora_process: Processes
) -> None:
    up = sora_process.start("-m", "bot", "up", env={**shell.env, "SORA_PORT": "8953"})
    await up.line("worker.announced")

    refused = shell.make("a circle", "--aspect", "2:1")
    failed = shell.make("break it", output="broken.mp4")
    assert await refused.ends(30) == 2
    assert "aspect is one of 1:1, 16:9" in refused.said()
    assert await failed.ends(30) == 1
    assert "Grey can't draw a break." in failed.said()
    cancelled = shell.make("a circle", "--steps", "1000", output="never.mp4")
    await up.line(r"render\.started.*attempt=1.*job=2")
    published = shell.make("a circle", "--publish", output="public.mp4")
    cancelled.popen.send_signal(signal.SIGINT)
    assert await cancelled.ends() == 130
    assert "cancelled" in cancelled.said()
    assert await published.ends(60) == 0, published.said()
    assert is_mp4(shell.file("public.mp4"))
    assert not shell.file("never.mp4").exists()
    assert "No studio is running" not in published.said()
