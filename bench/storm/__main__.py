"""A thousand jobs through both chats while everything is killed, up to once a second: `make storm`.

A studio of separate processes (two bots, three workers with an engine that does nothing, Valkey and
PostgreSQL) serves two servers of Discord's double and a workspace of Slack's. People wish, cancel, vote,
withdraw and decide there; meanwhile processes are killed (kill -9) or asked to end, and the chats answer
slowly, twice, with 429 or 5xx, or not at all. Then it is counted what became of everything. Exits with 1
when a promise was broken; the folder with all logs is then kept, and named.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from bench.report import PAPER_WIDTH
from bench.storm.run import Report, storm

JOBS, SEED = 1000, 7
SECONDS, SECONDS_EACH = 600.0, 5.0
"""Beyond which it is given up: at all, and for each job."""


def tables(report: Report) -> list[Table]:
    """What it was, and what of it was kept."""
    weather, promised = Table(box=MARKDOWN), Table(box=MARKDOWN)  # docs/operating.md has them
    weather.add_column("what happened")
    weather.add_column("times", justify="right")
    for (kind, how), times in sorted(report.weather.blows.items()):
        weather.add_row(f"{kind}: {how}", f"{times:,}")
    for name, times in sorted(report.weather.met.items()):
        weather.add_row(f"chats: {name}", f"{times:,}")
    weather.add_row("wishes", f"{report.crowd.wishes:,}")
    weather.add_row("wishes typed, with those typed again", f"{report.crowd.tries:,}")
    weather.add_row("jobs", f"{sum(report.jobs.values()):,}")
    for status, times in sorted(report.jobs.items()):
        weather.add_row(f"  {status}", f"{times:,}")
    weather.add_row("renders that were begun again", f"{report.requeued:,}")
    for act, times in sorted(report.crowd.acts.items()):
        weather.add_row(f"people: {act}", f"{times:,}")
    for event, times in sorted(report.expected.items()):
        weather.add_row(f"logged: {event}", f"{times:,}")
    for name in ("promise", "expected", "found", "kept"):
        promised.add_column(name, justify="left" if name == "promise" else "right")
    for one in report.promises:
        kept = "[green]yes" if one.kept else "[red]no"
        promised.add_row(one.name, f"{one.expected:,}", f"{one.found:,}", kept)
    return [weather, promised]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="wishes that are made")
    parser.add_argument("--seed", type=int, default=SEED, help="of the weather and of the people")
    asked = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # of callers who were killed
    # Directly under /tmp: a Unix socket's path may have only about a hundred characters.
    where = Path(tempfile.mkdtemp(prefix="storm-", dir="/tmp"))

    async def run() -> Report:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with asyncio.timeout(SECONDS + SECONDS_EACH * asked.jobs):
            return await storm(where, asked.jobs, asked.seed)

    try:
        report = asyncio.run(run())
    except TimeoutError:
        sys.exit(f"It isn't done in the time that it may take; the logs are in {where}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit(f"It was ended; the logs are in {where}")
    console = Console()
    console = console if console.is_terminal else Console(width=PAPER_WIDTH)
    for table in tables(report):
        console.print(table)
    minutes = (
        f"{report.weather.seconds:.0f} s of storm, then calm after {report.calm_seconds:.0f} s"
    )
    console.print(f"{minutes}; {report.seconds:.0f} s in all.")
    for promise in report.broken:
        console.print(f"[red]{promise.name}:[/] " + "; ".join(promise.about))
    if report.broken:
        sys.exit(f"Not all was kept; the logs are in {where}")
    shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    main()
