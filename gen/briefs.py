"""From a job to what its engine is asked for, and the files that its clips are made from."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from db import sources
from db.lending import Wanted
from db.media import Media
from db.models import Job
from db.sources import FILM, GONE_CLIP, GONE_PICTURE, Gone
from gen.catalogue import Entry
from gen.engines.base import Brief, CannotMake, Inputs, Style

SEEDS = 2**32


def brief_of(job: Job | Wanted, entry: Entry) -> Brief:
    """What a job asks of its engine: each variation has a seed of its own, one after the other.

    Raises ``CannotMake`` where this worker doesn't have the style.
    """
    style, prompt = _styled(job, entry)
    return Brief(
        prompt=prompt,
        seeds=seeds_of(job),
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


def seeds_of(job: Job | Wanted) -> tuple[int, ...]:
    """One after the other."""
    return tuple((job.seed + number) % SEEDS for number in range(job.variations))


async def inputs_of(s: AsyncSession, media: Media, job: Job) -> Inputs:
    """Where a job's pictures and film are. Raises ``CannotMake`` when one is gone, or isn't to be used."""
    try:
        keys = await sources.of(s, job)
    except Gone as gone:
        raise CannotMake(str(gone)) from gone
    return Inputs(**{name: await _there(media, name, key) for name, key in keys.items()})


async def _there(media: Media, name: str, key: str) -> Path:
    path = await media.bring(media.path(key))
    if path is None:
        raise CannotMake(GONE_CLIP if name == FILM else GONE_PICTURE)
    return path


def _styled(job: Job | Wanted, entry: Entry) -> tuple[Style | None, str]:
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
