"""How a job is taken out of everything public: it, the films that it is in, its place in a chain."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, jobs, reports
from db.states import Kind
from moderation import chaining, films


async def withdraw(s: AsyncSession, job_id: int, by: int) -> list[int]:
    """Withdraw a job that is held; the ids of jobs that this made, for whoever has the turn now."""
    await reports.settle(s, job_id)
    await jobs.move(s, job_id, Kind.WITHDRAWN, by=by, values={"lease_until": None})
    await films.withdraw_with(s, job_id, by)
    # After the films that it is in: as whoever signs does.
    await clips.unsign_children(s, job_id)
    return await chaining.take_back(s, job_id)
