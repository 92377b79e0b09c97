"""The README's table of figures: read, compared with what is declared, and brought up to date."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.figures import ROWS, Row
from bench.report import NONE, Figure, amount

README = Path(__file__).parents[1] / "README.md"
HEAD = "| what | measured | aim | command |\n|---|---|---|---|\n"
AMOUNT = re.compile(r"(\*\*)?([\d,]+(?:\.\d+)?) ([^*]+)(\*\*)?")


class Line(NamedTuple):
    """One line of the table, as text."""

    what: str
    measured: str
    aim: str
    command: str


def lines(text: str) -> list[Line]:
    """The table in this README."""
    _, table = text.split(HEAD)
    return [
        Line(*(cell.strip() for cell in line.strip("|").split("|")))
        for line in table.partition("\n\n")[0].splitlines()
    ]


def measured(row: Row, found: Mapping[str, Figure]) -> str:
    """A row's figures, those in bold that miss their limit."""
    shown = []
    for declared in row.figures:
        figure = found[declared.name]
        bold = "**" if figure.met is False else ""
        shown.append(f"{bold}{amount(figure.value, figure.unit)}{bold}")
    return " / ".join(shown)


def written(text: str, figures: Sequence[Figure]) -> str:
    """This README with the table as it is declared. What wasn't measured now stays as it was."""
    found, standing = {figure.name: figure for figure in figures}, {}
    for line in lines(text):
        standing[line.what] = line.measured
    rows = [Line(row.what, _cell(row, found, standing), row.aim, row.command) for row in ROWS]
    before, table = text.split(HEAD)
    after = table.partition("\n\n")[2]
    return before + HEAD + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n" + after


def _cell(row: Row, found: Mapping[str, Figure], standing: Mapping[str, str]) -> str:
    if all(figure.name in found for figure in row.figures):
        return measured(row, found)
    return standing.get(row.what) or NONE
