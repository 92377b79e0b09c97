"""The verbs by which artists say who is in what they show."""

from __future__ import annotations

from db.states import Depicts
from moderation import rules, stating
from moderation.desk.base import Base
from moderation.people import Person
from moderation.stating import Stated


class Stating(Base):
    """By the artist alone, and revocable at any time."""

    async def state(
        self, person: Person, job_id: int, depicts: Depicts, sentence: str = ""
    ) -> Stated:
        """Say who is in a job, for moderators to read and the record to keep."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            return await stating.state(s, person, job, depicts, said, self.rules.backlog)

    async def revoke_statement(self, person: Person, job_id: int) -> Stated:
        """Take that back; what can't be shown without it leaves the showcase."""
        async with self._on(person, job_id) as (s, person, job):
            done = await stating.revoke(s, person, job)
        for kept in done.kept:
            await self.broker.spread(kept)
        return done
