"""What a bench gives: figures with their limits; and the command line that all of them share."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from math import inf

from rich.console import Console
from rich.table import Table

from db import logs

Measure = Callable[[bool], Awaitable["list[Figure]"]]
"""Called with whether it must be quick."""
PAPER_WIDTH = 150
NONE = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; without a limit it is there for context."""

    name: str
    value: float
    unit: str
    compared_with: str = ""
    at_most: float | None = None
    at_least: float | None = None
    command: str = ""

    @property
    def ratio(self) -> float | None:
        """Of the value to its limit; None without one."""
        bound = self.at_most if self.at_most is not None else self.at_least
        if bound is None:
            return None
        return self.value / bound if bound else inf if self.value else 0.0

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def limit(self) -> str:
        if self.at_least is not None:
            return f"≥ {amount(self.at_least, self.unit)}"
        return NONE if self.at_most is None else f"≤ {amount(self.at_most, self.unit)}"


def amount(value: float, unit: str) -> str:
    """Three significant digits, and no fewer than a large number has; whole numbers as such."""
    whole = abs(value) >= 100 or value == round(value)
    return f"{value:,.{0 if whole else 1 if abs(value) >= 10 else 2}f} {unit}"


def say(text: str) -> None:
    """Progress, beside the figures."""
    print(text, file=sys.stderr, flush=True)


def show(figures: Sequence[Figure]) -> None:
    """The table, for people."""
    table = Table()
    table.add_column("figure")
    for column in ("measured", "limit", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("met", justify="center")
    table.add_column("command", no_wrap=True)
    met = {True: "[green]yes", False: "[red]no", None: NONE}
    for command, group in groupby(figures, lambda figure: figure.command):
        table.add_section()
        for number, figure in enumerate(group):
            beside = f" ({figure.compared_with})" if figure.compared_with else ""
            ratio = NONE if figure.ratio is None else f"{figure.ratio:,.0%}"
            measured = amount(figure.value, figure.unit)
            row = figure.name + beside, measured, figure.limit, ratio, met[figure.met]
            table.add_row(*row, "" if number else command)
    console = Console()
    (console if console.is_terminal else Console(width=PAPER_WIDTH)).print(table)


def show_json(figures: Sequence[Figure]) -> None:
    """The same, for machines."""
    print(json.dumps([asdict(f) | {"met": f.met} for f in figures], indent=2))


def arguments(about: str | None) -> argparse.ArgumentParser:
    """The options that every bench has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, noisier figures")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def main(name: str, about: str | None, measure: Measure, limit_seconds: float) -> None:
    """Run one bench as a command. Whatever it started has ended when this returns or raises."""
    asked = arguments(about).parse_args()
    logs.configure(least="warning")  # beside the figures, which alone go to stdout

    async def run() -> list[Figure]:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with asyncio.timeout(limit_seconds):
            return await measure(asked.quick)

    try:
        found = asyncio.run(run())
    except TimeoutError:
        sys.exit(f"{name} is not done after {limit_seconds:.0f} s, its limit.")
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit(f"{name} was ended.")
    tell(name, found, asked.json)


def tell(name: str, found: Sequence[Figure], as_json: bool) -> None:
    """Print what this bench has found, with the command that finds it again."""
    figures = [replace(figure, command=f"python -m bench.{name}") for figure in found]
    (show_json if as_json else show)(figures)
