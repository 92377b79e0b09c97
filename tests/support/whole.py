"""The whole studio as `sora up` starts it, for stories and for faults."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import psutil

from db.broker import Broker
from db.session import Db
from db.settings import StoreSettings
from tests.support.processes import Processes, Running

T = TypeVar("T")
PATIENCE = 60.0


class Whole:
    """`sora up` on a free port and a folder of its own."""

    def __init__(self, processes: Processes, folder: Path, **env: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.data = folder / "data"
        self._processes = processes
        # One moderator decides, unless a story is about newcomers.
        alone = {"SORA_NEWCOMER_PUBLICATIONS": "0"}
        self._env = {"SORA_DATA": str(self.data), "SORA_PORT": str(self.port), **alone, **env}
        self.up: Running | None = None

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def media(self) -> Path:
        return self.data / "media"

    def db(self) -> Db:
        return Db(f"sqlite+aiosqlite:///{self.data / 'sora.db'}")

    def broker(self) -> Broker:
        return Broker(StoreSettings(data=self.data).broker)

    async def start(self) -> Running:
        self.up = self._processes.start("-m", "bot", "up", env=self._env)
        await self.up.answers(f"{self.page}/readyz", within=PATIENCE)
        return self.up

    def process(self, which: str) -> psutil.Process | None:
        """The child whose command line holds this, if it runs just now."""
        assert self.up is not None
        for child in psutil.Process(self.up.pid).children(recursive=True):
            try:
                if which in " ".join(child.cmdline()):
                    return child
            except psutil.NoSuchProcess:
                continue
        return None


async def until(look: Callable[[], Awaitable[T]], within: float = PATIENCE) -> T:
    """Wait until this is true; what it then is."""
    async with asyncio.timeout(within):
        while not (found := await look()):
            await asyncio.sleep(0.05)
    return found
