"""The verbs about the showcase: what goes up, what comes down, and who says so."""

from __future__ import annotations

from collections.abc import Collection

from db import clips, events, jobs, reports, reviews
from db.states import Kind, Reason, Verdict
from moderation import decisions, rules
from moderation.decisions import Outcome
from moderation.desk.base import Base
from moderation.people import Person
from moderation.rules import Refused


class Judging(Base):
    """An artist's and the moderators' say in what is public."""

    async def publish(self, person: Person, job_id: int) -> None:
        """Ask the moderators to put a finished job into the showcase."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_publish(person, job, await clips.of(s, job_id))
            await jobs.move(s, job_id, Kind.SENT_TO_REVIEW, by=person.id, values={"private": False})

    async def keep(self, person: Person, job_id: int) -> None:
        """Take a job out of review again and keep it private."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_keep(person, job)
            await decisions.keep(s, person, job)

    async def review(
        self,
        person: Person,
        job_id: int,
        verdict: Verdict,
        *,
        reason: Reason | None = None,
        sentence: str = "",
        only: Collection[int] = (),
    ) -> Outcome:
        """A moderator's decision; the one that reaches the quorum publishes or rejects the job."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            house = await self._house_rules(s, job)
            return await decisions.review(s, house, person, job, verdict, reason, said, only)

    async def take_back_review(
        self, person: Person, job_id: int, reason: Reason | Verdict | None = None
    ) -> None:
        """Undo one's own review while the quorum isn't reached; ``reason``: only what said that."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_review(person, job, await reviews.of(s, job_id))
            if not await reviews.take_back(s, job_id, person.id, job.round, reason):
                raise Refused("You have no review on this job to take back.")
            await events.record(s, job_id, Kind.REVIEW_TAKEN_BACK, person.id)

    async def appeal(self, person: Person, job_id: int, sentence: str = "") -> None:
        """Ask other moderators to look at a rejected job again, once."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_appeal(person, job)
            said = rules.sentence(sentence)
            fresh = {"round": job.round + 1}
            await jobs.move(s, job_id, Kind.APPEALED, by=person.id, values=fresh, sentence=said)

    async def withdraw(self, person: Person, job_id: int) -> None:
        """The artist takes the job out of everything public, at any time."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_withdraw(person, job)
            await reports.settle(s, job_id)
            await jobs.move(s, job_id, Kind.WITHDRAWN, by=person.id, values={"lease_until": None})

    async def report(self, person: Person, job_id: int, reason: Reason, sentence: str = "") -> None:
        """Tell the moderators, once, that a job should not be in the showcase."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            await decisions.report(s, person, job, reason, said)

    async def take_down(self, person: Person, job_id: int, sentence: str) -> None:
        """A moderator takes a job out of the showcase; its artist may appeal as after any no."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            await decisions.take_down(s, person, job, said)

    async def dismiss(self, person: Person, job_id: int) -> None:
        """A moderator settles the reports of a job, which stays in the showcase."""
        async with self._on(person, job_id) as (s, person, job):
            await decisions.dismiss(s, person, job)
