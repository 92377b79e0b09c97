"""What a job's clips are made from: the pictures that its artist gave, the clip that it goes on from."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, parts
from db.models import Clip, Job
from db.states import Descent, Status, Task

FILM = "film"
GONE_PICTURE = "A picture that this starts from is gone; give it again in a new job."
NO_LEAVE = "The artist of the clip that this goes on from doesn't allow that any more."
GONE_CLIP = "The clip that this goes on from is gone, so it can't be rendered."


class Gone(Exception):
    """It can't be made from that any more; the message is one sentence for its artist."""


async def of(s: AsyncSession, job: Job) -> dict[str, str]:
    """Media keys by what they are: ``first`` and ``last`` picture, ``film``; those that there are.

    Raises ``Gone`` when the clip is gone, or isn't to be used.
    """
    found = {"first": job.first_key, "last": job.last_key}
    if job.source_id is not None and job.source_clip is not None:
        source = await clips.get(s, job.source_id, job.source_clip)
        if source is not None and not await _is_allowed(s, job, source):
            raise Gone(NO_LEAVE)
        source = source and await _uncut(s, source)
        if source is None or not source.video_key:
            raise Gone(GONE_CLIP)
        found[FILM] = source.video_key
    return {name: key for name, key in found.items() if key}


async def _is_allowed(s: AsyncSession, job: Job, source: Clip) -> bool:
    """Whether a clip may be gone on from now, whatever was so when it was asked for. A final only
    finishes what was allowed. From what was withdrawn nobody else goes on, nor anybody from the end of
    it."""
    of = await s.get_one(Job, source.job_id)
    if of.status is Status.WITHDRAWN and (of.task is Task.GLIMPSE or of.person_id != job.person_id):
        return False
    if of.person_id == job.person_id or job.descent is Descent.FINAL:
        return True
    return of.status is Status.PUBLISHED and source.shown and source.remix


async def _uncut(s: AsyncSession, source: Clip) -> Clip | None:
    """For a glimpse the clip that it is the end of: its frames were not encoded twice."""
    job = await s.get_one(Job, source.job_id)
    if job.task is not Task.GLIMPSE:
        return source
    part, of = (await parts.of(s, job.id))[0]
    return await clips.get(s, of.id, part.clip)
