"""The transparency report as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot import said
from bot.recorded import title
from db.states import Kind, Reason
from moderation.credit import Earning
from moderation.credited import Credited
from moderation.transparency import Month, Wait

DECISIONS = (
    Kind.APPROVED,
    Kind.REJECTED,
    Kind.SPLIT,
    Kind.TAKEN_DOWN,
    Kind.REINSTATED,
    Kind.DISMISSED,
    Kind.KEPT,
    Kind.WITHDRAWN,
)
APPEALS = (Kind.APPEALED, Kind.OVERTURNED, Kind.UPHELD)
EARNED = {
    Earning.APPROVED: "Work in the showcase",
    Earning.REMIXED: "Work that others built on",
    Earning.REVIEWED: "Reviews",
    Earning.WON: "Ballots won",
    Earning.RENDERED: "Rendering for others",
    Earning.FOUND: "Bugs and weak spots",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report: figures by their names, and what is said below them."""

    title: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""


def sections(month: Month) -> list[Section]:
    found = [
        Section("Decisions", _counts(month.counts, DECISIONS), _waits(month.review)),
        Section("Why it was no", _reasons(month.reasons)),
        Section("Appeals", _counts(month.counts, APPEALS), _appeals(month)),
        Section("Reports by viewers", _reasons(month.reported)),
    ]
    found += [
        Section(f"The screen's rule {rule}", _counts(kinds, sorted(kinds)))
        for rule, kinds in month.rules.items()
    ]
    renders = [
        (model, f"{_jobs(made.jobs)}, {made.seconds:,} s of computing")
        for model, made in month.renders.items()
    ]
    return [*found, Section("Renders", tuple(renders))]


def credits_section(found: Credited) -> Section:
    """What each kind of contribution earned."""
    rows = [(EARNED[Earning(kind)], f"{number:,}") for kind, number in found.earned.items()]
    if found.taken_back:
        rows.append(("Taken back", f"{found.taken_back:,}"))
    return Section("Credits earned", tuple(rows), "From the ledger, by when they were booked.")


def wait(seconds: int) -> str:
    """A wait of the report, which has two figures."""
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.2g} min"
    return f"{seconds / 3600:.2g} h" if seconds < 100 * 3600 else f"{seconds / 3600:,.0f} h"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"


def _counts(counts: Mapping[str, int], kinds: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((title(kind), f"{counts[kind]:,}") for kind in kinds if kind in counts)


def _reasons(reasons: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple((said.REASON[Reason(name)], f"{number:,}") for name, number in reasons.items())


def _waits(of: Wait | None) -> str:
    if of is None:
        return ""
    return f"Half were decided within {wait(of.median)}, nine in ten within {wait(of.nine_tenths)}."


def _appeals(month: Month) -> str:
    if month.overturned is None:
        return ""
    return f"{_waits(month.appeal)} {month.overturned:.0%} of them were won.".strip()
