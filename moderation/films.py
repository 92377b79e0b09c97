"""Films: jobs that are put together from clips. What holds for their parts holds for them.

All of it is within the transaction of the verb that asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from db import jobs, parts, reports
from db.models import Job, Part
from db.states import Kind, Status, Task
from moderation.people import Person
from moderation.rules import Refused
from moderation.screening import door
from moderation.screening.base import Screen
from moderation.wish import Request

Clips = Sequence[tuple[Job, int]]
"""Clips as (job, number), in the order in which they are shown."""
STOPPED = "The screen stopped this shot."


def put_together(
    task: Task, clips: Clips, request: Request, person_id: int, title: str, *, private: bool
) -> Job:
    """The job that puts these clips together; what it is like is said by the first until it is made."""
    first, _ = clips[0]
    return Job(
        request_key=request.key,
        person_id=person_id,
        room=request.room,
        workspace=request.workspace,
        place=request.place,
        prompt=title,
        model=task.value,
        aspect=first.aspect,
        width=first.width,
        height=first.height,
        frames=sum(job.frames for job, _ in clips),
        fps=first.fps,
        steps=len(clips),
        final_steps=len(clips),
        guidance=0.0,
        seed=0,
        variations=1,
        private=private,
        task=task,
    )


async def add(s: AsyncSession, film: Job, clips: Clips, *, shots: bool = False) -> int:
    """Put a film into the line; ``shots``: the clips are made for it alone, and it waits for them."""
    film_id = await jobs.add(s, film)
    s.add_all(
        Part(film_id=film_id, position=position, job_id=job.id, clip=number, is_shot=shots)
        for position, (job, number) in enumerate(clips, start=1)
    )
    await s.flush()
    return film_id


async def enter(s: AsyncSession, screen: Screen, job: Job) -> None:
    """Have the screen look at a job that has just entered the line. A film's words are those of all its
    parts, so what stops one of them stops the film, and what stops the film stops all its shots."""
    if job.task is Task.GLIMPSE:
        return  # its words have entered before, with the first clip of its chain
    made_of = await parts.of(s, job.id)
    await door.enter(s, screen, job, [of for _, of in made_of])
    for shot in (of for part, of in made_of if part.is_shot):
        stops = await door.note(s, screen, shot)
        if job.status is Status.BLOCKED:
            gone = {"lease_until": None, "reason": STOPPED if stops else ""}
            await jobs.move(s, shot.id, Kind.CANCELLED, values=gone)


async def shots_of(s: AsyncSession, film: Job) -> list[Job]:
    """The jobs that were asked for with this film, for it alone."""
    if film.task is not Task.FILM:
        return []
    return [job for part, job in await parts.of(s, film.id) if part.is_shot]


async def withdraw_with(s: AsyncSession, job_id: int, by: int) -> None:
    """Whatever this job's clips are in goes with it: nobody is shown a clip against its artist's will."""
    for film_id in await parts.standing(s, job_id):
        gone = {"lease_until": None}
        await reports.settle(s, film_id)
        await jobs.move(s, film_id, Kind.WITHDRAWN, by=by, values=gone, part=job_id)
    await leave_reels(s, job_id)


async def leave_reels(s: AsyncSession, job_id: int) -> None:
    """Reels in which a clip of this job may not be shown any more go at once. Nobody reviews a reel, so
    it shows no more than its clips do by themselves; without that one it is made anew."""
    for film_id in await parts.reels_without_leave(s, job_id):
        await reports.settle(s, film_id)
        await jobs.move(s, film_id, Kind.REEL_GONE, values={"lease_until": None}, part=job_id)


async def published_with(s: AsyncSession, job_id: int) -> list[Job]:
    """The films in the showcase that a clip of this job is in, held."""
    found = [await jobs.get(s, film_id, lock=True) for film_id in await parts.standing(s, job_id)]
    return [film for film in found if film is not None and film.status is Status.PUBLISHED]


async def parts_taken_down(s: AsyncSession, film: Job) -> list[int]:
    """The jobs whose clips are in a film and that moderators took out of the showcase, whatever came of
    an appeal so far."""
    out = {Status.REJECTED, Status.APPEALED, Status.REJECTED_FINALLY}
    made_of = [job for _, job in await parts.of(s, film.id)]
    return [job.id for job in made_of if job.status in out and job.published_at is not None]


async def insist_on_others(s: AsyncSession, person: Person, job: Job) -> None:
    """Raises ``Refused`` where a clip of this person's is in the film: it is their own work too."""
    if job.task in {Task.FILM, Task.REEL} and person.id in await parts.artists(s, job.id):
        raise Refused("A clip of yours is in this film; others have to decide about it.")
