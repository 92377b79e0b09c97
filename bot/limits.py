"""Limits put into words: what one has used, what is left, and which table a studio has."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot import lists
from bot.card import Line
from bot.finding import Finding, State
from bot.lists import Listing
from db import usage
from db.models import Job, utcnow
from moderation import limits, quotas
from moderation.house_rules import house_rules
from moderation.limits import Limits, What
from moderation.people import Person
from moderation.rules import Rules
from moderation.words import listed

PER = {
    What.JOBS_PER_HOUR: "jobs an hour",
    What.JOBS_PER_DAY: "jobs a day",
    What.GPU_SECONDS_PER_DAY: "GPU-seconds a day",
}


def left(job: Job) -> tuple[Line, ...]:
    """For whoever had nearly used up a limit with this job."""
    nearly = [
        f"{left:,} of your {most:,} {PER[What(of)]}" for of, (left, most) in job.nearly.items()
    ]
    return (Line(f"You have {listed(nearly, 'and')} left."),) if nearly else ()


async def own(s: AsyncSession, person: Person, house: Rules) -> str:
    """What somebody has used of their own limits; empty where the studio has none."""
    if not house.limits.rows:
        return ""
    scope = quotas.own(house.limits, person)
    used = await quotas.used_by(s, scope, utcnow())
    said = [f"{round(used[what]):,} of {scope.figures[what]:,} {PER[what]}" for what in used]
    queued = await usage.in_line(s, scope.whose)
    said.append(f"{queued:,} of {house.limits.in_line(person, house.queued_cap):,} in line")
    at_once = scope.figures.get(What.AT_ONCE)
    more = f"; {at_once:,} of yours may be rendered at once" if at_once else ""
    return f"You have used {listed(said, 'and')}{more}."


async def queue(
    s: AsyncSession, person: Person, whose: str, page: int, where: tuple[Rules, str, str]
) -> Listing:
    """The line, or one's own part of it, and what one has used of one's limits. ``where``: the studio's
    rules, the room, and in which workspace of it."""
    studio, room, workspace = where
    listing = await lists.queue(s, person, whose, page)
    said = await own(s, person, await house_rules(s, room, workspace, studio))
    return replace(listing, lines=(*listing.lines, Line(said))) if said else listing


def finding(table: Limits) -> Finding:
    """The limits in force, for the doctor."""
    found = "; ".join(limits.listing(table)) or "None but jobs in line and at once"
    return Finding("Limits", State.OK, f"{found}.")
