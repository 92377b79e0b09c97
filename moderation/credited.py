"""What each kind of contribution earned in a month, for the transparency report.

The rest of the report is added up from the record. This is from the ledger, which is a chain of its own
that everybody may read; whoever has its file can add it up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import books
from moderation.credit import Booking, Earning


@dataclass(frozen=True, slots=True)
class Credited:
    """The credit of one month, by when it was booked."""

    earned: Mapping[str, int]
    """Kind of contribution -> how much."""
    taken_back: int
    """Of this or an earlier month: what it was earned for was taken down."""


async def credited(s: AsyncSession, month: str) -> Credited:
    """The credit of a month such as 2026-11, in UTC."""
    since = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    year, after = divmod(since.year * 12 + since.month, 12)
    until = since.replace(year=year, month=after + 1)
    found = await books.earned(s, since, until, list(Earning))
    back = await books.taken_back(s, since, until, list(Earning), Booking.REVERSED)
    sums = {kind.value: sum(one.amount for one in found if one.kind == kind) for kind in Earning}
    return Credited(
        {kind: number for kind, number in sums.items() if number}, sum(one.amount for one in back)
    )
