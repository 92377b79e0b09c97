"""What each kind of contribution earned in a month, for the transparency report.

The rest of the report is added up from the record. This is from the ledger, which is a chain of its own
that everybody may read; whoever has its file can add it up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    booked = {kind: amount for (_, kind), amount in (await books.months(s, month)).items()}
    earned = {kind.value: booked[kind] for kind in Earning if kind in booked}
    return Credited(earned, -booked.get(Booking.REVERSED, 0))
