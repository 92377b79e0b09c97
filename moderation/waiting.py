"""What becomes of jobs that wait for moderators: these are called to them, ever more loudly, and what
they had no room for goes to them.

Nothing is ever decided by time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from db import events, in_review, jobs
from db.models import utcnow
from db.session import Db, one_at_a_time
from db.states import Called, Kind
from moderation import decisions, rules
from moderation.house_rules import house_rules
from moderation.rules import Rules

AFTER: Mapping[Called, timedelta] = {
    Called.HOSTS: timedelta(hours=12),
    Called.MODERATORS: timedelta(hours=2),
    Called.REMINDED: timedelta(minutes=30),
}
"""The loudest first: whoever was away for a day is called once."""


async def called(db: Db) -> list[int]:
    """Call moderators to what has waited too long; the ids of those jobs."""
    changed = []
    for loudness, wait in AFTER.items():
        async with db.read() as s:
            overdue = await in_review.overdue(s, utcnow() - wait, loudness)
        for job_id in overdue:
            async with db.begin() as s:
                if await in_review.call(s, job_id, utcnow() - wait, loudness):
                    await events.record(s, job_id, Kind.RAISED, called=loudness)
                    changed.append(job_id)
    return changed


async def let_in(db: Db, studio: Rules) -> list[int]:
    """Send to review what waited for room there; the ids of those jobs."""
    async with db.read() as s:
        held = await in_review.held(s)
    changed = []
    for job_id in held:
        async with db.begin() as s:
            await one_at_a_time(s, "room in review")
            job = await jobs.get(s, job_id, lock=True)
            if job is None or not rules.is_held(job):
                continue
            if await in_review.count(s) >= studio.backlog:
                break
            if not await jobs.to_review(s, job, None):
                job.held = False  # what it was made from isn't stated about any more
                await events.record(s, job_id, Kind.UNHELD)
                changed.append(job_id)
                continue
            house = await house_rules(s, job.room, job.workspace, studio)
            await decisions.reconsider(s, house, job)
            changed.append(job_id)
    return changed


async def let_go(db: Db) -> list[int]:
    """Give free what moderators had in hand for long enough; the ids of those jobs."""
    async with db.read() as s:
        if not await in_review.is_over(s):
            return []
    async with db.begin() as s:
        changed = list(await in_review.looked(s))
        for job_id in changed:
            await events.record(s, job_id, Kind.LOOKED)
    return changed
