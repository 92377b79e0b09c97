"""What cards say of many jobs is what they say of each."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from bot.view import view, views
from db.models import Job
from tests.support.leaver import somebody


async def test_jobs_read_together_are_as_each_is_alone(sqlite_url: str, tmp_path: Path) -> None:
    async with somebody(sqlite_url, tmp_path) as story, story.db.read() as s:
        ids = (await s.scalars(select(col(Job.id)))).all()
        together = await views(s, [*ids, 10**9])
        assert together == {job_id: await view(s, job_id) for job_id in ids}
        some = together.values()
        for what in ("reviews", "tally", "reports", "hits", "kin", "parts", "chain", "statement"):
            assert any(getattr(seen, what) for seen in some), f"the story has no {what}"
