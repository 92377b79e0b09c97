"""The verbs about the showcase: what goes up, what comes down, and who says so."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from db import clips, events, frames, in_review, jobs, reviews
from db.models import utcnow
from db.states import Kind, Reason, Verdict
from moderation import chaining, decisions, duty, films, rounds, rules, stating, withdrawing
from moderation.decisions import Outcome
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused
from moderation.screening import door, remembering


class Judging(Base):
    """An artist's and the moderators' say in what is public."""

    async def publish(self, person: Person, job_id: int) -> bool:
        """Ask the moderators to put a finished job into the showcase; says whether it went to them
        already, or goes once they have room for it."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_publish(person, job, await clips.of(s, job_id))
            await chaining.insist_on_secret(s, job)
            await stating.insist(s, job)
            job.private = False
            went = await jobs.to_review(s, job, self.rules.backlog)
            if went:  # what was said before it was kept goes on to count
                await decisions.reconsider(s, await self._house_rules(s, job), job)
            return went

    async def keep(self, person: Person, job_id: int) -> None:
        """Take a job out of review again and keep it private."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_keep(person, job)
            if rules.is_held(job):
                job.held, job.private = False, True
                await events.record(s, job_id, Kind.UNHELD, person.id)
                return
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
            await films.insist_on_others(s, person, job)
            house = await self._house_rules(s, job)
            await duty.insist(s, house, person, job)
            await door.see(s, job)  # before anybody decides, though the sweep hasn't come by
            return await decisions.review(s, house, person, job, verdict, reason, said, only)

    async def take_on(self, person: Person, text: str) -> str:
        """Say how much one decides in an hour and what one is spared, and be told it back."""
        async with self.db.begin() as s:
            return await duty.take_on(s, await as_now(s, person), text)

    async def look(self, person: Person, job_id: int) -> None:
        """Tell the other moderators that one has a job in hand; they may decide all the same."""
        async with self._on(person, job_id) as (s, person, job):
            await films.insist_on_others(s, person, job)
            rules.may_review(person, job, await reviews.of(s, job_id))
            await duty.insist(s, await self._house_rules(s, job), person, job)
            await in_review.look(s, job_id, person.id, utcnow() + rules.LOOK_TIME)
            await events.record(s, job_id, Kind.LOOKING, person.id)

    async def look_away(self, person: Person, job_id: int) -> None:
        """Leave a job that one had in hand to the others."""
        async with self._on(person, job_id) as (s, person, _):
            if not await in_review.look_away(s, job_id, person.id):
                raise Refused(f"You don't have job {job_id} in hand.")
            await events.record(s, job_id, Kind.LOOKED, person.id)

    async def take_back_review(
        self, person: Person, job_id: int, reason: Reason | Verdict | None = None
    ) -> None:
        """Undo one's own review while the quorum isn't reached; ``reason``: only what said that."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_undo(person, job)
            if not await reviews.take_back(s, job_id, person.id, job.round, reason):
                raise Refused("You have no review on this job to take back.")
            await events.record(s, job_id, Kind.REVIEW_TAKEN_BACK, person.id)

    async def appeal(self, person: Person, job_id: int, sentence: str = "") -> None:
        """Ask moderators who did not review it before to look at a rejected job again, once; or any at a
        blocked one."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_appeal(person, job, utcnow())
            said = rules.sentence(sentence)
            fresh = rounds.new_round(job)
            await jobs.move(s, job_id, Kind.APPEALED, by=person.id, values=fresh, sentence=said)

    async def withdraw(self, person: Person, job_id: int) -> None:
        """The artist takes the job out of everything public, at any time."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_withdraw(person, job)
            handed = await withdrawing.withdraw(s, job_id, person.id)
        await asyncio.gather(*(self._ring(one, 0) for one in handed))

    async def report(self, person: Person, job_id: int, reason: Reason, sentence: str = "") -> None:
        """Tell the moderators, once, that a job should not be in the showcase."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            await decisions.report(s, person, job, reason, said)

    async def take_down(self, person: Person, job_id: int, sentence: str) -> None:
        """A moderator takes a job out of the showcase; its artist may appeal as after any no."""
        said = rules.sentence(sentence)
        async with self._on(person, job_id) as (s, person, job):
            await films.insist_on_others(s, person, job)
            await decisions.take_down(s, person, job, said)

    async def reinstate(self, person: Person, job_id: int) -> bool:
        """A moderator wants back what another took down; says whether enough of them do now."""
        async with self._on(person, job_id) as (s, person, job):
            await films.insist_on_others(s, person, job)
            house = await self._house_rules(s, job)
            return await decisions.reinstate(s, house, person, job)

    async def dismiss(self, person: Person, job_id: int) -> None:
        """A moderator settles the reports of a job, which stays in the showcase."""
        async with self._on(person, job_id) as (s, person, job):
            await films.insist_on_others(s, person, job)
            await decisions.dismiss(s, person, job)

    async def remember_frames(self, person: Person, job_id: int) -> None:
        """A moderator has the frames of a rejected job known again when others show them."""
        async with self._on(person, job_id) as (s, person, job):
            remembering.may_remember(person, job, await reviews.of(s, job_id))
            made = await clips.of(s, job_id)
            if not any(clip.hashes for clip in made):
                raise Refused(f"Job {job_id} has no frames that could be known again.")
            for clip in made:
                await frames.remember(s, clip, person.id)
            await events.record(s, job_id, Kind.FRAMES_REMEMBERED, person.id)

    async def forget_frames(self, person: Person, job_id: int) -> None:
        """A moderator takes them off the list again."""
        async with self._on(person, job_id) as (s, person, job):
            remembering.may_forget(person, job)
            if not await frames.forget(s, job_id):
                raise Refused(f"No frames of job {job_id} are on the list.")
            await events.record(s, job_id, Kind.FRAMES_FORGOTTEN, person.id)
