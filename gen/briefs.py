"""From a job to what its engine is asked for, and the files that its clips are made from."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, parts
from db.media import Media
from db.models import Clip, Job
from db.states import Descent, Status, Task
from gen.catalogue import Entry
from gen.engines.base import Brief, CannotMake, Inputs, Style

SEEDS = 2**32
GONE_PICTURE = "A picture that this starts from is gone; give it again in a new job."
NO_LEAVE = "The artist of the clip that this goes on from doesn't allow that any more."
GONE_CLIP = "The clip that this goes on from is gone, so it can't be rendered."


def brief_of(job: Job, entry: Entry) -> Brief:
    """What a job asks of its engine: each variation has a seed of its own, one after the other.

    Raises ``CannotMake`` where this worker doesn't have the style.
    """
    style, prompt = _styled(job, entry)
    return Brief(
        prompt=prompt,
        seeds=tuple((job.seed + number) % SEEDS for number in range(job.variations)),
        width=job.width,
        height=job.height,
        frames=job.frames,
        fps=job.fps,
        steps=job.steps,
        guidance=job.guidance,
        negative=job.negative,
        task=job.task,
        strength=entry.strength.default if job.strength is None else job.strength,
        near=tuple((int(seed), far) for seed, far in job.near),
        vary=job.vary,
        final_size=entry.sizes.get(job.aspect) if job.draft else None,
        style=style,
        upscale=job.upscale,
        smooth=job.smooth,
    )


async def inputs_of(s: AsyncSession, media: Media, job: Job) -> Inputs:
    """Where a job's pictures and film are. Raises ``CannotMake`` when one is gone, or isn't to be used."""
    film = None
    if job.source_id is not None and job.source_clip is not None:
        source = await clips.get(s, job.source_id, job.source_clip)
        if source is not None and not await _is_allowed(s, job, source):
            raise CannotMake(NO_LEAVE)
        source = source and await _uncut(s, source)
        film = await _there(media, source.video_key if source else "", GONE_CLIP)
    return Inputs(
        first=await _there(media, job.first_key, GONE_PICTURE) if job.first_key else None,
        last=await _there(media, job.last_key, GONE_PICTURE) if job.last_key else None,
        film=film,
    )


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


async def _there(media: Media, key: str, otherwise: str) -> Path:
    path = await media.bring(media.path(key)) if key else None
    if path is None:
        raise CannotMake(otherwise)
    return path


def _styled(job: Job, entry: Entry) -> tuple[Style | None, str]:
    """The style, and the prompt with the words that wake it."""
    if not job.style:
        return None, job.prompt
    offered = {style.name: style for style in entry.styles}
    if job.style not in offered or job.style_strength is None:
        raise CannotMake(f"The worker doesn't have the style {job.style} any more; choose another.")
    if not job.style_strength:
        return None, job.prompt
    asleep = [
        word for word in offered[job.style].triggers if word.lower() not in job.prompt.lower()
    ]
    return entry.style(job.style, job.style_strength), ", ".join([*asleep, job.prompt])
