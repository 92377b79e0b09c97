"""What artists state of the people in what they show, and what follows when they take it back.

A depicted person needn't be a member: whoever shows them answers for it, and may be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, events, jobs, statements
from db.models import Job, Statement
from db.states import Depicts, Kind, Status, Task
from moderation import decisions, films, rules
from moderation.people import Person
from moderation.rules import Refused


class Unstated(Refused):
    """A statement is missing, and can be given right away."""

    def __init__(self, job_id: int) -> None:
        super().__init__(
            f"Say first who is in job {job_id}: it was made from a picture, or its words name a living "
            "person."
        )
        self.job_id = job_id


@dataclass(frozen=True, slots=True)
class Stated:
    """What followed."""

    went: bool = False
    """Whether the job went to the moderators, for which it only waited for this."""
    private: bool = False
    """Whether the job is done and goes to them only once its artist publishes it."""
    kept: tuple[int, ...] = ()
    """The jobs that left review or showcase."""


async def insist(s: AsyncSession, job: Job) -> None:
    """Raises ``Unstated`` where the job may not be shown yet."""
    if await statements.is_owed(s, job):
        raise Unstated(job.id)


async def state(
    s: AsyncSession, person: Person, job: Job, depicts: Depicts, sentence: str, backlog: int
) -> Stated:
    """Put down who is in a job; ``job`` is held. What only waited for this goes to review."""
    rules.owns(person, job)
    if job.status is Status.WITHDRAWN:
        raise Refused(f"Job {job.id} is withdrawn; there is nothing to state.")
    if depicts is Depicts.AGREED and not sentence:
        raise Refused(
            "Say in a sentence how they agreed, such as: she saw the picture and said yes."
        )
    said = await statements.latest(s, job.id)
    if said is None and not await statements.is_owed(s, job):
        raise Refused(
            f"Job {job.id} needs no statement: no picture and no name in it is without one."
        )
    ready = job.status is Status.READY
    private = ready and job.private
    if said is not None and (said.depicts, said.sentence) == (depicts, sentence):
        return Stated(private=private)
    new = Statement(job_id=job.id, person_id=person.id, depicts=depicts, sentence=sentence)
    await statements.add(s, new)
    await events.record(s, job.id, Kind.STATED, person.id, depicts=depicts)
    seen = any(clip.showcase for clip in await clips.of(s, job.id))
    waited = ready and not private and not job.held and seen
    return Stated(waited and await jobs.to_review(s, job, backlog), private)


async def revoke(s: AsyncSession, person: Person, job: Job) -> Stated:
    """Take a statement back, and with it out of review and showcase all that can't be there without it:
    the job, what its artist made from it, and the films that it is in. What others made stays."""
    rules.owns(person, job)
    if not await statements.stands(s, job.id):
        raise Refused(f"You have stated nothing about job {job.id}.")
    await statements.add(s, Statement(job_id=job.id, person_id=person.id))
    await events.record(s, job.id, Kind.STATEMENT_REVOKED, person.id)
    kept = []
    for job_id in [job.id, *await statements.resting_on(s, job)]:
        resting = await jobs.get(s, job_id, lock=True)
        owed = resting is not None and await statements.is_owed(s, resting)
        if resting is not None and owed and await _leave(s, person, resting):
            await films.leave_reels(s, job_id)
            kept.append(job_id)
    return Stated(kept=tuple(kept))


async def _leave(s: AsyncSession, person: Person, job: Job) -> bool:
    """Leave review or showcase; an appeal stays, and can't be granted meanwhile. A reel goes with the
    clip in it instead, and is made anew without it."""
    if job.task is Task.REEL:
        return False
    if rules.is_held(job):
        job.held, job.private = False, True
        await events.record(s, job.id, Kind.UNHELD, person.id)
        return True
    if job.status not in {Status.IN_REVIEW, Status.PUBLISHED}:
        return False
    await decisions.keep(s, person, job)
    return True
