"""How long a studio takes to start, from the command to a page, and to the first possible clip.

``python -m bench.startup`` runs ``sora up`` in an empty folder and then again in the same folder, as
a second ``make demo`` does; and ``sora --help``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench import studio
from bench.figures import published
from bench.report import Figure, main, say

HELP_RUNS, QUICK_HELP_RUNS = 9, 3
HELP, NOTHING = ("-m", "bot", "--help"), ("-c", "pass")
LIMIT_SECONDS = 400.0


async def measure(quick: bool) -> list[Figure]:
    figures = []
    with studio.folder() as where:
        for title in ("first start", "second start"):
            say(f"startup: {title}")
            async with studio.up(where) as running:
                await running.answers()
                page = time.monotonic() - running.began
                await running.worker_ready()
                worker = time.monotonic() - running.began
            figures += [
                published(f"startup: {title}, page", page),
                Figure(f"startup: {title}, worker ready", worker, "s"),
            ]
        say("startup: sora --help")
        runs = range(QUICK_HELP_RUNS if quick else HELP_RUNS)
        pairs = [(_seconds(where, *HELP), _seconds(where, *NOTHING)) for _ in runs]
    shown, python = (median(column) * 1000 for column in zip(*pairs, strict=True))
    return [
        *figures,
        Figure("startup: sora --help", shown, "ms", f"Python alone: {python:,.0f} ms"),
    ]


def _seconds(where: Path, *arguments: str) -> float:
    """How long this Python takes for that."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=where,
        env=studio.environment(where, {}),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began


if __name__ == "__main__":
    main("startup", __doc__, measure, LIMIT_SECONDS)
