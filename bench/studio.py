"""A whole studio of real processes in a temporary folder, and the ways in that people have."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import psutil

from db import people, workers
from db.broker import Broker
from db.migrate import upgrade
from db.session import Db
from db.settings import StoreSettings
from db.valkey import Valkey
from moderation.people import Person, Role

ROOT = Path(__file__).parents[1]
POLL_SECONDS = 0.02
READY_SECONDS = 180.0
STOP_SECONDS = 30.0
SAID_CHARACTERS = 4000


@contextmanager
def folder() -> Iterator[Path]:
    """Directly under /tmp: a Unix socket's path may have only about a hundred characters."""
    made = Path(tempfile.mkdtemp(prefix="sora-bench-", dir="/tmp"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def settings_of(where: Path) -> StoreSettings:
    """Everything embedded, whatever this shell's settings say."""
    return StoreSettings(_env_file=None, data=where / "data", database_url=None, redis_url=None)


def environment(where: Path, more: Mapping[str, str]) -> dict[str, str]:
    """What a process of ours may know: nothing of this shell's studio."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("SORA_")}
    return known | {"SORA_DATA": str(where / "data"), "PYTHONPATH": str(ROOT), **more}


class Studio:
    """A started ``sora up``; ``began`` is when, on the monotonic clock."""

    def __init__(self, where: Path, popen: subprocess.Popen[bytes], port: int) -> None:
        self.began = time.monotonic()
        self.page = f"http://127.0.0.1:{port}"
        self.settings = settings_of(where)
        self.db = Db(self.settings.database)
        self.process = psutil.Process(popen.pid)
        self._popen = popen
        self._log = where / "log"

    async def answers(self) -> None:
        """Return when the page can be opened."""
        async with aiohttp.ClientSession() as session:
            while True:
                self._check()
                try:
                    async with session.get(f"{self.page}/as/ada/") as answer:
                        if answer.ok:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(POLL_SECONDS)

    async def worker_ready(self) -> None:
        """Return when a clip could be rendered. The tables must be there: see ``answers``."""
        while True:
            self._check()
            async with self.db.read() as s:
                known = await workers.every(s)
            if any(workers.alive(worker) and worker.state == "ready" for worker in known):
                return
            await asyncio.sleep(POLL_SECONDS)

    def part(self, *words: str) -> psutil.Process:
        """The process of this studio that was started with these words."""
        for process in self.process.children(recursive=True):
            line = process.cmdline()
            if any(tuple(line[i : i + len(words)]) == words for i in range(len(line))):
                return process
        raise LookupError(f"no process {' '.join(words)} in this studio")

    def broker(self) -> psutil.Process:
        """Valkey, which writes a title of its own over the words that it was started with."""
        found = self.process.children(recursive=True)
        return next(process for process in found if "valkey-server" in " ".join(process.cmdline()))

    def busy_seconds(self, but: psutil.Process | None = None) -> float:
        """Processor time that the whole studio has used so far, perhaps without one process."""
        counted = [self.process, *self.process.children(recursive=True)]
        times = [process.cpu_times() for process in counted if process != but]
        return float(sum(spent.user + spent.system for spent in times))

    def said(self) -> str:
        """The last that its processes wrote."""
        return self._log.read_text(errors="replace")[-SAID_CHARACTERS:]

    def _check(self) -> None:
        if self._popen.poll() is not None or time.monotonic() > self.began + READY_SECONDS:
            raise RuntimeError(f"The studio isn't ready; it said:\n{self.said()}")


@asynccontextmanager
async def up(where: Path, *, workers: int = 1, **more: str) -> AsyncIterator[Studio]:
    """``sora up`` in this folder, with these settings; all its processes have ended on leaving."""
    port = free_port()
    command = [sys.executable, "-m", "bot", "up", f"--port={port}", f"--workers={workers}"]
    popen = _start(command, where, environment(where, more))
    studio = Studio(where, popen, port)
    try:
        yield studio
    finally:
        await studio.db.close()
        _end(popen)


@asynccontextmanager
async def store(where: Path) -> AsyncIterator[tuple[Db, Broker]]:
    """A migrated SQLite and an embedded Valkey, without a bot or a worker."""
    settings = settings_of(where)
    settings.folder.mkdir()
    await asyncio.to_thread(upgrade, settings.database)
    valkey = Valkey(settings)
    await valkey.prepare()
    popen = _start(valkey.command, where, environment(where, {}))
    db, broker = Db(settings.database), Broker(settings.broker)
    try:
        await valkey.ready()
        yield db, broker
    finally:
        await broker.close()
        await db.close()
        _end(popen)


def free_port() -> int:
    """On this machine, just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(
    command: Sequence[str], where: Path, known: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """In this folder, away from a .env; what it says goes to a log there."""
    with (where / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=where,
            env=known,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _end(popen: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then insist; with everything that it has started."""
    if popen.poll() is not None:
        return
    started = psutil.Process(popen.pid).children(recursive=True)
    popen.send_signal(signal.SIGTERM)
    try:
        popen.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
    _, left = psutil.wait_procs(started, timeout=STOP_SECONDS)
    for process in left:
        process.kill()
    psutil.wait_procs(left)


async def known(db: Db, name: str, *roles: Role) -> Person:
    """Somebody of this name, from no room in particular."""
    async with db.begin() as s:
        row = await people.known(s, "bench", "", name, name)
    return Person(row.id, name, frozenset(roles))


class Window:
    """One person's browser window on a studio."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base
        self._csrf = ""

    @classmethod
    @asynccontextmanager
    async def open(cls, studio: Studio, who: str, *, keep: bool = True) -> AsyncIterator[Window]:
        """As one of the people of the demo: their page, and the token of its form.

        ``keep``: whether connections are kept for what is asked next.
        """
        cookies = aiohttp.CookieJar(unsafe=True)  # an address has no name to bind cookies to
        connector = aiohttp.TCPConnector(limit=0, force_close=not keep)
        async with aiohttp.ClientSession(cookie_jar=cookies, connector=connector) as session:
            window = cls(session, f"{studio.page}/as/{who}")
            async with session.get(f"{window._base}/") as page:
                found = re.search(r'name="csrf" value="(\w+)"', await page.text())
            assert found is not None
            window._csrf = found[1]
            yield window

    async def sora(self, prompt: str, **options: str) -> int:
        """Send the form as the page's script does; the job's id."""
        form = {"csrf": self._csrf, "prompt": prompt, **options}
        accept = {"Accept": "application/json"}
        async with self._session.post(f"{self._base}/sora", data=form, headers=accept) as answer:
            said = (await answer.json())["said"]
            assert answer.ok, said
        return int(re.findall(r"\d+", said)[0])

    async def press(self, sign: str, job_id: int) -> None:
        """Press one of the buttons of a job's card, as the page's script does."""
        form = {"csrf": self._csrf, "sign": sign, "job": str(job_id)}
        accept = {"Accept": "application/json"}
        async with self._session.post(f"{self._base}/act", data=form, headers=accept) as answer:
            assert answer.ok, await answer.text()

    @asynccontextmanager
    async def live(self, place: str) -> AsyncIterator[AsyncIterator[str]]:
        """The slots that are painted in a place from now on, such as "review-7"."""
        wait = aiohttp.ClientTimeout(total=None)
        where = {"place": place, "since": str(int(time.time() * 1_000_000))}
        async with self._session.get(f"{self._base}/live", params=where, timeout=wait) as stream:
            yield _slots(stream)


async def _slots(stream: aiohttp.ClientResponse) -> AsyncIterator[str]:
    async for line in stream.content:
        if line.startswith(b"data: {") and (slot := json.loads(line[6:]).get("slot")):
            yield slot
