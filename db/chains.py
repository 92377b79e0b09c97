"""Chains: who has a seat in which, whose turn it is, and what is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db.jobs import LARGEST_ID
from db.models import Chain, Clip, Job, Seat, utcnow
from db.states import Status, Turn


async def get(s: AsyncSession, chain_id: int, *, lock: bool = False) -> Chain | None:
    """The chain; ``lock`` holds off everybody else's turns in it until the commit."""
    if not 0 < chain_id <= LARGEST_ID:
        return None
    query = select(Chain).where(col(Chain.id) == chain_id)
    query = query.execution_options(populate_existing=True)
    return await s.scalar(query.with_for_update(key_share=True) if lock else query)


async def hold(s: AsyncSession, job_id: int) -> None:
    """Hold the chain that a job is a clip or a glimpse of, if it is.

    Everybody holds in this order, so that nobody waits in a circle: a chain, then the jobs whose clips
    films are made of, then these films and the glimpses (``parts.hold``).
    """
    its = select(col(Seat.chain_id)).where(_seats_of([job_id]))
    query = select(col(Chain.id)).where(col(Chain.id).in_(its)).order_by(col(Chain.id))
    await s.execute(query.with_for_update(key_share=True))


async def hold_all_of(s: AsyncSession, person_id: int) -> None:
    """Hold the chains that somebody began or has a seat in."""
    seated = select(col(Seat.chain_id)).where(col(Seat.person_id) == person_id)
    which = (col(Chain.person_id) == person_id) | col(Chain.id).in_(seated)
    query = select(col(Chain.id)).where(which).order_by(col(Chain.id))
    await s.execute(query.with_for_update(key_share=True))


async def seats(s: AsyncSession, chain_id: int) -> Sequence[Seat]:
    """All that were ever taken, in their order."""
    query = select(Seat).where(col(Seat.chain_id) == chain_id).order_by(col(Seat.id))
    return (await s.scalars(query.execution_options(populate_existing=True))).all()


async def seat_of(s: AsyncSession, job_id: int) -> Seat | None:
    """The seat that a job is the clip of, or the glimpse."""
    return (await seats_of(s, [job_id])).get(job_id)


async def seats_of(s: AsyncSession, job_ids: Collection[int]) -> dict[int, Seat]:
    """By job, the seats that these are the clips of, or the glimpses."""
    query = select(Seat).where(_seats_of(job_ids)).order_by(col(Seat.id))
    found = (await s.scalars(query)).all()
    of = [(n, seat) for seat in found for n in (seat.glimpse_id, seat.job_id) if n is not None]
    return {n: seat for n, seat in of if n in job_ids}


async def named(s: AsyncSession, chain_ids: Collection[int]) -> dict[int, Chain]:
    """These chains, by their numbers."""
    found = await s.scalars(select(Chain).where(col(Chain.id).in_(chain_ids)))
    return {chain.id: chain for chain in found}


async def of_open(s: AsyncSession, *, limit: int = 20) -> Sequence[Chain]:
    """The chains that still grow, newest first."""
    query = select(Chain).where(col(Chain.closed_at).is_(None))
    return (await s.scalars(query.order_by(col(Chain.id).desc()).limit(limit))).all()


async def due(s: AsyncSession) -> Sequence[int]:
    """The open chains in which a turn may be over: by time, by its clip, or because it was let pass."""
    made = exists().where(col(Clip.job_id) == col(Seat.job_id))
    passed = exists().where(
        col(Job.id) == col(Seat.glimpse_id), col(Job.status) == Status.WITHDRAWN
    )
    found = await s.scalars(
        select(col(Seat.chain_id)).where(
            col(Seat.turn) == Turn.NOW,
            (col(Seat.turn_ends_at) <= utcnow()) | made | passed,
        )
    )
    return found.all()


async def bring(s: AsyncSession, first: int, second: int) -> None:
    """Two people turned out to be one: whatever the second has in chains is the first's."""
    for table in (Chain, Seat):
        await s.execute(update(table).where(col(table.person_id) == second).values(person_id=first))


async def give_back(s: AsyncSession, first: int, second: int, job_ids: Sequence[int]) -> None:
    """They are two again: the seats whose clips were the second's are theirs, and what these began."""
    own = col(Seat.job_id).in_(job_ids) | col(Seat.glimpse_id).in_(job_ids)
    began = select(func.min(col(Seat.id))).group_by(col(Seat.chain_id))
    theirs = select(col(Seat.chain_id)).where(own, col(Seat.id).in_(began))
    for table, which in ((Chain, col(Chain.id).in_(theirs)), (Seat, own)):
        await s.execute(
            update(table).where(which, col(table.person_id) == first).values(person_id=second)
        )


def _seats_of(job_ids: Collection[int]) -> ColumnElement[bool]:
    return col(Seat.job_id).in_(job_ids) | col(Seat.glimpse_id).in_(job_ids)
