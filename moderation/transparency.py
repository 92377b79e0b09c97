"""The transparency report: what the record's entries add up to, month by month. Pure functions.

Everything in it is a sum over entries, so that it is kept up to date entry by entry, and whoever has
the entries can add them up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from db.record import Counted
from db.states import Kind

REVIEWS = frozenset({Kind.APPROVED, Kind.REJECTED})
APPEALS = frozenset({Kind.OVERTURNED, Kind.UPHELD})
NOES = frozenset({Kind.REJECTED, Kind.TAKEN_DOWN})


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds, to two figures, that half and nine tenths of them took at most."""

    median: int
    nine_tenths: int


@dataclass(frozen=True, slots=True)
class Render:
    """What one model made."""

    jobs: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Month:
    """The report of one month."""

    month: str
    counts: Mapping[str, int]
    """Kind of entry -> how many there are."""
    review: Wait | None
    """From sent to review to decided; None where nothing was decided."""
    appeal: Wait | None
    reasons: Mapping[str, int]
    """Reason -> how many noes it had, take-downs too; one no may have several."""
    reported: Mapping[str, int]
    """Reason -> how often something was reported for it."""
    rules: Mapping[str, Mapping[str, int]]
    """Rule of the screen -> kind of entry -> how many name it."""
    renders: Mapping[str, Render]
    """By model."""
    overturned: float | None
    """Which part of the decided appeals; None where there were none."""


def counted(bodies: Iterable[Mapping[str, Any]]) -> Counted:
    """What these entries add to the statistics."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for body in bodies:
        month = body["at"][:7]
        for name, of, number in _figures(body["kind"], body["details"]):
            sums[month, name, of] += number
    return sums


def _figures(kind: str, details: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    yield "entries", kind, 1
    if kind == Kind.FINISHED:
        yield "renders", details["model"], 1
        yield "milliseconds", details["model"], details["milliseconds"]
    if kind in REVIEWS | APPEALS and "waited" in details:
        of = "appeal waited" if kind in APPEALS else "review waited"
        yield of, str(two_figures(details["waited"])), 1
    if kind in NOES:
        for reason in details.get("reasons", ()):
            yield "reasons", reason, 1
    if kind == Kind.REPORTED:
        yield "reported", details["reason"], 1
    for rule in details.get("rules", ()):
        yield f"rules of {kind}", rule, 1


def summary(month: str, statistics: Counted) -> Month:
    """The report of this month, from its statistics."""
    names: dict[str, dict[str, int]] = {}
    for (at, name, of), number in statistics.items():
        if at == month:
            names.setdefault(name, {})[of] = number
    rules: dict[str, dict[str, int]] = {}
    for name, found in names.items():
        if name.startswith("rules of "):
            for rule, number in found.items():
                rules.setdefault(rule, {})[name.removeprefix("rules of ")] = number
    spent = names.get("milliseconds", {})
    return Month(
        month,
        counts=names.get("entries", {}),
        review=_wait(names.get("review waited", {})),
        appeal=_wait(names.get("appeal waited", {})),
        reasons=_largest_first(names.get("reasons", {})),
        reported=_largest_first(names.get("reported", {})),
        rules=dict(sorted(rules.items())),
        renders={
            model: Render(jobs, round(spent[model] / 1000))
            for model, jobs in _largest_first(names.get("renders", {})).items()
        },
        overturned=_overturned(names.get("entries", {})),
    )


def two_figures(seconds: int) -> int:
    """Rounded so that only its first two digits say something: 137 becomes 140.

    That leaves so few different waits that how often there was each can be kept.
    """
    step: int = 10 ** max(len(str(seconds)) - 2, 0)
    return (seconds + step // 2) // step * step


def _overturned(counts: Mapping[str, int]) -> float | None:
    decided = sum(counts.get(kind, 0) for kind in APPEALS)
    return counts.get(Kind.OVERTURNED, 0) / decided if decided else None


def _wait(waits: Mapping[str, int]) -> Wait | None:
    ordered = sorted((int(seconds), number) for seconds, number in waits.items())
    total = sum(number for _, number in ordered)
    return Wait(_reached(ordered, total / 2), _reached(ordered, total * 0.9)) if total else None


def _reached(ordered: list[tuple[int, int]], rank: float) -> int:
    """The wait that so many were not above: the nearest-rank percentile."""
    so_far = accumulate(number for _, number in ordered)
    return next(wait for (wait, _), reached in zip(ordered, so_far, strict=True) if reached >= rank)


def _largest_first(numbers: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(numbers.items(), key=lambda item: (-item[1], item[0])))
