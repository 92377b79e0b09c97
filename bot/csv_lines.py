"""CSV as every export writes it: safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula."""


def lines(rows: Iterable[Iterable[object]]) -> str:
    """A line for each row. Text that a spreadsheet would run has an apostrophe before it; numbers are as
    they are."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(_safe, row) for row in rows)
    return text.getvalue()


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUNS) else cell
