"""What is booked by the day: reviews, and renders for others.

The ledger names people, and says what each transaction is for. Booked one by one, these would tell which
moderator decided on which job, and of renders that nobody but their artists may know of. So what
somebody earned by them on a day in UTC is one transaction, booked when the day is over.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from db import days, ledger, links
from db.models import utcnow
from db.session import Db
from moderation import credit
from moderation.credit import ISSUED, Earning

BATCH = 100
DAILY = (Earning.REVIEWED, Earning.RENDERED)


async def reviewed(s: AsyncSession, person_id: int) -> None:
    """Count a review, unless this day has had as many as earn something. Call it under the ledger's
    ``hold``."""
    table, today = credit.table(), utcnow().date()
    so_far = await days.earned(s, person_id, today, Earning.REVIEWED)
    if so_far < table.reviewed * table.reviews_a_day:
        await days.count(s, today, person_id, Earning.REVIEWED, table.reviewed, table.version)


async def rendered(s: AsyncSession, person_id: int, seconds: int) -> None:
    """Count a render for somebody else. Call it under the ledger's ``hold``."""
    if seconds:
        today, version = utcnow().date(), credit.table().version
        await days.count(s, today, person_id, Earning.RENDERED, seconds, version)


async def book_days(db: Db, today: date | None = None) -> int:
    """Book what was earned on the days that are over, up to a batch; says how many transactions."""
    today = today or utcnow().date()
    async with db.read() as s:
        if not await days.before(s, today, 1):
            return 0
    async with db.begin() as s:
        await ledger.hold(s)
        over = await days.before(s, today, BATCH)
        for one in over:
            mine = await ledger.account_of(s, await links.now(s, one.person_id))
            issued = await ledger.studios(s, ISSUED)
            await ledger.book(
                s,
                one.key,
                one.kind,
                {mine.id: one.amount, issued.id: -one.amount},
                reference=one.day.isoformat(),
                table_version=one.table_version,
            )
            await days.done(s, one.key)
    return len(over)
