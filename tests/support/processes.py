"""Real processes for the tests that kill them: doors, started, watched and always reaped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).parents[2]
MARK = "TEST_PROCESSES_OF"
POLL_SECONDS = 0.05
REAP_SECONDS = 5

# What a process of ours may know of the machine; everything else it is told by the test.
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass
class Running:
    """One started process; everything it says goes to ``log``."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    async def line(self, pattern: str, within: float = 60) -> str:
        """Wait for a line that matches; fails at once when the process ends without saying it."""
        deadline = time.monotonic() + within
        while True:
            ended = not self.alive  # asked first, so that last words are still read below
            for line in self.said().splitlines():
                if re.search(pattern, line):
                    return line
            self._go_on_until(deadline, ended, f"no line like {pattern!r}")
            await asyncio.sleep(POLL_SECONDS)

    async def answers(self, url: str, within: float = 60, status: int = 200) -> None:
        """Wait until this URL answers with this status."""
        deadline = time.monotonic() + within
        limit = aiohttp.ClientTimeout(total=5)
        last = "nothing"
        async with aiohttp.ClientSession(timeout=limit) as session:
            while True:
                ended = not self.alive
                try:
                    async with session.get(url, allow_redirects=False) as response:
                        if response.status == status:
                            return
                        last = f"status {response.status}"
                except (aiohttp.ClientError, TimeoutError) as error:
                    last = type(error).__name__
                self._go_on_until(deadline, ended, f"{url} gave {last}")
                await asyncio.sleep(POLL_SECONDS)

    def kill9(self) -> None:
        """What a power cut does to it: no clean-up, and its children are left behind."""
        self.popen.kill()
        self.popen.wait(REAP_SECONDS)

    def kill9_group(self) -> None:
        """The same for it and every child that stayed in its group."""
        os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(REAP_SECONDS)

    def terminate(self) -> None:
        """SIGTERM: what a deploy or a container's stop does to it."""
        self.popen.terminate()

    async def ends(self, within: float = 60) -> int:
        """Wait for the end; its exit status."""
        deadline = time.monotonic() + within
        while (status := self.popen.poll()) is None:
            self._go_on_until(deadline, False, "still running")
            await asyncio.sleep(POLL_SECONDS)
        return status

    def _go_on_until(self, deadline: float, ended: bool, what: str) -> None:
        if ended or time.monotonic() > deadline:
            state = f"ended with {self.popen.returncode}" if ended else "ran out of time"
            raise AssertionError(f"{what}; the process {state} and said:\n{self.said()[-4000:]}")


class Processes:
    """Starts processes and answers for all of them, and for whatever they started in turn."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._mark = uuid.uuid4().hex
        self._started: list[Running] = []

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> Running:
        """``start("-m", "bot", "up")`` runs Python with exactly these settings, away from a .env."""
        number = len(self._started) + 1
        log = self._folder / f"{number}.log"
        known = {name: os.environ[name] for name in INHERITED if name in os.environ}
        known |= {"HOME": str(self._folder), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        known |= {"SORA_DATA": str(self._folder / "data"), MARK: self._mark}
        known |= {"PYTHONPATH": str(ROOT)}
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self._folder,
                env=known | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(Running(popen, log))
        return self._started[-1]

    async def reap(self) -> None:
        """Ask politely, then insist; nothing these processes began is left running."""
        for running in self._started:
            if running.alive:
                running.terminate()
        deadline = time.monotonic() + REAP_SECONDS
        while any(running.alive for running in self._started) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        left = self._ours()
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for running in self._started:
            running.popen.wait(REAP_SECONDS)
        psutil.wait_procs(left, timeout=REAP_SECONDS)

    def _ours(self) -> list[psutil.Process]:
        """Also those that left the group or lost their parent: by our mark, else by our folder.

        Valkey writes its title over its environment, so the mark alone doesn't find it.
        """
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARK) == self._mark
                if marked or Path(process.cwd()).is_relative_to(self._folder):
                    found.append(process)
            except (psutil.Error, OSError):
                continue  # ended meanwhile, or somebody else's
        return found
