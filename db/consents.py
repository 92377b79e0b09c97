"""Consent: what artists allow with their clips, what these begin with, and how it came about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.models import Clip, Consent, Job, Person, Preference, utcnow
from db.states import Flag, Status
from db.upsert import upsert

UNLESS_SAID: Mapping[Flag, bool] = {flag: flag is Flag.SHOWCASE for flag in Flag}
"""What clips begin with: nothing is allowed but what a review asks for again."""

NOT_OF_SHARED = frozenset({Flag.REMIX, Flag.DATASET, Flag.TRAINING})
"""What nobody allows with a film in which clips of others are: these have their say over their own."""

SAID_IN_FILE = frozenset({Flag.NAMED, Flag.PROMPT_SHOWN, Flag.DATASET, Flag.TRAINING})
"""What a clip's file says of itself, so that it is signed anew when this changes."""


async def defaults(s: AsyncSession, person_id: int) -> dict[Flag, bool]:
    """What this person's clips begin with."""
    said = await s.execute(
        select(col(Preference.flag), col(Preference.given)).where(
            col(Preference.person_id) == person_id
        )
    )
    return {**UNLESS_SAID, **dict(said.all())}


def keeps_unseen(person_id: Any) -> ColumnElement[bool]:
    """Whether the clips of the person in this column begin as ones that nobody else sees."""
    return exists().where(
        col(Preference.person_id) == person_id,
        col(Preference.flag) == Flag.SHOWCASE,
        ~col(Preference.given),
    )


async def prefer(s: AsyncSession, person_id: int, choices: Mapping[Flag, bool]) -> None:
    """Let this person's clips begin with this from now on."""
    for flag, given in choices.items():
        row = {"given": given, "at": utcnow()}
        await s.execute(
            upsert(s, Preference)
            .values(person_id=person_id, flag=flag, **row)
            .on_conflict_do_update(index_elements=["person_id", "flag"], set_=row)
        )


async def bring(s: AsyncSession, first: int, second: int) -> None:
    """Two people turned out to be one: their clips begin only with what both allow. What the second
    has said stays theirs, for when they are two again."""
    ours, theirs = await defaults(s, first), await defaults(s, second)
    await prefer(s, first, {flag: False for flag in Flag if ours[flag] and not theirs[flag]})


async def begin(
    s: AsyncSession, person_id: int, clips: Collection[Clip], *, shared: bool = False
) -> None:
    """Give new clips what their artist's defaults allow, and write down that it was by default.

    ``shared``: whether clips of others are in them.
    """
    allowed = await defaults(s, person_id)
    if shared:
        allowed |= dict.fromkeys(NOT_OF_SHARED, False)
    for clip in clips:
        for flag, given in allowed.items():
            setattr(clip, flag, given)
    s.add_all(clips)
    await s.flush()
    s.add_all(
        Consent(
            job_id=clip.job_id,
            clip=clip.number,
            flag=flag,
            given=True,
            person_id=person_id,
            by_default=True,
        )
        for clip in clips
        for flag, given in allowed.items()
        if given
    )
    await s.flush()


async def change(
    s: AsyncSession, clips: Collection[Clip], flag: Flag, given: bool, by: int
) -> None:
    """Allow something with these clips, or take it back; what may not be seen isn't shown."""
    for clip in clips:
        setattr(clip, flag, given)
        clip.shown = clip.shown and clip.showcase
        clip.signed = clip.signed and flag not in SAID_IN_FILE
        s.add(Consent(job_id=clip.job_id, clip=clip.number, flag=flag, given=given, person_id=by))
    await s.flush()


def remixable() -> ColumnElement[bool]:
    """Of a job in the showcase: whether others may remix a clip of it."""
    of_it = select(Clip).where(col(Clip.job_id) == Job.id, col(Clip.shown), col(Clip.remix))
    return of_it.exists()


def are_shown(flags: Collection[Flag]) -> ColumnElement[bool]:
    """Of a clip and its job in a query: whether it is in the showcase and its artist allows all of this.

    Of the job it is asked by "is true": else SQLite begins with all jobs that are public.
    """
    allowed = (col(getattr(Clip, flag)) for flag in flags)
    public = (col(Job.status) == Status.PUBLISHED).is_(True)
    return and_(public, col(Clip.shown), *allowed)


async def in_showcase(s: AsyncSession, flags: Collection[Flag]) -> list[tuple[Job, Clip, str]]:
    """The clips of the showcase whose artists allow all of this, with their artists' names, oldest
    first."""
    found = await s.execute(
        select(Job, Clip, col(Person.name))
        .join(Clip, col(Clip.job_id) == col(Job.id))
        .join(Person, col(Person.id) == col(Job.person_id))
        .where(are_shown(flags))
        .order_by(col(Clip.job_id), col(Clip.number))
    )
    return list(found.all())


async def history(s: AsyncSession, job_id: int) -> Sequence[Consent]:
    """All that was ever allowed with a job's clips and taken back, oldest first."""
    found = await s.scalars(
        select(Consent).where(col(Consent.job_id) == job_id).order_by(col(Consent.id))
    )
    return found.all()
