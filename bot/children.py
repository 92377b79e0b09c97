"""Child processes that are kept running, and that end with us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress

from rich.console import Console
from rich.text import Text

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
GOOD_LIFE_SECONDS = 60.0
"""A child that lived this long has recovered: its next pause is the first again."""
QUICK_DEATHS = 3
"""After so many ends in a row without a good life, more of the same won't help."""
LAST_WORDS_SECONDS = 0.5
LINE_BYTES = 2**20
PR_SET_PDEATHSIG = 1

Say = Callable[[str, str, str], None]
"""(who, colour, line)"""


def python(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours, whatever of its name lies in the current folder."""
    return [sys.executable, "-P", "-m", module, *arguments]


def printer(console: Console) -> Say:
    """Says lines behind a coloured name."""

    def say(who: str, colour: str, line: str) -> None:
        console.print(Text.assemble((f"{who:>7} ", colour), line), soft_wrap=True)

    return say


class Child:
    """One process, started again whenever it ends, after a pause that grows while that goes on."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        say: Say,
        *,
        colour: str = "cyan",
        before: Callable[[], Awaitable[object]] | None = None,
        stop_seconds: float = 10.0,
    ) -> None:
        self.name = name
        self.deaths = 0
        """How often in a row it has ended by itself."""
        self._command = command
        self._say = say
        self._colour = colour
        self._before = before
        self._stop_seconds = stop_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    async def keep(self) -> None:
        """Run it until ``stop``."""
        while not self._stopping.is_set():
            began = time.monotonic()
            ended = await self._live()
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= GOOD_LIFE_SECONDS:
                self.deaths = 0
            self.deaths += 1
            pause = min(FIRST_PAUSE_SECONDS * 2 ** (self.deaths - 1), LONGEST_PAUSE_SECONDS)
            self._tell(f"{ended}; starting it again in {pause:g} s.")
            if self.deaths == QUICK_DEATHS:
                self._tell(
                    f"It has ended {QUICK_DEATHS} times in a row: `sora doctor` says what is wrong."
                )
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def stop(self) -> None:
        """Ask it to end, and insist after its limit."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self._stop_seconds):
                await process.wait()
        except TimeoutError:
            self._tell(f"It didn't end within {self._stop_seconds:g} s and was killed.")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End it, and what it has started, at once."""
        self._stopping.set()
        if self._process is not None:
            _kill_group(self._process.pid)

    async def _live(self) -> str:
        """From its start to its end, which is returned in words."""
        try:
            if self._before is not None:
                await self._before()
            reading, writing = os.pipe()
            try:
                # A pipe of our own: asyncio's would wait for grandchildren that hold it open.
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    process_group=0,  # the terminal's Ctrl-C is for the supervisor alone
                    preexec_fn=_end_with_parent(),
                )
            except BaseException:
                os.close(reading)
                raise
            finally:
                os.close(writing)
        except (OSError, TimeoutError) as error:
            return f"It can't be started: {error}"
        passing = asyncio.create_task(self._pass_on(reading))
        if self._stopping.is_set():  # asked to stop while it was being started
            self.kill()
        status = await self._process.wait()
        _kill_group(self._process.pid)
        self._process = None
        await asyncio.wait([passing], timeout=LAST_WORDS_SECONDS)
        passing.cancel()
        return (
            f"It was killed by {signal.Signals(-status).name}"
            if status < 0
            else f"It ended with status {status}"
        )

    async def _pass_on(self, reading: int) -> None:
        stream = asyncio.StreamReader(limit=LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", 0)
        )
        try:
            while True:
                try:
                    line = await stream.readline()
                except ValueError:
                    continue  # a line of over a megabyte helps nobody
                if not line:
                    return
                self._tell(line.decode(errors="replace").rstrip())
        finally:
            transport.close()

    def _tell(self, line: str) -> None:
        self._say(self.name, self._colour, line)


class Children:
    """Some children, kept together: started in order, and stopped in the reverse of it."""

    def __init__(self) -> None:
        self._groups: list[list[Child]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *group: Child) -> None:
        """Start these; those of one call are later stopped at the same time."""
        self._groups.append(list(group))
        self._tasks += [asyncio.create_task(child.keep()) for child in group]

    def __iter__(self) -> Iterator[Child]:
        return (child for group in self._groups for child in group)

    async def stop(self) -> None:
        """Last started first. Raises what went wrong while they were kept, if anything did."""
        for group in reversed(self._groups):
            await asyncio.gather(*(child.stop() for child in group))
        await asyncio.gather(*self._tasks)

    def kill(self) -> None:
        for child in self:
            child.kill()


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux, what makes a child get SIGTERM when we are killed; elsewhere, nothing does."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was killed before the line above
            os.kill(os.getpid(), signal.SIGTERM)

    return in_child


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
