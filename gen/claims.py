"""What a clip's credentials must say, from what is so in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, consents, jobs, parts, workers
from db.credentials import Flags, Said
from db.media import Media
from db.models import Job, Person
from db.states import Flag, Status
from gen.catalogue import Entry
from gen.credentials import Claim, Parent, prompt_hash

PICTURE = "A picture that the artist gave"


class Model(NamedTuple):
    """What is said of the model that made a clip."""

    title: str
    licence: str = ""
    licence_url: str = ""


async def model_of(
    s: AsyncSession, job: Job, entry: Entry | None, said: Said | None = None
) -> Model:
    """As the file says since it was made; else as the catalogue says, which may have changed since, or the
    worker that offers it."""
    if said is not None and said.model:
        return Model(said.model, said.licence, said.licence_url)
    known = entry or await workers.offer(s, job.model)
    return Model(known.title, known.licence, known.licence_url) if known else Model(job.model)


def made_at(job: Job, said: Said | None) -> datetime | None:
    """When a clip was made, as its file says or else its job."""
    try:
        return datetime.fromisoformat(said.at) if said is not None else job.finished_at
    except ValueError:
        return job.finished_at


async def flags_of(s: AsyncSession, job: Job, number: int) -> Flags:
    """What its artist agrees to for this clip; for one that isn't there yet, what it will begin with."""
    clip = await clips.get(s, job.id, number)
    if clip is not None:
        return Flags(clip.named, clip.prompt_shown, clip.dataset, clip.training)
    agreed = await consents.defaults(s, job.person_id)
    told = (Flag.NAMED, Flag.PROMPT_SHOWN, Flag.DATASET, Flag.TRAINING)
    return Flags(*(agreed[flag] for flag in told))


async def claim_of(s: AsyncSession, media: Media, job: Job, number: int, model: Model) -> Claim:
    """Equal for as long as a file that was signed with it needn't be signed again."""
    flags = await flags_of(s, job, number)
    artist = await s.get_one(Person, job.person_id) if flags.named else None
    return Claim(
        title=f"Clip {number} of job {job.id}",
        model=model.title,
        licence=model.licence,
        licence_url=model.licence_url,
        prompt_hash=prompt_hash(job.prompt, job.prompt_salt),
        flags=flags,
        creator=artist.name if artist else "",
        prompt=job.prompt if flags.prompt_shown else "",
        parents=await _parents(s, media, job),
    )


async def bring_parents(media: Media, claims: Iterable[Claim]) -> None:
    """Have the files there whose credentials these claims quote; one that is gone isn't quoted."""
    for file in {parent.file for claim in claims for parent in claim.parents if parent.file}:
        await media.bring(Path(file))


async def claims_of(
    s: AsyncSession, media: Media, job: Job, entry: Entry | None
) -> tuple[Claim, ...]:
    """Of all clips of a job that is being rendered."""
    model = await model_of(s, job, entry)
    numbers = range(1, job.variations + 1)
    return tuple([await claim_of(s, media, job, number, model) for number in numbers])


async def _parents(s: AsyncSession, media: Media, job: Job) -> tuple[Parent, ...]:
    which = dict.fromkeys([(job.parent_id, job.parent_clip), (job.source_id, job.source_clip)])
    grown = [
        await _parent(s, media, job_id, number)
        for job_id, number in which
        if job_id is not None and number is not None
    ]
    shown = [
        replace(await _parent(s, media, part.job_id, part.clip), is_part=True)
        for part, _ in await parts.of(s, job.id)
    ]
    return (*shown, *grown, *(Parent(PICTURE) for key in (job.first_key, job.last_key) if key))


async def _parent(s: AsyncSession, media: Media, job_id: int, number: int) -> Parent:
    """What was withdrawn is named by its number alone: its credentials aren't passed on."""
    job, clip = await jobs.get(s, job_id), await clips.get(s, job_id, number)
    there = job is not None and clip is not None and job.status is not Status.WITHDRAWN
    file = str(media.path(clip.video_key)) if there and clip is not None else ""
    return Parent(f"Clip {number} of job {job_id}", file)
