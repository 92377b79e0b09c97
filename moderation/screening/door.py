"""What follows from what the screen finds, within the transaction that holds the job."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, events, frames, hits, jobs, parts
from db.models import Hit, Job, utcnow
from db.states import Kind
from moderation import rounds
from moderation.screening.base import Found, Screen
from moderation.screening.frames import Classified, KnownFrames


async def enter(s: AsyncSession, screen: Screen, job: Job, made_of: Sequence[Job] = ()) -> None:
    """Look at a job that has just entered the line; what a hard rule finds is blocked at once.

    ``made_of``: of a film the jobs of its clips, whose words are its own too. What moderators overturned
    in the same words of the same person isn't found again.
    """
    seen = [one for look in (job, *made_of) for one in screen.look(look)]
    if not seen:
        return
    forgiven: set[tuple[str, int]] = set()
    for look in (job, *made_of):
        forgiven |= await hits.forgiven(s, look.person_id, look.prompt)
    found = [one for one in _merged(seen) if (one.rule.id, one.rule.version) not in forgiven]
    new = await _keep(s, job.id, found)
    hard = sorted({one.rule.id for one in new if one.rule.hard})
    flags = sorted({one.rule.id for one in new if not one.rule.hard})
    if flags:
        await events.record(s, job.id, Kind.FLAGGED, rules=flags)
    if hard:
        await jobs.move(s, job.id, Kind.BLOCKED, rules=hard)
        await s.refresh(job, ["status"])


async def note(s: AsyncSession, screen: Screen, shot: Job) -> bool:
    """Keep what is to be looked at twice in a shot, should it be published alone; says whether a hard
    rule finds anything: that is for its film to answer for."""
    found = screen.look(shot)
    await _keep(s, shot.id, [one for one in found if not one.rule.hard])
    return any(one.rule.hard for one in found)


async def see(s: AsyncSession, job: Job) -> bool:
    """Look at the frames of a finished job, once; says whether anything was found."""
    made = [clip for clip in await clips.of(s, job.id) if not clip.screened]
    if not made:
        return False
    screens: list[Screen] = [Classified()]
    if any(clip.hashes for clip in made):
        screens.append(KnownFrames(await frames.known(s)))
    new = await _keep(s, job.id, [one for screen in screens for one in screen.look(job, made)])
    await frames.note_screened(s, job.id)
    if new:
        flags = sorted({one.rule.id for one in new})
        await events.record(s, job.id, Kind.FLAGGED, rules=flags)
    return bool(new)


async def let_in(s: AsyncSession, job: Job, by: int) -> None:
    """Moderators overturn the block: the job goes into the line, and its clips to review as a round of
    their own. What was only flagged stays flagged."""
    overturned = await hits.overturn(s, job.id)
    fresh = {**rounds.new_round(job), "queued_at": utcnow()}
    await jobs.move(s, job.id, Kind.UNBLOCKED, by=by, values=fresh, rules=overturned)
    for part, shot in await parts.of(s, job.id):
        if part.is_shot:
            anew = {"queued_at": utcnow(), "reason": ""}
            await jobs.move(s, shot.id, Kind.RETRIED, by=by, values=anew)


def _merged(found: Sequence[Found]) -> list[Found]:
    """Each rule once, with all words that it was found by."""
    merged: dict[str, Found] = {}
    for one in found:
        before = merged[one.rule.id].words if one.rule.id in merged else ()
        words = tuple(dict.fromkeys((*before, *one.words)))
        merged[one.rule.id] = Found(one.rule, words)
    return list(merged.values())


async def _keep(s: AsyncSession, job_id: int, found: Sequence[Found]) -> list[Found]:
    """Store as hits what was not found in this job before; returns that."""
    known = {(hit.rule, hit.clip) for hit in await hits.of(s, job_id)}
    new = [one for one in found if (one.rule.id, one.clip) not in known]
    rows = [
        Hit(
            job_id=job_id,
            rule=one.rule.id,
            clip=one.clip,
            version=one.rule.version,
            hard=one.rule.hard,
            words=list(one.words),
        )
        for one in new
    ]
    await hits.add(s, rows)
    return new
