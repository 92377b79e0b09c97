"""What artists allow with their clips, and what follows when they change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, consents, events, parts
from db.models import Clip, Job
from db.states import WAITING_FOR_REVIEW, Flag, Kind, Status
from moderation import decisions, rules
from moderation.people import Person
from moderation.rules import Refused, Rules


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed, clip by clip; nothing where it was so already."""

    clips: tuple[int, ...]
    """All that it was about."""
    kept: bool = False
    """Whether the job is its artist's alone for it, and was in review or in the showcase before."""
    waits: bool = False
    """Whether some of them may be shown again, but stay out of the showcase until a new review."""


def may(clip: Clip, flag: Flag) -> bool:
    """Whether a clip's artist allows this. Every use of a clip that a flag is about asks here, or asks
    for the column of the same name in the database."""
    return bool(getattr(clip, flag))


async def change(
    s: AsyncSession,
    house: Rules,
    person: Person,
    job: Job,
    choices: Mapping[Flag, bool],
    number: int | None,
) -> Change:
    """Allow things with one clip of a job, or with all, or take that back; ``job`` is held."""
    rules.owns(person, job)
    made = await clips.of(s, job.id)
    chosen = [clip for clip in made if number in (None, clip.number)]
    if not made:
        raise Refused(f"Job {job.id} has no clips yet; your defaults say what they begin with.")
    if not chosen:
        raise Refused(f"Job {job.id} has no clip {number}; it has {len(made)}.")
    if await parts.is_shared(s, job) and any(choices.get(flag) for flag in consents.NOT_OF_SHARED):
        raise Refused(
            f"Clips of others are in job {job.id}; of those, its artist can allow the showcase and "
            "the feed alone."
        )
    for flag, given in choices.items():
        changed = [clip for clip in chosen if may(clip, flag) is not given]
        if changed:
            await consents.change(s, changed, flag, given, person.id)
            detail = {"flag": flag, "given": given, "clips": [clip.number for clip in changed]}
            await events.record(s, job.id, Kind.CONSENTED, person.id, **detail)
    kept = Flag.SHOWCASE in choices and await _follow(s, house, person, job)
    waits = bool(choices.get(Flag.SHOWCASE)) and job.status is Status.PUBLISHED
    waits = waits and any(clip.showcase and not clip.shown for clip in chosen)
    return Change(tuple(clip.number for clip in chosen), kept, waits)


async def _follow(s: AsyncSession, house: Rules, person: Person, job: Job) -> bool:
    """What follows for review and showcase; whether the job has left them.

    An appeal stays: it waits for its artist to let something be seen.
    """
    made = await clips.of(s, job.id)
    left = any(clip.shown if job.status is Status.PUBLISHED else clip.showcase for clip in made)
    if rules.is_held(job) and not left:
        job.held, job.private = False, True
        await events.record(s, job.id, Kind.UNHELD, person.id)
        return True
    if job.status in {Status.IN_REVIEW, Status.PUBLISHED} and not left:
        await decisions.keep(s, person, job)
        return True
    if job.status in WAITING_FOR_REVIEW:
        await decisions.reconsider(s, house, job)
    elif job.winner and job.winner not in {clip.number for clip in made if clip.shown}:
        job.winner = 0
    return False
