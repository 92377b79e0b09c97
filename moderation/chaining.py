"""How a chain goes on: whose turn it is, what they are shown, and when it becomes a film.

All of it is within a transaction that holds the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db import chains, clips, jobs
from db.models import Chain, Job, Seat, utcnow
from db.offers import Offer
from db.session import Db
from db.states import FINISHED, Descent, Kind, Status, Task, Turn
from moderation import films
from moderation.people import Person
from moderation.plan import plan
from moderation.rules import Refused
from moderation.screening.words import standard
from moderation.wish import Request, Roots, Wish

FEWEST, MOST = 2, 6
"""Clips that a chain's film is made of."""
CLIP = 1
"""The number of a chain's clips: each job of one makes a single one."""
AT_WORK = frozenset({Status.QUEUED, Status.RENDERING})
GONE = "The clip that it went on from was withdrawn."
LATE = "Its turn in the chain was over by then."


async def settle(s: AsyncSession, chain: Chain) -> list[int]:
    """Bring a chain to where it stands by now; the ids of the jobs that this changed or made.

    A clip that is made ends its turn, and so does time; the next in line is handed the last second of
    what there is, and of ``MOST`` clips the film is put together.
    """
    if chain.closed_at is not None:
        return []
    seats = await chains.seats(s, chain.id)
    changed = await _end_of_turn(s, seats)
    made = _made(seats)
    if len(made) == MOST:
        return [*changed, await reveal(s, chain, seats)]
    waiting = next((seat for seat in seats if seat.turn is Turn.WAITS), None)
    if made and waiting is not None and not any(seat.turn is Turn.NOW for seat in seats):
        waiting.turn = Turn.NOW
        changed.append(await hand(s, chain, waiting, made[-1]))
    return changed


async def hand(s: AsyncSession, chain: Chain, seat: Seat, last: Seat) -> int:
    """Give somebody the turn, with the last second of this clip; the id of the job that cuts it."""
    source = await _job(s, last)
    request = Request(
        f"chain:{chain.id}:{seat.id}:{source.id}", seat.room, seat.place, seat.workspace
    )
    glimpse = films.put_together(
        Task.GLIMPSE, [(source, CLIP)], request, seat.person_id, chain.theme, private=True
    )
    seat.glimpse_id = await films.add(s, glimpse, [(source, CLIP)])
    seat.turn_ends_at = utcnow() + timedelta(seconds=chain.turn_seconds)
    await s.flush()
    return seat.glimpse_id


async def reveal(s: AsyncSession, chain: Chain, seats: Sequence[Seat]) -> int:
    """Put the film into the line, for whoever began it; the id of its job."""
    shown = [(await _job(s, seat), CLIP) for seat in _made(seats)]
    request = Request(f"chain:{chain.id}", chain.room, chain.place, chain.workspace)
    film = films.put_together(
        Task.FILM, shown, request, chain.person_id, chain.theme, private=False
    )
    await close(s, chain, seats)
    chain.film_id = await films.add(s, film, shown)
    await films.enter(s, standard(), film)
    await s.flush()
    return chain.film_id


async def take_back(s: AsyncSession, job_id: int) -> list[int]:
    """A clip was withdrawn: before the reveal it leaves its chain. Where it was the last one, the turn
    goes back to the clip before it, and what was going on from it is stopped. The ids of jobs that this
    changed or made."""
    seat = await chains.seat_of(s, job_id)
    if seat is None or seat.job_id != job_id:
        return []
    chain = await chains.get(s, seat.chain_id, lock=True)
    if chain is None or chain.closed_at is not None:
        return []
    seats = await chains.seats(s, chain.id)
    seat = next(one for one in seats if one.id == seat.id)
    seat.turn, seat.position, seat.turn_ends_at = Turn.PASSED, None, None
    await s.flush()
    await _hide(s, seat)
    left = _made(seats)
    now = next((one for one in seats if one.turn is Turn.NOW), None)
    if now is not None and not await _goes_back(s, now):
        return await settle(s, chain)
    stopped = await _stop(s, now) if now is not None else []
    if not left:
        await close(s, chain, seats)
        return stopped
    if now is None:
        return await settle(s, chain)
    return [*stopped, await hand(s, chain, now, left[-1])]


def next_clip(
    wish: Wish, request: Request, person: Person, seat: Seat, last: Job, offers: Sequence[Offer]
) -> Job:
    """The clip that goes on from the last second, in the shape of the clip before."""
    if wish.image or wish.last or wish.loop or wish.storyboard:
        raise Refused("A chain goes on from its last second; leave out image, last and loop.")
    able = any(offer.name == last.model and Task.EXTEND in offer.tasks for offer in offers)
    wish = alone(wish, wish.aspect or last.aspect)
    wish = replace(wish, model=wish.model or (last.model if able else None))
    source = None if seat.glimpse_id is None else (seat.glimpse_id, CLIP)
    roots = Roots(task=Task.EXTEND, source=source, parent=(last.id, CLIP), descent=Descent.EXTEND)
    return plan(wish, request, person.id, offers, roots)


def alone(wish: Wish, aspect: str | None) -> Wish:
    """One clip in full, which nobody but its artist sees before the film."""
    return replace(wish, aspect=aspect, variations=1, final=True, private=True)


async def insist_on_secret(s: AsyncSession, job: Job) -> None:
    """Raises ``Refused`` for a clip of a chain whose film isn't there yet."""
    seat = await chains.seat_of(s, job.id)
    chain = await chains.get(s, seat.chain_id) if seat is not None else None
    if chain is not None and chain.closed_at is None:
        raise Refused(f"Job {job.id} is a part of chain {chain.id}, and is shown with its film.")


async def insist_on_turn(s: AsyncSession, job: Job, glimpse_id: int) -> None:
    """Raises ``Refused`` unless this is the clip of whoever was shown this second, in their turn."""
    if not await _in_turn(s, job, glimpse_id):
        raise Refused("Only your turn in a chain lets you go on from this.")


async def stop_late(s: AsyncSession, job: Job) -> None:
    """A clip that has just been let in: out of the line again, should its turn be over by now."""
    source = await jobs.get(s, job.source_id) if job.source_id is not None else None
    if source is None or source.task is not Task.GLIMPSE or await _in_turn(s, job, source.id):
        return
    await jobs.move(s, job.id, Kind.CANCELLED, values={"lease_until": None, "reason": LATE})


async def is_made(s: AsyncSession, job: Job) -> bool:
    """Whether a clip of a chain is there; the screen may have stopped it before."""
    there = job.status in FINISHED - {Status.WITHDRAWN}
    return there and await clips.get(s, job.id, CLIP) is not None


def made_by(seats: Sequence[Seat]) -> list[Seat]:
    """The seats whose clips are in the film, in its order."""
    return _made(seats)


async def ended_turns(db: Db) -> list[int]:
    """Go on with the chains in which a turn is over; the ids of jobs that changed."""
    async with db.read() as s:
        due = await chains.due(s)
    changed: list[int] = []
    for chain_id in due:
        async with db.begin() as s:
            chain = await chains.get(s, chain_id, lock=True)
            changed += await settle(s, chain) if chain is not None else []
    return changed


async def _end_of_turn(s: AsyncSession, seats: Sequence[Seat]) -> list[int]:
    """End the turn that is going on, if anything has; the ids of jobs that this changed."""
    seat = next((seat for seat in seats if seat.turn is Turn.NOW), None)
    if seat is None:
        return []
    job = await jobs.get(s, seat.job_id) if seat.job_id is not None else None
    if job is not None and await is_made(s, job):
        seat.turn, seat.turn_ends_at = Turn.MADE, None
        seat.position = max((other.position or 0 for other in seats), default=0) + 1
        await s.flush()
        return []
    at_work = job is not None and job.status in AT_WORK
    late = seat.turn_ends_at is not None and seat.turn_ends_at <= utcnow()
    if at_work or not (late or await _is_gone(s, seat)):
        return []
    seat.turn, seat.turn_ends_at = Turn.PASSED, None
    await s.flush()
    return await _hide(s, seat)


async def close(s: AsyncSession, chain: Chain, seats: Sequence[Seat]) -> None:
    """No turn comes after this one."""
    for seat in seats:
        if seat.turn in {Turn.WAITS, Turn.NOW}:
            seat.turn, seat.turn_ends_at = Turn.PASSED, None
            await _hide(s, seat)
    chain.closed_at = utcnow()
    await s.flush()


async def _in_turn(s: AsyncSession, job: Job, glimpse_id: int) -> bool:
    seat = await chains.seat_of(s, glimpse_id)
    return seat is not None and seat.turn is Turn.NOW and seat.job_id == job.id


async def _goes_back(s: AsyncSession, seat: Seat) -> bool:
    """Whether what they were shown is gone, and they have made nothing of it yet."""
    job = await jobs.get(s, seat.job_id) if seat.job_id is not None else None
    return await _is_gone(s, seat) and not (job is not None and await is_made(s, job))


async def _stop(s: AsyncSession, seat: Seat) -> list[int]:
    """Stop the clip that is being made in this turn, if one is; its id."""
    job_id, seat.job_id = seat.job_id, None
    await s.flush()
    gone = {"lease_until": None, "reason": GONE}
    stopped = job_id and await jobs.move(s, job_id, Kind.CANCELLED, values=gone)
    return [job_id] if job_id and stopped else []


async def _hide(s: AsyncSession, seat: Seat) -> list[int]:
    """Take away the second that somebody was shown for a turn that is over; its job, if that is news."""
    if seat.glimpse_id is None:
        return []
    gone = await jobs.move(s, seat.glimpse_id, Kind.WITHDRAWN, values={"lease_until": None})
    return [seat.glimpse_id] if gone else []


async def _is_gone(s: AsyncSession, seat: Seat) -> bool:
    """Whether the second that they were shown was withdrawn, by themselves or with its clip."""
    glimpse = await jobs.get(s, seat.glimpse_id) if seat.glimpse_id is not None else None
    return glimpse is not None and glimpse.status is Status.WITHDRAWN


async def _job(s: AsyncSession, seat: Seat) -> Job:
    job = await s.get_one(Job, seat.job_id)
    if await clips.get(s, job.id, CLIP) is None:
        raise ValueError(f"job {job.id} is in a chain and has no clip")
    return job


def _made(seats: Sequence[Seat]) -> list[Seat]:
    made = [seat for seat in seats if seat.turn is Turn.MADE]
    return sorted(made, key=lambda seat: seat.position or 0)
