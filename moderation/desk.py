"""The desk: one verb is one transaction; the news goes out after the commit.

Every verb raises ``Refused`` with one sentence when the rules say no, and then nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, events, jobs, reviews, votes, workers
from db.broker import Broker
from db.models import Job, Review, utcnow
from db.session import Db, one_at_a_time
from db.states import Descent, Kind, Reason, Status, Verdict
from moderation import growth, quorum, rules
from moderation.people import Person
from moderation.plan import ALONE, plan, roots_of, wish_of
from moderation.rules import Refused, Rules
from moderation.wish import Request, Roots, Wish
from moderation.words import clean

SENTENCE_LIMIT = 500
Growing = Callable[..., Job]
"""A function of ``moderation.growth``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a review did: the verdict that now stands, or else the clips still undecided."""

    verdict: Verdict | None
    undecided: frozenset[int] = frozenset()
    clips: int = 0
    """How many clips the job has."""
    of_appeal: bool = False


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
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            job = plan(wish, request, person.id, offers, roots)
            rules.may_submit(await jobs.count(s, person.id, Status.QUEUED), self.rules)
            await jobs.add(s, job)
        await self._ring(job.id, job.attempt)
        return job

    async def cancel(self, person: Person, job_id: int) -> None:
        """End a job that is waiting or being rendered; a render stops within a step."""
        async with self._on(job_id) as (s, job):
            rules.may_cancel(person, job)
            await jobs.move(s, job_id, Kind.CANCELLED, by=person.id, values={"lease_until": None})

    async def retry(self, person: Person, job_id: int) -> None:
        """Put a failed or cancelled job back into the line, as new."""
        async with self._on(job_id) as (s, job):
            await one_at_a_time(s, f"submit {person.id}")
            rules.may_retry(person, job, await jobs.count(s, person.id, Status.QUEUED), self.rules)
            fresh = {"queued_at": utcnow(), "losses": 0, "reason": "", "promised_seconds": None}
            await jobs.move(s, job_id, Kind.RETRIED, by=person.id, values=fresh)
        await self._ring(job_id, job.attempt)

    async def again(self, person: Person, job_id: int, request: Request) -> Job:
        """Submit the wish of an earlier job of one's own once more, with a new seed."""
        async with self.db.read() as s:
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
        """Submit what happens after a clip."""
        return await self._grow(person, job_id, clip, request, growth.extended)

    async def redraw(
        self,
        person: Person,
        job_id: int,
        clip: int | None,
        request: Request,
        wish: Wish,
    ) -> Job:
        """Submit a clip to be drawn anew, in the words and at the strength of this wish."""
        return await self._grow(person, job_id, clip, request, growth.redrawn, wish)

    async def finalize(
        self, person: Person, job_id: int, clip: int | None, request: Request
    ) -> Job:
        """Submit the full render of a draft's clip; each clip has one final."""
        return await self._grow(person, job_id, clip, request, growth.final)

    async def publish(self, person: Person, job_id: int) -> None:
        """Ask the moderators to put a finished job into the showcase."""
        async with self._on(job_id) as (s, job):
            rules.may_publish(person, job)
            await jobs.move(s, job_id, Kind.SENT_TO_REVIEW, by=person.id, values={"private": False})

    async def keep(self, person: Person, job_id: int) -> None:
        """Take a job out of review again and keep it private.

        What was said stays with the job, but a later review begins a new round.
        """
        async with self._on(job_id) as (s, job):
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
        async with self._on(job_id) as (s, job):
            given = await reviews.of(s, job_id)
            rules.may_review(person, job, given)
            numbers = frozenset(clip.number for clip in await clips.of(s, job_id))
            if not set(only) <= numbers:
                raise Refused(f"Job {job_id} has the clips 1 to {len(numbers)}.")
            if verdict is Verdict.REJECT and reason is None:
                raise Refused("A no needs its reason: pick one, or write a sentence.")
            sentence = _sentence(sentence)
            if verdict is Verdict.REJECT and reason is Reason.OTHER and not sentence:
                raise Refused(
                    "Say in a sentence why, so that the artist can learn from it or appeal."
                )
            review = Review(
                job_id=job_id,
                person_id=person.id,
                round=job.round,
                of_appeal=job.status is Status.APPEALED,
                verdict=verdict,
                reason=reason if verdict is Verdict.REJECT else None,
                sentence=sentence,
                clips=sorted(only),
            )
            counted = [r for r in given if r.round == job.round]
            if not any(_same(review, earlier) for earlier in counted):
                await reviews.add(s, review)
                await events.record(s, job_id, Kind.REVIEWED, person.id, verdict=verdict)
                counted.append(review)
            decision = quorum.decide(counted, numbers, self.rules.quorum)
            if decision is None:
                undecided = quorum.undecided(counted, numbers, self.rules.quorum)
                return Outcome(None, undecided, len(numbers))
            await self._carry_out(s, job, decision, person)
            return Outcome(decision.verdict, of_appeal=review.of_appeal)

    async def take_back_review(self, person: Person, job_id: int) -> None:
        """Undo one's own review while the quorum isn't reached."""
        async with self._on(job_id) as (s, job):
            rules.may_review(person, job, await reviews.of(s, job_id))
            if not await reviews.take_back(s, job_id, person.id, job.round):
                raise Refused("You have no review on this job to take back.")
            await events.record(s, job_id, Kind.REVIEW_TAKEN_BACK, person.id)

    async def appeal(self, person: Person, job_id: int, sentence: str = "") -> None:
        """Ask other moderators to look at a rejected job again, once."""
        async with self._on(job_id) as (s, job):
            rules.may_appeal(person, job)
            said = _sentence(sentence)
            fresh = {"round": job.round + 1}
            await jobs.move(s, job_id, Kind.APPEALED, by=person.id, values=fresh, sentence=said)

    async def vote(self, person: Person, job_id: int, clip: int) -> None:
        """Vote for a clip, or move one's vote to it."""
        async with self._on(job_id) as (s, job):
            rules.may_vote(person, job, utcnow())
            shown = [c.number for c in await clips.of(s, job_id) if c.shown]
            if clip not in shown:
                listed = ", ".join(map(str, shown))
                raise Refused(f"There is no clip {clip} on this ballot; vote for {listed}.")
            if await votes.by(s, job_id, person.id) == clip:
                return
            await votes.cast(s, job_id, person.id, clip)
            await events.record(s, job_id, Kind.VOTED, person.id)

    async def take_back_vote(self, person: Person, job_id: int) -> None:
        async with self._on(job_id) as (s, job):
            rules.may_vote(person, job, utcnow())
            if not await votes.take_back(s, job_id, person.id):
                raise Refused("You have no vote on this ballot to take back.")
            await events.record(s, job_id, Kind.VOTE_TAKEN_BACK, person.id)

    async def withdraw(self, person: Person, job_id: int) -> None:
        """The artist takes the job out of everything public, at any time."""
        async with self._on(job_id) as (s, job):
            rules.may_withdraw(person, job)
            await jobs.move(s, job_id, Kind.WITHDRAWN, by=person.id, values={"lease_until": None})

    async def _grow(
        self,
        person: Person,
        job_id: int,
        clip: int | None,
        request: Request,
        growing: Growing,
        *more: object,
    ) -> Job:
        """Submit the job that grows out of a clip; the same request twice is the same job.

        ``clip`` may be None where the job has but one.
        """
        async with self._on(job_id) as (s, job):
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            made = {found.number: found for found in await clips.of(s, job_id)}
            number = rules.may_grow(person, job, clip, len(made))
            grown = growing(job, made[number], request, await workers.offers(s), *more)
            if grown.descent is Descent.FINAL:
                rules.may_finalize(number, await jobs.final_of(s, job_id, number))
            rules.may_submit(await jobs.count(s, person.id, Status.QUEUED), self.rules)
            await jobs.add(s, grown)
        await self._ring(grown.id, grown.attempt)
        return grown

    async def _carry_out(
        self, s: AsyncSession, job: Job, decision: quorum.Decision, person: Person
    ) -> None:
        appealed = job.status is Status.APPEALED
        if decision.verdict is Verdict.REJECT:
            await jobs.move(s, job.id, Kind.UPHELD if appealed else Kind.REJECTED, by=person.id)
            return
        await clips.show(s, job.id, decision.shown)
        now = utcnow()
        ballot = {"published_at": now, "ballot_closes_at": now + self.rules.ballot}
        kind = Kind.OVERTURNED if appealed else Kind.APPROVED
        await jobs.move(s, job.id, kind, by=person.id, values=ballot)

    @asynccontextmanager
    async def _on(self, job_id: int) -> AsyncIterator[tuple[AsyncSession, Job]]:
        """A transaction that holds the job, and the news once it is committed."""
        async with self.db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is None:
                raise Refused(f"There is no job {job_id}.")
            yield s, job
        await self.broker.spread(job_id)

    async def _ring(self, job_id: int, attempt: int) -> None:
        await asyncio.gather(self.broker.ring(job_id, attempt), self.broker.spread(job_id))


def _sentence(text: str) -> str:
    said = clean(text)
    if len(said) > SENTENCE_LIMIT:
        raise Refused(
            f"A sentence has at most {SENTENCE_LIMIT} characters here; this one has {len(said):,}."
        )
    return said


def _same(one: Review, other: Review) -> bool:
    said = {"person_id", "verdict", "reason", "sentence", "clips"}
    return one.model_dump(include=said) == other.model_dump(include=said)
