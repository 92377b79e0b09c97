"""Who has said what of a job, and how two become one: for tests of links."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from db import events, people, reports, reviews
from db.models import Job, Vote
from db.states import Kind, Verdict
from moderation.linking import Linked
from moderation.people import Person, Role
from tests.support.studio import Studio

YES, NO = Verdict.APPROVE, Verdict.REJECT
Five = tuple[Person, Person, Person, Person, Person]


def moderating(who: Person) -> Person:
    return Person(who.id, who.name, frozenset({Role.MODERATOR}))


async def link(studio: Studio, first: Person, second: Person) -> Linked:
    return await studio.desk.link(second, await studio.desk.link_code(first))


async def published(studio: Studio, artist: Person, by: Person) -> Job:
    job = await studio.rendered(artist)
    await studio.desk.review(by, job.id, YES)
    return await studio.job(job.id)


async def voters(studio: Studio, job: Job) -> dict[int, int]:
    async with studio.db.read() as s:
        rows = await s.scalars(select(Vote).where(col(Vote.job_id) == job.id))
        return {vote.person_id: vote.clip for vote in rows.all()}


async def reviewers(studio: Studio, job: Job) -> list[int]:
    async with studio.db.read() as s:
        return [review.person_id for review in await reviews.of(s, job.id)]


async def reporters(studio: Studio, job: Job) -> list[tuple[int, str]]:
    async with studio.db.read() as s:
        return [(report.person_id, report.sentence) for report in await reports.of(s, job.id)]


async def kinds(studio: Studio, job: Job) -> list[Kind]:
    async with studio.db.read() as s:
        return [event.kind for event in await events.of(s, job.id)]


async def name_of(studio: Studio, who: Person) -> str:
    async with studio.db.read() as s:
        return (await people.get(s, who.id)).name
