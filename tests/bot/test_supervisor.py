"""`sora up` with real processes: killed, ended, started twice."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from db.settings import StoreSettings
from db.valkey import Valkey
from tests.support import toy
from tests.support.databases import Sqlite
from tests.support.processes import Processes, Running

LIMIT_SECONDS = 60


class Up:
    """Starts `sora up` on one data folder and one free port."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self._processes = processes
        self.data = folder / "processes" / "data"  # where whatever is left behind is reaped
        self.port = free_port()
        self.env = {"SORA_MODELS": str(toy.models(folder)), "SORA_PORT": str(self.port)}
        self.env["SORA_DATA"] = str(self.data)

    def start(self, *options: str) -> Running:
        return self._processes.start("-m", "bot", "up", *options, env=self.env)

    async def running(self) -> Running:
        up = self.start()
        await up.line("worker.*worker.announced")
        return up

    async def open(self) -> Running:
        """Without a worker, where a test is not about one."""
        up = self.start("--workers", "0")
        await up.line("studio Open ")
        return up


@pytest.fixture
def studio(sora_process: Processes, _sqlite: Sqlite, tmp_path: Path) -> Up:
    up = Up(sora_process, tmp_path)
    _sqlite.migrated(up.data, "sora.db")
    return up


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(up: Running) -> list[psutil.Process]:
    return psutil.Process(up.pid).children(recursive=True)  # type: ignore[no-any-return]


def command(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


async def all_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while left := [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.05)


@contextmanager
def broker(studio: Up) -> Iterator[redis.Redis]:
    path = StoreSettings(data=studio.data).valkey_socket
    with redis.Redis(unix_socket_path=str(path)) as client:
        yield client


async def test_what_lies_in_the_current_folder_is_not_ours(
    sora_process: Processes, studio: Up
) -> None:
    here = studio.data.parent
    studio.data.rename(here / "relative")  # with a database that needn't be migrated
    (here / "bot.py").write_text("raise SystemExit('this bot.py is not ours')")
    (here / "gen").mkdir()
    (here / "gen" / "__init__.py").write_text("raise SystemExit('this gen is not ours')")
    (here / ".env").write_text("SORA_DATA=relative\n")
    env = {name: value for name, value in studio.env.items() if name != "SORA_DATA"}
    program = "import os; os.environ.pop('SORA_DATA'); from bot.__main__ import main; main()"
    up = sora_process.start("-P", "-c", program, "up", env=env)
    await up.line("worker.*worker.announced")
    await up.line("studio Open ")
    assert (here / "relative" / "sora.lock").exists()
    assert "not ours" not in up.said()


async def test_it_says_where_the_page_is_and_sigterm_ends_everything_in_order(studio: Up) -> None:
    up = await studio.running()
    await up.line(rf"studio Open http://127\.0\.0\.1:{studio.port}/$")
    await up.line("Type a prompt")
    children = family(up)
    assert len(children) >= 3
    up.terminate()
    assert await up.ends() == 0
    await all_gone(children)
    said = up.said()
    assert "Everything has ended." in said
    assert "was killed" not in said
    assert said.index("worker.stopping") > said.index("Ending")


async def test_a_killed_worker_and_a_killed_broker_come_back(studio: Up) -> None:
    up = await studio.running()
    with broker(studio) as client:
        client.set("bell", "rung")
    for who, part in (("worker", "gen.worker"), ("broker", "valkey-server")):
        next(child for child in family(up) if part in command(child)).kill()
        await up.line(rf"{who} It was killed by SIGKILL; starting it again in 0\.5 s\.")
    deadline = time.monotonic() + LIMIT_SECONDS
    while up.said().count("worker.announced") < 2:
        assert time.monotonic() < deadline, up.said()
        await asyncio.sleep(0.05)
    await asyncio.wait_for(Valkey(StoreSettings(data=studio.data)).ready(), LIMIT_SECONDS)
    with broker(studio) as client:
        assert client.get("bell") == b"rung"


async def test_a_killed_supervisor_leaves_nobody_and_loses_nothing(studio: Up) -> None:
    up = await studio.running()
    with broker(studio) as client:
        client.set("bell", "rung")
    children = family(up)
    up.kill9()
    if sys.platform == "linux":  # elsewhere they end when the next studio replaces the broker
        await all_gone(children)
    again = await studio.running()
    await all_gone(children)
    with broker(studio) as client:
        assert client.get("bell") == b"rung"
    again.terminate()
    assert await again.ends() == 0


async def test_an_orphaned_broker_is_replaced(studio: Up) -> None:
    valkey = Valkey(StoreSettings(data=studio.data))
    await valkey.prepare()
    with subprocess.Popen(valkey.command) as orphan:
        await valkey.ready()
        up = await studio.open()
        assert "A broker was left from a studio that was killed" in up.said()
        assert orphan.wait(5) == 0


async def test_one_studio_per_folder(studio: Up) -> None:
    up = await studio.open()
    second = studio.start()
    assert await second.ends() == 1
    assert second.said().count("\n") == 1
    assert f"already running on {studio.data} (process {up.pid})" in second.said()


async def test_a_taken_port_is_one_sentence_with_the_way_out(studio: Up) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", studio.port))
        taken.listen()
        up = studio.start()
        assert await up.ends() == 1
    assert up.said().count("\n") == 1
    assert f"name another with --port, such as --port {studio.port + 1}" in up.said()


async def test_a_second_ctrl_c_does_not_wait(studio: Up) -> None:
    up = await studio.running()
    children = family(up)
    worker = next(child for child in children if "gen.worker" in command(child))
    worker.suspend()  # it can't end by itself now
    up.popen.send_signal(signal.SIGINT)
    await up.line("Ending:")
    up.popen.send_signal(signal.SIGINT)
    await up.ends(within=5)
    await all_gone(children)
