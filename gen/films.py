"""From a job to what it is put together from, and the words of its end credits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, parts, people, workers
from db.media import Media
from db.models import Job, Part
from db.states import Status, Task
from gen.engines.base import CannotMake
from gen.order import Order, Piece

GLIMPSE_SECONDS = 1.0
"""So much of a clip's end is seen by whoever goes on from it."""
GONE = "A clip of this film was withdrawn, so it can't be put together."
NO_MUSIC = "Music: none"
UNNAMED = "An artist of the studio"
"""Whoever doesn't want to be named."""

Parts = Sequence[tuple[Part, Job]]


async def order_of(s: AsyncSession, media: Media, job: Job) -> Order:
    """What to put together for this job. Raises ``CannotMake`` when a clip of it is gone."""
    found = await parts.of(s, job.id)
    pieces = []
    for (part, of), before in zip(found, [None, *found], strict=False):
        clip = await clips.get(s, part.job_id, part.clip)
        there = clip if of.status is not Status.WITHDRAWN else None
        path = await media.bring(media.path(there.video_key)) if there else None
        if path is None:
            raise CannotMake(GONE)
        if job.task is Task.GLIMPSE:
            return Order((Piece(path, seconds=GLIMPSE_SECONDS),))
        pieces.append(Piece(path, before is not None and _goes_on(of, before[0])))
    if not pieces:
        raise CannotMake(GONE)
    title = (job.prompt,) if job.task is Task.REEL else ()
    return Order(tuple(pieces), await _credits(s, job, found), title)


async def seen_in(s: AsyncSession, job: Job) -> tuple[tuple[str, ...], dict[str, float]]:
    """What was seen in the clips of a film: the hashes of their frames, and what a classifier was most
    sure of in any of them. A glimpse shows too little of one for that."""
    if job.task is Task.GLIMPSE:
        return (), {}
    made = [await clips.get(s, part.job_id, part.clip) for part, _ in await parts.of(s, job.id)]
    hashes = dict.fromkeys(one for clip in made if clip for one in clip.hashes)
    marks: dict[str, float] = {}
    for clip in made:
        for label, sure in clip.marks.items() if clip else ():
            marks[label] = max(sure, marks.get(label, 0.0))
    return tuple(hashes), marks


def _goes_on(job: Job, before: Part) -> bool:
    """Whether it was made from the end of the part before, or from a glimpse of it."""
    grown = (job.parent_id, job.parent_clip) == (before.job_id, before.clip)
    return job.task is Task.EXTEND and grown


async def _credits(s: AsyncSession, film: Job, found: Parts) -> tuple[str, ...]:
    """Who made it, with what, under which licence."""
    names = await people.names(s, {job.person_id for _, job in found})
    whose = {part.position: _credited(part, names[job.person_id]) for part, job in found}
    offers = {offer.name: offer for offer in await workers.offers(s)}
    lines = []
    if len(names) > 1:
        lines.append(film.prompt)
        lines += [f"{position}. {name}" for position, name in whose.items()]
    else:
        lines.append(f"A film by {whose[1]}")
    for name in _each(job.model for _, job in found):
        offer = offers.get(name)
        lines.append(f"Model: {offer.title} ({offer.licence})" if offer else f"Model: {name}")
        styles = offer.styles if offer else ()
        used = set(_each(job.style for _, job in found if job.model == name))
        lines += [
            f"Style: {style.title} by {style.owner} ({style.licence})"
            for style in styles
            if style.name in used
        ]
    return (*lines, NO_MUSIC)


def _credited(part: Part, name: str) -> str:
    return name if part.named else UNNAMED


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))
