"""Children that die, that don't want to end, and that leave children of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from bot import children
from bot.children import Child, Children

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
WITH_CHILD = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(600)']); print('pid', p.pid, flush=True); p.wait()"
)
LIMIT_SECONDS = 60


class Heard:
    """What children said, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, who: str, colour: str, line: str) -> None:
        self.lines.append(line)

    async def count(self, part: str, times: int = 1) -> list[str]:
        deadline = time.monotonic() + LIMIT_SECONDS
        while len(found := [line for line in self.lines if part in line]) < times:
            assert time.monotonic() < deadline, self.lines
            await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def kept(program: str, heard: Heard, **options: float) -> AsyncIterator[Child]:
    child = Child(
        "child", [sys.executable, "-c", program], heard, stop_seconds=options.get("stop", 5)
    )
    family = Children()
    family.start(child)
    try:
        yield child
    finally:
        await family.stop()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(children, "LONGEST_PAUSE_SECONDS", 0.2)


async def test_pauses_double_up_to_the_longest_and_the_doctor_is_named_once() -> None:
    heard = Heard()
    async with kept("raise SystemExit(3)", heard):
        said = await heard.count("status 3", times=5)
    assert [line.split("again in ")[1] for line in said[:5]] == [
        "0.05 s.",
        "0.1 s.",
        "0.2 s.",
        "0.2 s.",
        "0.2 s.",
    ]
    assert len(await heard.count("sora doctor")) == 1


async def test_a_good_life_is_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GOOD_LIFE_SECONDS", 0.0)
    heard = Heard()
    async with kept("pass", heard):
        said = await heard.count("status 0", times=3)
    assert all(line.endswith("in 0.05 s.") for line in said)


async def test_a_killed_child_comes_back_though_its_own_child_holds_the_pipe() -> None:
    heard = Heard()
    async with kept(WITH_CHILD, heard):
        grandchild = int((await heard.count("pid"))[0].split()[1])
        os.kill(psutil.Process(grandchild).ppid(), signal.SIGKILL)
        await heard.count("killed by SIGKILL")
        await heard.count("pid", times=2)
        await gone(grandchild)


async def test_one_that_will_not_end_is_killed_after_its_limit() -> None:
    heard = Heard()
    async with kept(STUBBORN, heard, stop=0.2):
        await heard.count("up")
    assert any("was killed" in line for line in heard.lines)


async def test_a_program_that_is_not_there_is_said() -> None:
    heard = Heard()
    family = Children()
    family.start(Child("child", ["/nonexistent/program"], heard))
    await heard.count("can't be started")
    await family.stop()


async def test_a_line_too_long_to_pass_on_stops_nothing() -> None:
    heard = Heard()
    async with kept(f"print('x' * {3 * children.LINE_BYTES}); {FOREVER}", heard):
        await heard.count("up")


async def gone(pid: int) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
