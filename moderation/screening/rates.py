"""How often each rule of the screen is right: what its finds came to. For the public report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import hits
from db.hits import Count
from db.states import DECIDED


@dataclass(frozen=True, slots=True)
class Rate:
    """What one rule found in a period, and what became of those jobs until now."""

    rule: str
    hits: int = 0
    """Jobs."""
    decided: int = 0
    """Of these, the ones that moderators decided about, an overturned block included."""
    approved: int = 0
    """Flagged, and in the showcase in the end: for all that moderators could see a false positive."""
    blocked: int = 0
    overturned: int = 0
    """Blocked, and let in by moderators."""

    @property
    def false_positive(self) -> float | None:
        """Of what was flagged and decided, the share that was approved; None while there is none."""
        flagged = self.decided - self.overturned
        return self.approved / flagged if flagged else None

    @property
    def overturn(self) -> float | None:
        """Of what was blocked, the share that was overturned; None while there is none."""
        return self.overturned / self.blocked if self.blocked else None


async def rates(s: AsyncSession, since: datetime, until: datetime) -> list[Rate]:
    """Each rule that found anything from ``since`` until before ``until``, by its id."""
    return rated(await hits.counts(s, since, until))


def rated(counts: Iterable[Count]) -> list[Rate]:
    """The same of counts."""
    found: dict[str, Rate] = {}
    for count in counts:
        so_far = found.get(count.rule, Rate(count.rule))
        flagged = not count.hard
        decided = count.overturned or count.status in DECIDED
        found[count.rule] = Rate(
            count.rule,
            so_far.hits + count.jobs,
            so_far.decided + count.jobs * decided,
            so_far.approved + count.jobs * (flagged and count.was_published),
            so_far.blocked + count.jobs * count.hard,
            so_far.overturned + count.jobs * count.overturned,
        )
    return sorted(found.values(), key=lambda rate: rate.rule)
