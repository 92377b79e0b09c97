"""What every verb stands on: one transaction that holds the job, and the news after its commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from db import chains, jobs, parts
from db.broker import Broker
from db.models import Job
from db.session import Db
from moderation import films
from moderation.house_rules import house_rules
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused, Rules
from moderation.screening.base import Screen
from moderation.screening.words import standard


class Base:
    """The database, the broker, the rules and the screen that the verbs share."""

    def __init__(self, db: Db, broker: Broker, rules: Rules, screen: Screen | None = None) -> None:
        self.db = db
        self.broker = broker
        self.rules = rules
        self.screen = screen or standard()

    async def _house_rules(self, s: AsyncSession, job: Job) -> Rules:
        return await house_rules(s, job.room, job.workspace, self.rules)

    @asynccontextmanager
    async def _on(
        self, person: Person, job_id: int
    ) -> AsyncIterator[tuple[AsyncSession, Person, Job]]:
        """A transaction of a person that holds the job, and the news once it is committed."""
        async with self.db.begin() as s:
            # Before the job, like a link: else each could hold what the other waits for.
            person = await as_now(s, person)
            if jobs.may_exist(job_id):
                await chains.hold(s, job_id)
                await parts.hold(s, job_id)
            job = await jobs.get(s, job_id, lock=True)
            if job is None:
                raise Refused(f"There is no job {job_id}.")
            yield s, person, job
            await films.leave_reels(s, job_id)  # it may have left the showcase, whatever was done
        await self.broker.spread(job_id)

    async def _ring(self, job_id: int, attempt: int) -> None:
        await asyncio.gather(self.broker.ring(job_id, attempt), self.broker.spread(job_id))
