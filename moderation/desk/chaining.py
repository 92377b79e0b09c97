"""The verbs of a chain: begin one, take a seat, go on from the last second, make the film."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import chains, events, jobs, workers
from db.models import Chain, Job, Seat
from db.session import one_at_a_time
from db.states import FINISHED, Kind, Status, Task, Turn
from moderation import chaining, films, growth, quotas, rules
from moderation.chaining import FEWEST, MOST
from moderation.desk.making import Making
from moderation.linking import as_now
from moderation.people import Person
from moderation.plan import plan, wish_of
from moderation.rules import Refused
from moderation.wish import Request, Wish


@dataclass(frozen=True, slots=True)
class Begun:
    """A chain, and the job of its first clip; no chain where the screen stopped that."""

    chain: Chain | None
    job: Job


class Chaining(Making):
    """Films that several artists make, each shown no more than the second before their own clip."""

    async def start_chain(self, person: Person, wish: Wish, request: Request) -> Begun:
        """Begin a chain with a first clip of one's own; its prompt is the theme.

        The same request twice is the same chain.
        """
        if wish.image or wish.last or wish.loop or wish.storyboard:
            raise Refused("A chain begins with words; leave out image, last, loop and storyboard.")
        async with self.db.read() as s:
            offers = await workers.offers(s)
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                seat = await chains.seat_of(s, known.id)
                chain = await chains.get(s, seat.chain_id) if seat is not None else None
                return Begun(chain, known)
            job = plan(chaining.alone(wish, wish.aspect), request, person.id, offers)
            await self._may_submit(s, person, job)
            await jobs.add(s, job)
            await films.enter(s, self.screen, job)
            chain = None
            if job.status is not Status.BLOCKED:
                house = await self._house_rules(s, job)
                chain = await _begin(s, job, request, house.turn)
        await self._ring(job.id, job.attempt)
        return Begun(chain, job)

    async def join_chain(self, person: Person, chain_id: int, request: Request) -> Chain:
        """Take a seat in a chain; with nobody before, the turn comes at once."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            chain, seats = await _open(s, chain_id)
            taken = [seat for seat in seats if seat.turn is not Turn.PASSED]
            if own := next((seat for seat in taken if seat.person_id == person.id), None):
                raise Refused(SEATED[own.turn].format(chain_id))
            if len(taken) >= MOST:
                raise Refused(f"Chain {chain_id} has its {MOST} artists; begin one of your own.")
            s.add(_seat(chain, person.id, request))
            await s.flush()
            changed = await chaining.settle(s, chain)
        await self._tell(changed)
        return chain

    async def go_on(self, person: Person, glimpse_id: int, wish: Wish, request: Request) -> Job:
        """Submit what happens after the second that one is shown, in one's turn."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            if jobs.may_exist(glimpse_id):
                await chains.hold(s, glimpse_id)
            await one_at_a_time(s, f"submit {person.id}")
            known = await jobs.by_request(s, request.key)
            if known is not None:
                return known
            found = await chains.seat_of(s, glimpse_id)
            if found is None or found.glimpse_id != glimpse_id:
                raise Refused("There is no chain that goes on from this.")
            _, seats = await _open(s, found.chain_id)
            seat = next(one for one in seats if one.id == found.id)
            await self._insist_on_turn(s, person, seat)
            last = await jobs.get(s, chaining.made_by(seats)[-1].job_id or 0)
            if last is None:
                raise Refused("The clip before is gone; the turn goes back.")
            offers = await workers.offers(s)
            job = chaining.next_clip(wish, request, person, seat, last, offers)
            await quotas.count(s, self.rules.limits, person, job, [job])
            await jobs.add(s, job)
            await films.enter(s, self.screen, job)
            seat.job_id = job.id
            await events.record(s, glimpse_id, Kind.PART_MOVED, person.id)
        await self._ring(job.id, job.attempt)
        return job

    async def reword(self, person: Person, job_id: int, request: Request, wish: Wish) -> Job:
        """As for every job; a clip that goes on in a chain does so in its turn."""
        async with self.db.read() as s:
            seat = await chains.seat_of(s, job_id)
        if seat is None or seat.glimpse_id is None or seat.job_id != job_id:
            return await super().reword(person, job_id, request, wish)
        person, job = await self._own(person, job_id)
        said = growth.in_words(wish_of(job), wish)
        return await self.go_on(person, seat.glimpse_id, said, request)

    async def let_pass(self, person: Person, glimpse_id: int) -> None:
        """Give one's turn up; the next in line has it."""
        async with self._on(person, glimpse_id) as (s, person, job):
            rules.owns(person, job)
            seat = await chains.seat_of(s, glimpse_id)
            if job.task is not Task.GLIMPSE or seat is None or seat.turn is not Turn.NOW:
                raise Refused("It isn't your turn.")
            if await _works(s, seat):
                raise Refused("You went on from this already; cancel that first.")
            gone = {"lease_until": None}
            await jobs.move(s, glimpse_id, Kind.WITHDRAWN, by=person.id, values=gone)
        await self._tell(await chaining.ended_turns(self.db))

    async def close_chain(self, person: Person, chain_id: int) -> int:
        """Make the film of what there is; the id of its job. For whoever began the chain."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            chain, seats = await _open(s, chain_id)
            if chain.person_id != person.id:
                raise Refused(f"Only whoever began chain {chain_id} can close it.")
            changed = await chaining.settle(s, chain)
            if chain.film_id is None:
                seats = await chains.seats(s, chain_id)
                count = len(chaining.made_by(seats))
                if count < FEWEST:
                    raise Refused(
                        f"A film takes {FEWEST} clips at least, and chain {chain_id} has {count}."
                    )
                now = next((seat for seat in seats if seat.turn is Turn.NOW), None)
                if now is not None and await _works(s, now):
                    raise Refused("Somebody's clip is being made for it; close it after that.")
                changed.append(await chaining.reveal(s, chain, seats))
            film_id = chain.film_id or 0
        await self._tell(changed)
        return film_id

    async def _insist_on_turn(self, s: AsyncSession, person: Person, seat: Seat) -> None:
        if seat.person_id != person.id:
            raise Refused("It is somebody else's turn.")
        if seat.turn is Turn.MADE or (seat.turn is Turn.NOW and await _works(s, seat)):
            raise Refused("You went on from this already.")
        if seat.turn is not Turn.NOW:
            raise Refused("Your turn in this chain is over; you may join it again.")
        glimpse = await jobs.get(s, seat.glimpse_id or 0)
        if glimpse is None or glimpse.status not in FINISHED - {Status.WITHDRAWN}:
            raise Refused("The second before your clip isn't there yet; try again in a moment.")
        await self._may_submit(s, person, glimpse)

    async def _tell(self, job_ids: Iterable[int]) -> None:
        await asyncio.gather(*(self._ring(job_id, 0) for job_id in job_ids))


SEATED = {
    Turn.WAITS: "You are in chain {} already; you are told when it is your turn.",
    Turn.NOW: "It is your turn in chain {} now.",
    Turn.MADE: "Your clip is in chain {} already; each artist makes one.",
}


async def _begin(s: AsyncSession, job: Job, request: Request, turn: timedelta) -> Chain:
    """The chain that begins with this job."""
    chain = Chain(
        theme=job.prompt,
        person_id=job.person_id,
        room=request.room,
        workspace=request.workspace,
        place=request.place,
        turn_seconds=round(turn.total_seconds()),
    )
    s.add(chain)
    await s.flush()
    s.add(_seat(chain, job.person_id, request, turn=Turn.NOW, job_id=job.id))
    return chain


def _seat(
    chain: Chain,
    person_id: int,
    request: Request,
    turn: Turn = Turn.WAITS,
    job_id: int | None = None,
) -> Seat:
    return Seat(
        chain_id=chain.id,
        person_id=person_id,
        room=request.room,
        workspace=request.workspace,
        place=request.place,
        turn=turn,
        job_id=job_id,
    )


async def _open(s: AsyncSession, chain_id: int) -> tuple[Chain, Sequence[Seat]]:
    """The chain, held, and its seats. Raises ``Refused`` when it doesn't grow any more."""
    chain = await chains.get(s, chain_id, lock=True)
    if chain is None:
        raise Refused(f"There is no chain {chain_id}.")
    if chain.closed_at is not None:
        film = f"; its film is job {chain.film_id}" if chain.film_id else ""
        raise Refused(f"Chain {chain_id} is closed{film}.")
    return chain, await chains.seats(s, chain_id)


async def _works(s: AsyncSession, seat: Seat) -> bool:
    """Whether a clip is being made for it, or is there."""
    job = await jobs.get(s, seat.job_id) if seat.job_id is not None else None
    return job is not None and (job.status in chaining.AT_WORK or await chaining.is_made(s, job))
