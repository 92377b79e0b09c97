"""`sora up`: the whole studio on one machine, as separate processes that are kept running.

The broker is started first and stopped last. Whoever supervises holds the data folder's lock, so there
is one embedded broker per folder, ever.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
from rich.console import Console

from bot.children import QUICK_DEATHS, Child, Children, printer, python
from bot.settings import BotSettings
from bot.trouble import Trouble, reaching
from db.migrate import upgrade
from db.settings import StoreSettings
from db.valkey import Valkey

BOT_STOP_SECONDS = 10.0
WORKER_STOP_SECONDS = 15.0
POLL_SECONDS = 0.2
GRACE_SECONDS = 3.0
"""How long a studio that has ended may take to come back before we take its place."""
LOG = "make.log"
"""What the worker that was started for a clip said, in the data folder."""
GEN = ("torch", "diffusers", "av")
STUDIO, BROKER, WORKER, BOT = "green", "magenta", "cyan", "blue"

FIRST_STEPS = (
    "Type a prompt there, such as “a red circle moving to the right”, and press “Make it”.",
    "Then be somebody else in the row on top: approve it as a moderator, vote as another artist.",
    "Ctrl-C ends the studio; everything is kept.",
)


def data_folder(settings: StoreSettings) -> Path:
    """The data folder, made if it wasn't there. Raises ``Trouble`` when it can't be used."""
    folder = settings.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.listdir(folder)
    except OSError as error:
        raise Trouble(_unusable(folder, error.strerror)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Trouble(_unusable(folder, "it is read-only for this user"))
    return folder


def _unusable(folder: Path, why: str | None) -> str:
    return f"The data folder {folder} can't be used ({why}); name another with --data."


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold the data folder; the kernel lets go of it when this process ends, however it ends.

    Raises ``Held`` when another process has it.
    """
    with (folder / "sora.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Held(folder, lock.read().strip()) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_held(folder: Path) -> bool:
    """Whether another process holds the data folder; looking changes nothing."""
    try:
        with (folder / "sora.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


class Held(Trouble):
    """Somebody else supervises this data folder."""

    def __init__(self, folder: Path, process: str) -> None:
        super().__init__(
            f"A studio is already running on {folder} (process {process or 'unknown'}); "
            "wait until it has ended, stop it, or name another folder with --data."
        )


def migrate(settings: StoreSettings) -> None:
    """Update the database. Raises ``Trouble`` when it can't be reached."""
    with reaching(settings.database):
        upgrade(settings.database)


def free_port(settings: BotSettings) -> None:
    """Raises ``Trouble`` when the web room couldn't listen on its port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Trouble(
                f"Port {settings.port} on {settings.host} can't be used ({error.strerror}); "
                f"name another with --port, such as --port {settings.port % 65535 + 1}."
            ) from error


def insist_on_gen(otherwise: str = "") -> None:
    """Raises ``Trouble`` when the extra `gen` isn't installed; looked up without importing it."""
    if not all(importlib.util.find_spec(name) for name in GEN):
        raise Trouble(
            "Rendering needs the extra `gen`; install it with: pip install 'sora-commons[gen]'"
            + otherwise
        )


def up(settings: BotSettings, workers: int, console: Console) -> None:
    """Run the studio until Ctrl-C or SIGTERM. The database must be migrated, the folder held."""
    asyncio.run(_up(settings, workers, console))


async def _up(settings: BotSettings, workers: int, console: Console) -> None:
    say = printer(console)
    children, stopped = Children(), asyncio.Event()
    _on_signals(stopped, children, console)
    async with studio(settings, console, workers, children):
        bot = Child(
            "bot",
            python("bot", "bot"),
            say,
            colour=BOT,
            stop_seconds=BOT_STOP_SECONDS,
        )
        children.start(bot)
        welcome = asyncio.create_task(_welcome(settings, console))
        await stopped.wait()
        welcome.cancel()
        say("studio", STUDIO, "Ending: the bot and the worker first, then the broker …")
    say("studio", STUDIO, "Everything has ended.")


@asynccontextmanager
async def studio(
    settings: StoreSettings, console: Console, workers: int, children: Children
) -> AsyncIterator[None]:
    """An embedded broker, unless another is named, and workers; all children end on leaving.

    Raises ``Trouble`` when the broker doesn't start.
    """
    say = printer(console)
    try:
        if settings.redis_url is None:
            await _start_broker(Valkey(settings), children, console)
        for number in range(1, workers + 1):
            name = "worker" if workers == 1 else f"worker{number}"
            command = python("gen.worker")
            worker = Child(name, command, say, colour=WORKER, stop_seconds=WORKER_STOP_SECONDS)
            children.start(worker)
        yield
    finally:
        await children.stop()


class Host:
    """The studio that renders: somebody's, or our own as soon as there is none."""

    def __init__(self, settings: StoreSettings, console: Console, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._console = console
        self._stack = stack
        self._children = Children()
        self._last_seen: float | None = None
        """When somebody else's was last there."""
        self.ours = False

    async def insist(self) -> None:
        """Go on when there is a studio, and start one when there is none.

        Raises ``Trouble`` when one is needed and can't run here.
        """
        if self.ours:
            self._check()
        elif is_held(self._settings.folder):
            self._last_seen = time.monotonic()
        elif self._last_seen is None or time.monotonic() - self._last_seen > GRACE_SECONDS:
            await self._start()

    async def _start(self) -> None:
        try:
            self._stack.enter_context(holding(self._settings.folder))
        except Held:
            return  # somebody was faster
        if self._last_seen is None:
            insist_on_gen()
            self._console.print("No studio is running here; one is started for this clip …")
        else:
            insist_on_gen("; what is in line keeps its place for the next: sora up")
            self._console.print("The studio here has ended; one is started for this clip …")
        await asyncio.to_thread(migrate, self._settings)
        log = self._stack.enter_context((self._settings.folder / LOG).open("w"))
        its = studio(self._settings, Console(file=log, width=200), 1, self._children)
        await self._stack.enter_async_context(its)
        self.ours = True

    def _check(self) -> None:
        for child in self._children:
            if child.deaths >= QUICK_DEATHS:
                raise Trouble(f"The {child.name} doesn't run; `sora doctor` says what is wrong.")


async def _start_broker(valkey: Valkey, children: Children, console: Console) -> None:
    say = printer(console)
    try:
        if await valkey.prepare():
            say("studio", STUDIO, "A broker was left from a studio that was killed; it was ended.")
        children.start(Child("broker", valkey.command, say, colour=BROKER, before=valkey.prepare))
        await valkey.ready()
    except (OSError, TimeoutError) as error:
        raise Trouble(f"The embedded broker doesn't start: {error}.") from error


def _on_signals(stopped: asyncio.Event, children: Children, console: Console) -> None:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stopped.is_set():
            console.print("Ending everything at once.")
            children.kill()
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)


async def _welcome(settings: BotSettings, console: Console) -> None:
    """Say where the page is as soon as it is there."""
    limit = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=limit) as session:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with session.get(f"{settings.page}healthz") as answer:
                    if answer.ok:
                        break
            await asyncio.sleep(POLL_SECONDS)
    say = printer(console)
    say("studio", f"bold {STUDIO}", f"Open {settings.opens_at}")
    for step in FIRST_STEPS:
        say("studio", STUDIO, f"  {step}")
