"""What earns credit: the table, which is data, and what follows from it. Pure functions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from db.models import Job
from db.states import Descent
from moderation.apportion import largest_remainder

GROWN = frozenset({Descent.REMIX, Descent.EXTEND})
"""What makes a generation; the rest of what grows out of a clip is its own artist's work on it."""
ISSUED = "issued"
"""The account of the studio that credit comes from."""


class Earning(StrEnum):
    APPROVED = "approved"
    REMIXED = "remixed"
    REVIEWED = "reviewed"
    WON = "won"
    RENDERED = "rendered"
    FOUND = "found"


class Booking(StrEnum):
    """What is booked beside what is earned."""

    TIP = "tip"
    TIP_BACK = "tip_back"
    REVERSED = "reversed"
    POOL = "pool"
    """What a host sets apart for whoever wins a theme."""
    POOL_PAID = "pool_paid"
    LINKED = "linked"
    UNLINKED = "unlinked"
    POOL_OPENED = "pool_opened"
    """What a host means to split among those who earned credit, in another unit than credit."""
    POOL_SPLIT = "pool_split"
    PAID_OUT = "paid_out"
    UNCLAIMED = "unclaimed"
    """A share that nobody asked for goes back."""


@dataclass(frozen=True, slots=True)
class Earnings:
    """The earning table: whole numbers of credit."""

    version: int
    approved: int
    remixed: int
    generations: int
    """How many generations before a job share in it."""
    reviewed: int
    reviews_a_day: int
    won: int
    rendered: int
    """For each second of a device."""
    found: int
    says: tuple[str, ...]
    """The table in sentences."""

    def share(self, generation: int) -> int:
        """What the artist of the job so many generations before gets; 1 is the parent."""
        return self.remixed >> (generation - 1) if 1 <= generation <= self.generations else 0

    def seconds(self, computed: float) -> int:
        return round(computed * self.rendered)


@cache
def table() -> Earnings:
    """The table that ships with the studio."""
    return read(Path(__file__).with_name("earnings.toml").read_text("utf-8"))


def read(text: str) -> Earnings:
    found: dict[str, Any] = tomllib.loads(text)
    rows = {earning: found[earning] for earning in Earning}
    return Earnings(
        version=found["version"],
        generations=rows[Earning.REMIXED]["generations"],
        reviews_a_day=rows[Earning.REVIEWED]["a_day"],
        says=tuple(row["says"].format(**row) for row in rows.values()),
        **{earning.value: row["amount"] for earning, row in rows.items()},
    )


def split(amount: int, people: Iterable[int]) -> dict[int, int]:
    """The same for everybody, in whole numbers; what is left over goes to the smallest numbers. Whoever
    would get nothing is absent."""
    earned = largest_remainder(amount, dict.fromkeys(people, 1))
    return {one: share for one, share in earned.items() if share}


def shares(job: Job, ancestors: Iterable[Job], earnings: Earnings) -> dict[int, int]:
    """Person -> what the showing of a job earns them because it grew out of their work.

    ``ancestors``: its parent, that one's parent and so on. Nobody earns by their own work's growth.
    """
    earned: dict[int, int] = {}
    generation, child = 0, job
    for parent in ancestors:
        generation += child.descent in GROWN
        share = earnings.share(generation)
        if share and child.descent in GROWN and parent.person_id != job.person_id:
            earned[parent.person_id] = earned.get(parent.person_id, 0) + share
        child = parent
    return earned
