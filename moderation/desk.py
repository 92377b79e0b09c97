"""The desk: one verb is one transaction; the news goes out after the commit.

Every verb raises ``Refused`` with one sentence when the rules say no, and then nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, events, jobs, reports, reviews, votes, workers
from db.broker import Broker
from db.models import Job, utcnow
from db.session import Db, one_at_a_time
from db.states import Descent, Kind, Reason, Status, Verdict
from moderation import decisions, growth, linking, rules
from moderation.decisions import Outcome
from moderation.house_rules import house_rules
from moderation.linking import Linked, Unlinked, as_now
from moderation.people import Person
from moderation.plan import ALONE, plan, roots_of, wish_of
from moderation.rules import Refused, Rules
from moderation.wish import Request, Roots, Wish

Growing = Callable[..., Job]
"""A function of ``moderation.growth``."""


class Desk:
    """Where people's wishes become rows. Safe to use from many tasks and processes at once."""

    def __init__(self, db: Db, broker: Broker, rules: Rules) -> None:
        self.db = db
        self.broker = broker
        self.rules = rules

    async def submit(
        self, person: Person, wish: Wish, request: Request, roots: Roots = ALONE
    ) -> Job:
        """Put a job into the line; the same request twice is the same job."""
        async with self.db.read() as s:
            offers = await workers.offers(s)
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            job = plan(wish, request, person.id, offers, roots)
            await self._may_submit(s, person, job)
            await jobs.add(s, job)
        await self._ring(job.id, job.attempt)
        return job

    async def cancel(self, person: Person, job_id: int) -> None:
        """End a job that is waiting or being rendered; a render stops within a step."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_cancel(person, job)
            await jobs.move(s, job_id, Kind.CANCELLED, by=person.id, values={"lease_until": None})

    async def retry(self, person: Person, job_id: int) -> None:
        """Put a failed or cancelled job back into the line, as new."""
        async with self._on(person, job_id) as (s, person, job):
            await one_at_a_time(s, f"submit {person.id}")
            rules.may_retry(person, job)
            await self._may_submit(s, person, job)
            fresh = {"queued_at": utcnow(), "losses": 0, "reason": "", "promised_seconds": None}
            await jobs.move(s, job_id, Kind.RETRIED, by=person.id, values=fresh)
        await self._ring(job_id, job.attempt)

    async def again(self, person: Person, job_id: int, request: Request) -> Job:
        """Submit the wish of an earlier job of one's own once more, with a new seed."""
        async with self.db.read() as s:
            person = await as_now(s, person)
            job = await jobs.get(s, job_id)
        if job is None:
            raise Refused(f"There is no job {job_id}.")
        rules.owns(person, job)
        return await self.submit(person, wish_of(job), request, roots_of(job))

    async def vary(
        self,
        person: Person,
        job_id: int,
        clip: int | None,
        request: Request,
        vary: float = growth.VARY.default,
    ) -> Job:
        """Submit the same wish near one of its clips; ``vary``: how far from it, up to 1."""
        return await self._grow(person, job_id, clip, request, growth.varied, vary)

    async def extend(self, person: Person, job_id: int, clip: int | None, request: Request) -> Job:
        """Submit what happens after a clip: one's own, or one that its artist lets others remix."""
        return await self._grow(person, job_id, clip, request, growth.extended, shared=True)

    async def redraw(
        self, person: Person, job_id: int, clip: int | None, request: Request, wish: Wish
    ) -> Job:
        """Submit a clip to be drawn anew, in the words and at the strength of this wish."""
        return await self._grow(person, job_id, clip, request, growth.redrawn, wish)

    async def remix(
        self, person: Person, job_id: int, clip: int | None, request: Request, wish: Wish
    ) -> Job:
        """Submit a clip of the showcase to be drawn anew in somebody's own words.

        Its artist must allow it, and may always do it.
        """
        more = (wish, Descent.REMIX)
        return await self._grow(person, job_id, clip, request, growth.redrawn, *more, shared=True)

    async def allow_remix(self, person: Person, job_id: int, allowed: bool = True) -> None:
        """Let others remix and extend a job of one's own, or stop that from now on."""
        async with self._on(person, job_id) as (s, person, job):
            rules.owns(person, job)
            if job.remix is not allowed:
                job.remix = allowed
                kind = Kind.REMIX_ALLOWED if allowed else Kind.REMIX_FORBIDDEN
                await events.record(s, job_id, kind, person.id)

    async def finalize(
        self, person: Person, job_id: int, clip: int | None, request: Request
    ) -> Job:
        """Submit the full render of a draft's clip; each clip has one final."""
        return await self._grow(person, job_id, clip, request, growth.final)

    async def publish(self, person: Person, job_id: int) -> None:
        """Ask the moderators to put a finished job into the showcase."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_publish(person, job)
            await jobs.move(s, job_id, Kind.SENT_TO_REVIEW, by=person.id, values={"private": False})

    async def keep(self, person: Person, job_id: int) -> None:
        """Take a job out of review again and keep it private.

        What was said stays with the job, but a later review begins a new round.
        """
        async with self._on(person, job_id) as (s, person, job):
            rules.may_keep(person, job)
            fresh = {"private": True, "round": job.round + 1}
            await jobs.move(s, job_id, Kind.KEPT, by=person.id, values=fresh)

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

    async def vote(self, person: Person, job_id: int, clip: int) -> None:
        """Vote for a clip, or move one's vote to it."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_vote(person, job, utcnow())
            shown = [c.number for c in await clips.of(s, job_id) if c.shown]
            if clip not in shown:
                listed = ", ".join(map(str, shown))
                raise Refused(f"There is no clip {clip} on this ballot; vote for {listed}.")
            if await votes.by(s, job_id, person.id) == clip:
                return
            await votes.cast(s, job_id, person.id, clip)
            await events.record(s, job_id, Kind.VOTED, person.id)

    async def take_back_vote(self, person: Person, job_id: int, clip: int | None = None) -> None:
        """Undo one's vote; with ``clip`` only if it is for that one."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_vote(person, job, utcnow())
            if clip not in (None, await votes.by(s, job_id, person.id)):
                raise Refused(f"Your vote isn't for clip {clip}.")
            if not await votes.take_back(s, job_id, person.id):
                raise Refused("You have no vote on this ballot to take back.")
            await events.record(s, job_id, Kind.VOTE_TAKEN_BACK, person.id)

    async def withdraw(self, person: Person, job_id: int) -> None:
        """The artist takes the job out of everything public, at any time."""
        async with self._on(person, job_id) as (s, person, job):
            rules.may_withdraw(person, job)
            await reports.settle(s, job_id)
            await clips.unsign_children(s, job_id)
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

    async def link_code(self, person: Person) -> str:
        """What somebody types in another room, within ten minutes, to be one person there and here."""
        return await linking.code_for(self.db, person)

    async def link(self, person: Person, code: str) -> Linked:
        """Make one person of whoever typed a code and whoever was shown it."""
        return await linking.link(self.db, self.broker, person, code)

    async def unlink(self, person: Person) -> Unlinked:
        """Make two people of them again."""
        return await linking.unlink(self.db, self.broker, person)

    async def _grow(
        self,
        person: Person,
        job_id: int,
        clip: int | None,
        request: Request,
        growing: Growing,
        *more: object,
        shared: bool = False,
    ) -> Job:
        """Submit the job that grows out of a clip; the same request twice is the same job.

        ``clip`` may be None where the job has but one. ``shared``: whether others may be allowed to.
        """
        async with self._on(person, job_id) as (s, person, job):
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            made = await clips.of(s, job_id)
            number = rules.may_grow(person, job, clip, made, shared=shared)
            from_clip = next(found for found in made if found.number == number)
            offers = await workers.offers(s)
            grown = growing(job, from_clip, request, person.id, offers, *more)
            if grown.descent is Descent.FINAL:
                rules.may_finalize(number, await jobs.final_of(s, job_id, number))
            await self._may_submit(s, person, grown)
            await jobs.add(s, grown)
        await self._ring(grown.id, grown.attempt)
        return grown

    async def _may_submit(self, s: AsyncSession, person: Person, job: Job) -> None:
        """Whatever enters the line comes through here; only finals that a ballot gives don't."""
        queued = await jobs.count(s, person.id, Status.QUEUED)
        rules.may_submit(queued, await self._house_rules(s, job))
        # What was remixed before may be asked for again, and its artist may have changed their mind.
        # A final only finishes what they had allowed.
        if job.source_id is not None and job.descent is not Descent.FINAL:
            source = await s.get_one(Job, job.source_id)
            made = await clips.of(s, source.id)
            rules.may_grow(person, source, job.source_clip, made, shared=True)

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
            job = await jobs.get(s, job_id, lock=True)
            if job is None:
                raise Refused(f"There is no job {job_id}.")
            yield s, person, job
        await self.broker.spread(job_id)

    async def _ring(self, job_id: int, attempt: int) -> None:
        await asyncio.gather(self.broker.ring(job_id, attempt), self.broker.spread(job_id))
