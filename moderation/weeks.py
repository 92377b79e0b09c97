"""The best of each week, drawn from all ballots once the week is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import events, weeks
from db.models import Best, utcnow
from db.session import Db
from db.states import Kind
from db.weeks import Winner

MOST = 10
"""Clips that are the best of a week."""
CAUGHT_UP = 4
"""A studio that was off draws so many weeks when it is back; what is older was nobody's week."""

Which = tuple[int, int]
"""A week by its year and number in ISO 8601: it begins on a Monday, in UTC."""


def best(winners: Iterable[Winner]) -> list[Winner]:
    """Most votes first, then what was approved earlier; of each artist the best one alone.

    So a week is the community's, and not that of whoever publishes most or brings most friends.
    """
    by_artist: dict[int, Winner] = {}
    for one in sorted(winners, key=_rank):
        by_artist.setdefault(one.job.person_id, one)
    return list(by_artist.values())[:MOST]


def over(now: datetime) -> list[Which]:
    """The weeks that ended last before this moment, oldest first."""
    days = (now.astimezone(UTC) - timedelta(weeks=ago) for ago in range(CAUGHT_UP, 0, -1))
    return [(day.isocalendar().year, day.isocalendar().week) for day in days]


def begins(year: int, number: int) -> datetime:
    return datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC)


def ends(year: int, number: int) -> datetime:
    """The moment at which the next one begins."""
    return begins(year, number) + timedelta(weeks=1)


async def drawn(db: Db) -> list[int]:
    """Draw the weeks that are over and weren't drawn; the jobs that are among their best.

    A week in which nobody voted has no best, and is drawn all the same. Of several processes one draws.
    """
    due = over(utcnow())
    async with db.read() as s:
        there = {(week.year, week.number) for week in await weeks.known(s, due)}
    among: list[int] = []
    for which in due:
        if which not in there:
            async with db.begin() as s:
                among += await _draw(s, which)
    return among


async def _draw(s: AsyncSession, which: Which) -> list[int]:
    year, number = which
    until = ends(year, number)
    # Another process may have looked for ballots just before the week was over.
    if await weeks.is_counting(s, until) or not await weeks.add(s, year, number):
        return []
    found = best(await weeks.winners(s, begins(year, number), until))
    for place, (job, votes) in enumerate(found, start=1):
        won = {"job_id": job.id, "clip": job.winner or 0, "votes": votes}
        s.add(Best(year=year, number=number, position=place, **won))
        said = {"year": year, "week": number, "place": place, "votes": votes}
        await events.record(s, job.id, Kind.BEST_OF_WEEK, **said)
    return [job.id for job, _ in found]


def _rank(one: Winner) -> tuple[int, datetime, int]:
    return -one.votes, one.job.published_at or datetime.max.replace(tzinfo=UTC), one.job.id
