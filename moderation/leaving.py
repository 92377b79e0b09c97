"""How somebody leaves and is forgotten: what they are told before, and what then happens to all that is
theirs. Each step is a transaction of its own and may be done twice, so that a sweep can go on wherever
a process was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from db import (
    chains,
    forgetting,
    jobs,
    ledger,
    links,
    parts,
    people,
    pools,
    themes,
)
from db.broker import Broker
from db.links import LINKS
from db.media import Media
from db.models import Chain, Clip, Identity, Job, Review, Seat, Theme, Vote, utcnow
from db.session import Db, one_at_a_time
from db.states import Status, Turn
from db.yours import Whose
from moderation import chaining, withdrawing
from moderation import themes as closing
from moderation.linking import alone, as_now
from moderation.people import Person
from moderation.unsaying import tell_again, unsay

SITS = frozenset({Turn.WAITS, Turn.NOW, Turn.MADE})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Belongings:
    """How much there is of somebody."""

    jobs: int
    clips: int
    votes: int
    reviews: int
    credit: int
    platforms: tuple[str, ...]
    shares: Mapping[str, int]
    """Of pools and not paid out: unit -> how much."""


async def belongings(db: Db, person: Person) -> Belongings:
    """What would go, and what would stay as nobody's."""
    async with db.read() as s:
        who = await forgetting.whose(s, (await as_now(s, person)).id)

        async def count(table: type[Job | Clip | Vote | Review], which: object) -> int:
            query = select(func.count()).select_from(table).where(which)  # type: ignore[arg-type]
            return await s.scalar(query) or 0

        rooms = select(col(Identity.platform)).where(who.own(Identity.person_id)).distinct()
        return Belongings(
            jobs=await count(Job, who.own(Job.person_id)),
            clips=await count(Clip, who.of_jobs(Clip.job_id)),
            votes=await count(Vote, who.own(Vote.person_id)),
            reviews=await count(Review, who.own(Review.person_id)),
            credit=await ledger.balance(s, who.persons[0]),
            platforms=tuple(sorted(await s.scalars(rooms))),
            shares=await pools.owed(s, who.persons),
        )


async def leave(db: Db, person_id: int) -> None:
    """Whoever is this person is nobody from now on; all the rest follows (``forget_leavers``)."""
    async with db.begin() as s:
        await one_at_a_time(s, LINKS)
        who = await forgetting.whose(s, await links.now(s, person_id))
        for one in sorted(who.persons):
            await one_at_a_time(s, alone(one))
        if not await people.leaving(s, who.persons):
            await forgetting.cut_off(s, who)
            await ledger.hold(s)
            await pools.unclaim(s, who.persons)
            await tell_again(s, (await s.scalars(who.jobs)).all())
    log.info("person.leaving", person=person_id)


async def forget_leavers(db: Db, broker: Broker, media: Media) -> None:
    """Go on with everybody who asked to be forgotten, as far as that is possible now."""
    async with db.read() as s:
        found = await forgetting.leaving(s)
    for person_id in found:
        async with db.read() as s:
            who = await forgetting.whose(s, person_id)
        for job_id in await _take_back(db, who):
            await broker.spread(job_id)
        told = await _forget(db, media, who)
        for job_id in told[:1]:
            await broker.spread(job_id)  # any news wakes the feed


# ── what others wait for, count or see ───────────────────────────────────────────────────


async def _take_back(db: Db, who: Whose) -> list[int]:
    """Take them out of all that goes on; the ids of the jobs that this changed."""
    changed = await unsay(db, who)
    await _give_up_seats(db, who)
    async with db.read() as s:
        own = select(col(Job.id)).where(who.own(Job.person_id), col(Job.status) != Status.WITHDRAWN)
        standing = (await s.scalars(own.order_by(col(Job.id)))).all()
    for job_id in standing:
        async with db.begin() as s:
            await chains.hold(s, job_id)
            await parts.hold(s, job_id)
            job = await jobs.get(s, job_id, lock=True)
            if job is not None and job.status is not Status.WITHDRAWN:
                changed += [job_id, *await withdrawing.withdraw(s, job_id, job.person_id)]
    changed += await _close_themes(db, who)  # which nothing of theirs wins
    changed += await chaining.ended_turns(db)
    await _hand_over(db, who)
    return changed


async def _give_up_seats(db: Db, who: Whose) -> None:
    """They wait for no turn any more. Whoever hands turns on holds the chain, and so does this."""
    in_line = select(col(Seat.chain_id)).where(
        who.own(Seat.person_id), col(Seat.turn) == Turn.WAITS
    )
    async with db.read() as s:
        chain_ids = (await s.scalars(in_line.distinct().order_by(col(Seat.chain_id)))).all()
    for chain_id in chain_ids:
        async with db.begin() as s:
            await chains.get(s, chain_id, lock=True)
            for seat in await chains.seats(s, chain_id):
                if seat.person_id in who.persons and seat.turn is Turn.WAITS:
                    seat.turn = Turn.PASSED


async def _close_themes(db: Db, who: Whose) -> list[int]:
    """Close the themes that they are the host of; the jobs that have won."""
    begun = select(col(Theme.id)).where(who.own(Theme.host_id), col(Theme.closed_at).is_(None))
    async with db.read() as s:
        theme_ids = (await s.scalars(begun)).all()
    won = []
    for theme_id in theme_ids:
        async with db.begin() as s:
            theme = await themes.get(s, theme_id, lock=True)
            if theme is not None and theme.closed_at is None:
                theme.ends_at = utcnow()
                won.append(await closing.close(s, theme))
    return [job_id for job_id in won if job_id]


async def _hand_over(db: Db, who: Whose) -> None:
    """A chain that they began goes on with the first of its other artists; with nobody it ends."""
    async with db.read() as s:
        begun = select(col(Chain.id)).where(
            who.own(Chain.person_id), col(Chain.closed_at).is_(None)
        )
        chain_ids = (await s.scalars(begun)).all()
    for chain_id in chain_ids:
        async with db.begin() as s:
            chain = await chains.get(s, chain_id, lock=True)
            if chain is None or chain.closed_at is not None:
                continue
            seats = await chains.seats(s, chain_id)
            others = [x for x in seats if x.turn in SITS and x.person_id not in who.persons]
            await forgetting.forget_theme(s, chain)
            if others:
                heir = others[0]
                chain.person_id, chain.room = heir.person_id, heir.room
                chain.workspace, chain.place = heir.workspace, heir.place
            else:
                await chaining.close(s, chain, seats)


# ── what nobody waits for any more ───────────────────────────────────────────────────────


async def _forget(db: Db, media: Media, who: Whose) -> Sequence[int]:
    """Remove files and words, once every room took the cards away and all is booked; the ids of the
    jobs of others that look otherwise now. None, and nothing is done, while that isn't so yet."""
    async with db.read() as s:
        films = await forgetting.shown_in(s, who)
        if not await _is_ready(s, who, films):
            return ()
        files = await forgetting.with_files(s, who)
    for job_id in [*files, *films]:
        async with db.begin() as s:
            job = await jobs.get(s, job_id, lock=True)
            if job is not None:
                await forgetting.release(s, media, job)
    async with db.begin() as s:
        for one in sorted(who.persons):
            await one_at_a_time(s, alone(one))
        if not await _is_ready(s, who, films):
            return ()
        named = {*films, *await forgetting.grown_from(s, who), *await forgetting.said_of(s, who)}
        touched = sorted(named | await forgetting.forget(s, who))
        await tell_again(s, touched)
    await db.scrub()
    log.info("person.forgotten", person=who.persons[0])
    return touched


async def _is_ready(s: AsyncSession, who: Whose, films: Sequence[int]) -> bool:
    standing = await s.scalar(
        select(col(Job.id))
        .where(who.own(Job.person_id), col(Job.status) != Status.WITHDRAWN)
        .limit(1)
    )
    settled = standing is None and await forgetting.is_settled(s, who)
    return settled and await forgetting.is_told(s, who, films)
