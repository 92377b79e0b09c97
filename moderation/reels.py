"""The reel of a week: its best clips in one film, which nobody reviews and which belongs to everybody.

It shows what was approved clip by clip, and nothing else: without the leave of one of its clips it goes
(``moderation.films.leave_reels``), and is made anew of those that are left.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, consents, jobs, parts, people, weeks
from db.models import Best, Clip, Job, Week, utcnow
from db.session import Db
from db.states import RENDERED, Flag, Kind, Status, Task
from moderation import films
from moderation.weeks import ends, over
from moderation.wish import Request

FEWEST = 2
"""Clips that a reel is made of."""
TRIES = 3
"""So often a reel is put together that fails; nobody else would retry it."""
PATIENCE = timedelta(days=2)
"""So long after its end a week waits for the full renders of drafts that are among its best."""
ON_THEIR_WAY = frozenset({Status.QUEUED, Status.RENDERING, Status.IN_REVIEW})
COMMUNITY = ("studio", "", "community", "the community")
"""Whose a reel is: somebody in the database who has no account anywhere."""

Part = tuple[Job, Clip]


async def settled(db: Db) -> list[int]:
    """Bring the reels of the last weeks to where they should be; the ids of the jobs that changed.

    Older reels that lost a clip stay away: they would come into the showcase as if they were new.
    """
    async with db.read() as s:
        known = await weeks.known(s, over(utcnow()))
        due = [week for week in known if await _is_due(s, week)]
    changed: list[int] = []
    for seen in due:
        async with db.begin() as s:
            week = await weeks.get(s, seen.year, seen.number, lock=True)
            if week is not None:
                changed += await _settle(s, week)
    return changed


async def _is_due(s: AsyncSession, week: Week) -> bool:
    reel = await _reel(s, week)
    if _is_missing(reel):
        return bool(await _parts(s, week))
    return reel is not None and (reel.status is Status.READY or _may_be_retried(reel))


async def _settle(s: AsyncSession, week: Week) -> list[int]:
    reel = await _reel(s, week)
    if _is_missing(reel):
        await _hold(s, week)
        return await _make(s, week, await _parts(s, week))
    if reel is None:
        return []
    if _may_be_retried(reel):
        fresh = {"queued_at": utcnow(), "losses": 0, "reason": ""}
        await jobs.move(s, reel.id, Kind.RETRIED, values=fresh)
    elif reel.status is Status.READY:
        await _show(s, reel)
    return [reel.id]


def _is_missing(reel: Job | None) -> bool:
    """What moderators took down isn't made anew, whatever became of it since."""
    return reel is None or (reel.status is Status.WITHDRAWN and reel.round == 1)


def _may_be_retried(reel: Job) -> bool:
    return reel.status is Status.FAILED and reel.attempt < TRIES


async def _hold(s: AsyncSession, week: Week) -> None:
    """Hold off whoever would take one of the best away while a reel of them is made."""
    best = await _best(s, week)
    ids = {one.job_id for one, _ in best} | {final.id for _, final in best if final is not None}
    for job_id in sorted(ids):
        await jobs.get(s, job_id, lock=True)


async def _make(s: AsyncSession, week: Week, shown: list[Part]) -> list[int]:
    """Put a reel into the line, for when the workers have nothing else to do."""
    if not shown:
        return []
    owner = await people.known(s, *COMMUNITY)
    # It is nobody's own: whether it may be shown elsewhere is said by its clips.
    await consents.prefer(s, owner.id, {Flag.ELSEWHERE: True, Flag.PROMPT_SHOWN: True})
    request = Request(f"reel:{week.year}-{week.number}:{week.reel_id or 0}", room="")
    made_of = [(job, clip.number) for job, clip in shown]
    title = f"The best of week {week.number}, {week.year}"
    reel = films.put_together(Task.REEL, made_of, request, owner.id, title, private=True)
    reel.idle = True
    week.reel_id = await films.add(s, reel, made_of)
    named = {(clip.job_id, clip.number): clip.named for _, clip in shown}
    for part, _ in await parts.of(s, reel.id):
        part.named = named[part.job_id, part.clip]
    return [reel.id]


async def _show(s: AsyncSession, reel: Job) -> None:
    """Put a finished reel into the showcase, without a ballot, unless a clip of it has left meanwhile."""
    await parts.hold(s, reel.id)
    for part, _ in await parts.of(s, reel.id):
        await films.leave_reels(s, part.job_id)
    public = {"published_at": utcnow(), "private": False, "winner": 0}
    if await jobs.move(s, reel.id, Kind.REEL_SHOWN, values=public):
        await clips.show(s, reel.id, {1})


async def _parts(s: AsyncSession, week: Week) -> list[Part]:
    """The clips for a reel; none where they are too few, or while a final is on its way."""
    best = await _best(s, week)
    awaited = any(final is not None and final.status in ON_THEIR_WAY for _, final in best)
    if awaited and utcnow() < ends(week.year, week.number) + PATIENCE:
        return []
    found = [await _shown(s, *both) for both in best]
    shown = [part for part in found if part is not None]
    return shown if len(shown) >= FEWEST else []


async def _best(s: AsyncSession, week: Week) -> list[tuple[Best, Job | None]]:
    """A week's best, each with its full render where it was a draft."""
    best = await weeks.best(s, week)
    return [(one, await jobs.final_of(s, one.job_id, one.clip)) for one in best]


async def _shown(s: AsyncSession, best: Best, final: Job | None) -> Part | None:
    """A clip in full, where it was a draft and its final is in the showcase; else itself, if it is there.

    Films stay out: they are one already, with credits of their own.
    """
    for job_id, number in [*([(final.id, 1)] if final else []), (best.job_id, best.clip)]:
        job, clip = await jobs.get(s, job_id), await clips.get(s, job_id, number)
        there = job is not None and job.status is Status.PUBLISHED and job.task in RENDERED
        if job is not None and clip is not None and there and clip.shown:
            return job, clip
    return None


async def _reel(s: AsyncSession, week: Week) -> Job | None:
    return await jobs.get(s, week.reel_id) if week.reel_id is not None else None
