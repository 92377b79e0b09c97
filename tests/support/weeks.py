"""Ballots of weeks that are over, for tests of what is drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from db import weeks
from db.models import Job, Week, utcnow
from db.states import Verdict
from moderation.people import Person
from moderation.sweep import sweep
from moderation.weeks import begins, over
from tests.support.studio import Studio


async def won(
    studio: Studio,
    artist: Person,
    mo: Person,
    voters: Sequence[Person],
    *,
    ago: int = 1,
    hours: float = 12.0,
    **wish: Any,
) -> Job:
    """A published job whose ballot ended so many hours into a week, ``ago`` weeks before this one."""
    job = await studio.rendered(artist, **wish)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    for voter in voters:
        await studio.desk.vote(voter, job.id, 1)
    since = begins(*over(utcnow())[-ago])
    await studio.change(job.id, ballot_closes_at=since + timedelta(hours=hours))
    return await studio.job(job.id)


async def swept(studio: Studio) -> None:
    await sweep(studio.db, studio.desk.broker)


async def put_together(studio: Studio) -> Job:
    """Let the next in line, which is a reel, be put together and shown."""
    claimed = await studio.claim(running_cap=9)
    assert claimed is not None
    assert claimed.task == "reel"
    assert await studio.finish(claimed)
    await swept(studio)
    return await studio.job(claimed.id)


async def week(studio: Studio, ago: int = 1) -> Week:
    async with studio.db.read() as s:
        found = await weeks.get(s, *over(utcnow())[-ago])
    assert found is not None
    return found


async def best_of(studio: Studio, ago: int = 1) -> list[tuple[int, int]]:
    """(job, votes) of a week's best, the first first."""
    drawn = await week(studio, ago)
    async with studio.db.read() as s:
        return [(one.job_id, one.votes) for one in await weeks.best(s, drawn)]


async def reel(studio: Studio) -> Job | None:
    """The newest of last week."""
    drawn = await week(studio)
    return None if drawn.reel_id is None else await studio.job(drawn.reel_id)


async def three(studio: Studio, cast: Sequence[Person], **wish: Any) -> list[Job]:
    """The winners of three artists, in the order of their places."""
    ada, bo, cy, mo, lin = cast
    return [
        await won(studio, ada, mo, [bo, cy, lin], **wish),
        await won(studio, bo, mo, [ada, cy], **wish),
        await won(studio, cy, mo, [ada], **wish),
    ]
