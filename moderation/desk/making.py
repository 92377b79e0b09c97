"""The verbs of whoever makes: into the line, out of it, and what grows out of a clip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, consents, events, jobs, parts, traces, workers
from db.models import Job, utcnow
from db.offers import Offer
from db.session import one_at_a_time
from db.states import PUT_TOGETHER, Descent, Kind, Status, Task
from moderation import chaining, films, growth, keeping, queueing, quotas, rules
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person
from moderation.plan import ALONE, plan, roots_of, wish_of
from moderation.rules import Refused
from moderation.storyboard import again_as_storyboard, storyboard
from moderation.wish import Request, Roots, Wish

Growing = Callable[..., Job]
"""A function of ``moderation.growth``."""

log = structlog.get_logger()


class Making(Base):
    """Jobs and what becomes of them until they are rendered."""

    async def submit(
        self, person: Person, wish: Wish, request: Request, roots: Roots = ALONE
    ) -> Job:
        """Put a job into the line; the same request twice is the same job.

        Of a storyboard it is the film, which waits for its shots.
        """
        log.info("wish.taken", room=request.room)
        began = utcnow()
        async with self.db.read() as s:
            offers = await workers.offers(s)
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            job, shots = self._planned(wish, request, person, offers, roots)
            await self._may_submit(s, person, job, shots)
            for shot in shots:
                await jobs.add(s, shot)
            await films.add(s, job, [(shot, 1) for shot in shots], shots=True)
            await films.enter(s, self.screen, job)
        for made in [*shots, job]:
            log.info("job.submitted", job=made.id, model=made.model, task=made.task)
            traces.past(made.id, "submit", began, room=request.room)
        await asyncio.gather(*(self._ring(made.id, 0) for made in [*shots, job]))
        return job

    @staticmethod
    def _planned(
        wish: Wish, request: Request, person: Person, offers: Sequence[Offer], roots: Roots
    ) -> tuple[Job, list[Job]]:
        if wish.storyboard:
            return storyboard(wish, request, person.id, offers)
        return plan(wish, request, person.id, offers, roots), []

    async def cancel(self, person: Person, job_id: int) -> None:
        """End a job that is waiting or being rendered; a render stops within a step."""
        async with self._on(person, job_id) as (s, person, job):
            queueing.may_cancel(person, job)
            gone = {"lease_until": None}
            await jobs.move(s, job_id, Kind.CANCELLED, by=person.id, values=gone)
            shots = await films.shots_of(s, job)
            for shot in shots:
                await jobs.move(s, shot.id, Kind.CANCELLED, by=person.id, values=gone)
        await asyncio.gather(*(self.broker.spread(shot.id) for shot in shots))

    async def retry(self, person: Person, job_id: int, key: str = "") -> None:
        """Put a failed or cancelled job back into the line, as new; of a film, only those of its shots
        that came to nothing. ``key``: of the request, which twice is the same."""
        async with self._on(person, job_id) as (s, person, job):
            await one_at_a_time(s, f"submit {person.id}")
            if await _was_retried(s, job_id, key):
                return
            film_id = await parts.film_of_shot(s, job_id)
            if film_id is not None:
                raise Refused(f"Job {job_id} is a shot of film {film_id}; retry the film.")
            shots = [
                shot for shot in await films.shots_of(s, job) if shot.status in queueing.RETRIABLE
            ]
            queueing.may_retry(person, job, bool(shots))
            await self._may_submit(s, person, job, shots)
            fresh = {"queued_at": utcnow(), "losses": 0, "reason": "", "promised_seconds": None}
            fresh["step"] = 0
            asked: dict[str, Any] = {"request": key} if key else {}
            for again in [*shots, job]:
                await jobs.move(s, again.id, Kind.RETRIED, by=person.id, values=fresh, **asked)
            await films.enter(s, self.screen, job)
        await asyncio.gather(*(self._ring(again.id, again.attempt) for again in [*shots, job]))

    async def came_to_nothing(self, job_id: int, key: str) -> bool:
        """Whether asking again for this job means to retry it, or this very request has."""
        async with self.db.read() as s:
            job = await jobs.get(s, job_id)
            if job is None:
                return False
            shots = await films.shots_of(s, job)
            nothing = any(one.status in queueing.RETRIABLE for one in [job, *shots])
            return nothing or await _was_retried(s, job_id, key)

    async def again(self, person: Person, job_id: int, request: Request) -> Job:
        """Submit the wish of an earlier job of one's own once more, with a new seed."""
        person, job = await self._own(person, job_id)
        queueing.may_repeat(person, job)
        return await self.submit(person, wish_of(job), request, roots_of(job))

    async def reword(self, person: Person, job_id: int, request: Request, wish: Wish) -> Job:
        """Submit the wish of an earlier job of one's own in other words; what they leave open stays."""
        person, job = await self._own(person, job_id)
        async with self.db.read() as s:
            shots = await films.shots_of(s, job)
        if not shots:
            queueing.may_repeat(person, job)
        before = again_as_storyboard(job, shots[0]) if shots else wish_of(job)
        return await self.submit(person, growth.in_words(before, wish), request, roots_of(job))

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

    async def finalize(
        self, person: Person, job_id: int, clip: int | None, request: Request
    ) -> Job:
        """Submit the full render of a draft's clip; each clip has one final."""
        return await self._grow(person, job_id, clip, request, growth.final)

    async def _own(self, person: Person, job_id: int) -> tuple[Person, Job]:
        """A job of one's own, and who one is now."""
        async with self.db.read() as s:
            person = await as_now(s, person)
            job = await jobs.get(s, job_id)
        if job is None:
            raise Refused(f"There is no job {job_id}.")
        rules.owns(person, job)
        return person, job

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
                there = await jobs.final_of(s, job_id, number)
                if there is not None and there.idle and there.status is Status.QUEUED:
                    there.idle = False  # its artist asks for it now, and needn't wait
                    await events.record(s, there.id, Kind.HURRIED, person.id)
                    return there
                rules.may_finalize(number, there)
            await self._may_submit(s, person, grown)
            await jobs.add(s, grown)
            await films.enter(s, self.screen, grown)
        await self._ring(grown.id, grown.attempt)
        return grown

    async def _may_submit(
        self, s: AsyncSession, person: Person, job: Job, shots: Sequence[Job] = ()
    ) -> None:
        """Whatever enters the line comes through here; only finals that a ballot gives don't."""
        await keeping.insist_on_room(s)
        queued = await jobs.count(s, person.id, Status.QUEUED)
        house, coming = await self._house_rules(s, job), shots or [job]
        cap = house.limits.in_line(person, house.queued_cap)
        queueing.may_submit(queued, cap, len(coming))
        hands = [workers.hand(worker) for worker in await workers.every(s)]
        unseen = bool(await s.scalar(select(consents.keeps_unseen(person.id))))
        for one in coming:
            if one.task not in PUT_TOGETHER:
                queueing.may_be_made(one, hands, one.private or unseen)
        # What was remixed before may be asked for again, and its artist may have changed their mind.
        # A final only finishes what they had allowed.
        if job.source_id is not None and job.descent is not Descent.FINAL:
            source = await s.get_one(Job, job.source_id)
            if source.task is Task.GLIMPSE:
                await chaining.insist_on_turn(s, job, source.id)
                await quotas.count(s, house.limits, person, job, coming)
                return
            made = await clips.of(s, source.id)
            rules.may_grow(person, source, job.source_clip, made, shared=True)
        await quotas.admit(s, house.limits, person, job, coming)


async def _was_retried(s: AsyncSession, job_id: int, key: str) -> bool:
    retried = await events.of_kinds(s, [job_id], [Kind.RETRIED]) if key else ()
    return any(event.detail.get("request") == key for event in retried)
