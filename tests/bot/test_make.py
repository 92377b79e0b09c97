"""`sora make` end to end: a real worker, a real line, a model that draws grey."""

from __future__ import annotations

import asyncio
import getpass
import json
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.exc import DBAPIError

from bot import keyboard
from db import jobs
from db.session import Db
from db.settings import StoreSettings
from db.states import Status
from tests.support import toy
from tests.support.databases import Sqlite
from tests.support.processes import Processes, Running

LIMIT_SECONDS = 30


PUBLIC = "[wip] public [b] with a name that is longer than one line of a terminal is wide.mp4"


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

    async def is_rendering(self, job_id: int) -> None:
        """Wait until this job is being rendered."""
        await self._has(job_id, Status.RENDERING)

    async def is_in_line(self, job_id: int) -> None:
        """Wait until this job waits, or is even further."""
        await self._has(job_id, Status.QUEUED, Status.RENDERING)

    async def _has(self, job_id: int, *status: Status) -> None:
        db = Db(StoreSettings(data=self.folder / "data").database)
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            job = None
            with suppress(DBAPIError):  # no table is there yet
                async with db.read() as s:
                    job = await jobs.get(s, job_id)
            if job is not None and job.status in status:
                break
            assert time.monotonic() < deadline, job
            await asyncio.sleep(0.05)
        await db.close()

    def file(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture
def shell(sora_process: Processes, _sqlite: Sqlite, tmp_path: Path) -> Shell:
    _sqlite.migrated(tmp_path / "data", "sora.db")
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
    empty = shell.make("", output="empty.mp4")
    assert await again.ends() == 2
    assert "are already there; --force overwrites." in again.said()
    assert again.said().count("\n") == 1
    assert await empty.ends() == 2
    assert empty.said() == "Say what the clip should show: the prompt is empty.\n"


async def test_a_picture_goes_with_it_and_what_was_used_is_told(shell: Shell) -> None:
    picture = shell.file("wide.png")
    Image.new("RGB", (160, 90), "teal").save(picture)
    options = ("--image", str(picture), "--json")
    draft = shell.make("a circle", *options, "--steps", "9", output="draft.mp4")
    assert await draft.ends(60) == 0, draft.said()
    said = json.loads(draft.said().splitlines()[-1])
    assert (said["task"], said["aspect"], said["draft"]) == ("image", "16:9", True)
    assert (said["width"], said["steps"], said["final_steps"]) == (48, 1, 9)
    final = shell.make("a circle", *options, "--steps", "3", "--final", output="final.mp4")
    assert await final.ends(60) == 0, final.said()
    said = json.loads(final.said().splitlines()[-1])
    assert (said["draft"], said["width"], said["steps"]) == (False, 96, 3)
    refused = shell.make("a circle", "--image", str(picture), "--loop", output="no.mp4")
    assert await refused.ends(60) == 2
    assert "No model here can make a loop from a picture." in refused.said()


async def test_with_a_studio_it_stands_in_the_same_line(
    shell: Shell, sora_process: Processes
) -> None:
    up = sora_process.start("-m", "bot", "up", env={**shell.env, "SORA_PORT": "8953"})
    await up.line("worker.announced")

    refused = shell.make("a circle", "--aspect", "2:1")
    failed = shell.make("break it", output="broken.mp4")
    assert await refused.ends(30) == 2
    assert "16:9" in refused.said()
    assert await failed.ends(30) == 1
    assert "Grey can't draw a break." in failed.said()
    cancelled = shell.make("a circle", "--steps", "1000", "--final", output="never.mp4")
    await up.line(r"render\.started.*attempt=1.*job=2")
    published = shell.make("a circle", "--publish", output=PUBLIC)
    cancelled.popen.send_signal(signal.SIGINT)
    assert await cancelled.ends() == 130
    assert "cancelled" in cancelled.said()
    assert await published.ends(60) == 0, published.said()
    assert is_mp4(shell.file(PUBLIC))
    assert f"Wrote {shell.file(PUBLIC)} (job 3," in published.said()
    assert not shell.file("never.mp4").exists()
    assert "No studio is running" not in published.said()


async def test_one_that_waits_takes_the_place_of_a_studio_that_has_ended(shell: Shell) -> None:
    first = shell.make("a circle", "--steps", "1000", "--final", output="first.mp4")
    await shell.is_rendering(1)
    second = shell.make("a square", "--variations", "", output="second.mp4")
    await shell.is_in_line(2)
    first.popen.send_signal(signal.SIGINT)
    assert await first.ends() == 130
    assert await second.ends(60) == 0, second.said()
    assert "The studio here has ended; one is started for this clip" in second.said()
    assert is_mp4(shell.file("second.mp4"))


def test_somebody_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert keyboard.user().isdigit()
