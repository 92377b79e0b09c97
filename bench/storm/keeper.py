"""Keeps processes running as systemd would: whatever ends is started again, and nothing else is done."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.storm.waiting import POLL_SECONDS, until
from tests.support.servers import extra_groups_of, group_of

NEEDED = 2
"""The first to be kept are what the others need: the database and the broker."""
PAUSE_SECONDS = 0.5
"""Between an end and the next start."""
STOP_SECONDS = 20.0
"""So long a process that was asked to end may take."""
CHANCE_SECONDS = 3.0
CHANCE_STARTS = 2.0
"""A process that is ready has at least so long before it is hit, and so many times as long as it took
to start: on a busy machine it would otherwise never come to do anything."""


@dataclass(eq=False)
class Kept:
    """One process. ``address``: what it listens on once it is ready, ``unix:/path`` or ``tcp://host:port``."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    address: str
    log: Path
    user: str | None = None
    term: int = signal.SIGTERM
    """What asks it to end; PostgreSQL means by SIGTERM that it waits until everybody has left."""
    starts: int = 0
    hits: int = 0
    slow_stops: int = 0
    """How often it had to be killed because it didn't end when it was asked to."""
    popen: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    ready_at: float | None = None
    asked_at: float | None = None
    """When it was asked to end, or was killed."""

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    @property
    def had_its_chance(self) -> bool:
        """Whether it has been ready for long enough to have done something."""
        if not self.alive or self.ready_at is None or self.asked_at is not None:
            return False
        chance = max(CHANCE_SECONDS, CHANCE_STARTS * (self.ready_at - self.began))
        return time.monotonic() > self.ready_at + chance

    def hit(self, number: int) -> None:
        """Send it this signal."""
        if self.popen is not None:
            self.hits += 1
            self.asked_at = time.monotonic()
            self.popen.send_signal(number)

    def insist(self) -> None:
        """End what didn't when it was asked to."""
        if self.popen is not None:
            self.slow_stops += 1
            self.popen.kill()
            self.popen.wait()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                cwd=self.log.parent,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.user,
                group=group_of(self.user),
                extra_groups=extra_groups_of(self.user),
                start_new_session=True,
            )
        self.starts += 1
        self.began, self.ready_at, self.asked_at = time.monotonic(), None, None

    def listens(self) -> bool:
        parts = urlsplit(self.address)
        unix = parts.scheme == "unix"
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as probe:
            probe.settimeout(1)
            try:
                probe.connect(parts.path if unix else (parts.hostname, parts.port))
            except OSError:
                return False
        return True


class Keeper:
    """Keeps processes from ``keep`` until ``stop``."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, one: Kept) -> Kept:
        """Start it, and again whenever it has ended."""
        self.kept.append(one)
        self._tasks.append(asyncio.create_task(self._keep(one)))
        return one

    async def ready(self, *ones: Kept) -> None:
        """Return when these are, or all."""
        while any(one.ready_at is None or not one.alive for one in ones or self.kept):
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(POLL_SECONDS)

    async def _keep(self, one: Kept) -> None:
        while True:
            one.start()
            while one.alive:
                if one.ready_at is None and await asyncio.to_thread(one.listens):
                    one.ready_at = time.monotonic()
                if one.asked_at is not None and time.monotonic() > one.asked_at + STOP_SECONDS:
                    one.insist()
                await asyncio.sleep(POLL_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def stop(self) -> list[str]:
        """Ask all to end, those that others need last; the names of those that had to be killed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        first, last = self.kept[:NEEDED], self.kept[NEEDED:]
        return await self._end(last) + await self._end(first)

    async def _end(self, ones: Sequence[Kept]) -> list[str]:
        killed = []
        for one in ones:
            if one.popen is not None and one.alive:
                one.popen.send_signal(one.term)
        await until(lambda: not any(one.alive for one in ones), STOP_SECONDS)
        for one in ones:
            if one.popen is None:
                continue
            if one.alive:
                killed.append(one.name)
                one.popen.kill()
            one.popen.wait()
            with suppress(ProcessLookupError):  # whatever it has left behind
                os.killpg(one.popen.pid, signal.SIGKILL)
        return killed
