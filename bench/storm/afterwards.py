"""What the studio's own checks, its logs and its processes say once the storm is over."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from bench.storm.keeper import Kept
from bench.storm.promises import Promise, none

VERIFY_SECONDS = 120.0
LOUD = frozenset({"error", "critical"})
AWAY = re.compile(
    r"Connection(Refused|Reset|DoesNotExist|Invalidated)?Error|Unreached|CannotConnectNow"
    r"|database system is (starting up|shutting down|not yet accepting|in recovery)"
    r"|connection (was|is) closed|terminating connection|another operation \(2\) is in progress"
    r"|BrokenPipeError|TimeoutError|CancelledError|ServerDisconnected|ClientOSError|ClientConn"
    r"|DiscordServerError|RateLimited|server responded with|ReconnectWebSocket|ConnectionClosed|Session is closed"
)
"""What the errors say that a database, a broker or a chat explains which is away, slow or refuses, or a
stop: that is what the storm is. Whatever else is logged as an error is a bug."""


async def of_books(env: Mapping[str, str]) -> list[Promise]:
    """`sora record verify` and `sora ledger verify`."""
    return [
        await _command(env, "record", "verify"),
        await _command(env, "ledger", "verify"),
    ]


async def _command(env: Mapping[str, str], *words: str) -> Promise:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "bot", *words,
        env=dict(env), cwd=env["SORA_DATA"],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(VERIFY_SECONDS):
        said, _ = await process.communicate()
    wrong = said.decode().splitlines()[-1:] if process.returncode else []
    return none(f"`sora {' '.join(words)}`: wrong entries", wrong)


def of_processes(where: Path, kept: Iterable[Kept], killed: list[str]) -> Iterator[Promise]:
    late = [one.name for one in kept for _ in range(one.slow_stops)]
    yield none("processes that didn't end when asked", [*late, *killed])
    yield none("processes that were left behind", _left(where))


def _left(where: Path) -> Iterator[str]:
    """By their folder or by the studio that they were started for."""
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("SORA_DATA") == str(where / "data")
            if ours or Path(process.cwd()).is_relative_to(where):
                yield f"{process.pid} {' '.join(process.cmdline())[:100]}"
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or somebody else's


def of_logs(logs: Path) -> tuple[Promise, Counter[str]]:
    """Errors of ours that nothing outside explains; and how often each of the others was logged."""
    unexpected: list[str] = []
    expected: Counter[str] = Counter()
    for log in sorted(logs.glob("*-*.log")):
        for said in _lines(log):
            if said.get("level") not in LOUD:
                continue
            why = _why(str(said.get("exception", "")))
            if AWAY.search(why):
                expected[str(said["event"])] += 1
            else:
                unexpected.append(f"{log.stem}: {said['event']}: {why[:200]}")
        unexpected += [f"{log.stem}: {line}" for line in _bare_tracebacks(log)]
    return none("errors in the logs that no blow explains", unexpected), expected


def _lines(log: Path) -> Iterator[dict[str, object]]:
    for line in log.read_text(errors="replace").splitlines():
        with suppress(ValueError):  # the last line of somebody who was killed
            if line.startswith("{"):
                yield json.loads(line)


def _why(traceback: str) -> str:
    """What it says of the last of its errors, without the lines of code."""
    last = re.split(r"^(?:During handling|The above exception).*$", traceback, flags=re.MULTILINE)[
        -1
    ]
    said = (line for line in last.splitlines() if line and not line.startswith((" ", "Traceback")))
    return " ".join(said)


def _bare_tracebacks(log: Path) -> Iterator[str]:
    """Those that no logger wrote: the last line of each."""
    inside = False
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("Traceback (most recent call last)"):
            inside = True
        elif inside and line and line[0] not in " {":
            inside = False
            if not AWAY.search(line):
                yield line[:200]
