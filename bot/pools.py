"""Pools in words: what is proposed, what was split, and what each person decides about their share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import credits
from bot.card import Card, Line, Tone
from bot.lists import Listing
from bot.once import note_of, show_once
from bot.room import Room
from bot.site_address import site_address
from bot.studio import CLAIM, JOIN, LEAVE, POOLS
from db import notes, people, pools, workspaces
from db.models import Pool, PoolShare, utcnow
from db.session import Db
from db.states import Purpose
from moderation.desk import Desk
from moderation.people import Person
from moderation.pools import CLAIMED_WITHIN, split
from moderation.rules import Refused

NEWS = timedelta(days=4)
"""What was proposed or split longer ago isn't announced any more."""
REMEMBERED = timedelta(days=90)
SHOWN = 5
COLUMNS = ("account", "name", "identities", "credit", "amount", "unit", "stands")
NOBODY = (
    "Nobody who earned something in it takes part, so all of it is left over for the next pool."
)


async def asked(desk: Desk, person: Person, what: str) -> Listing | str:
    """What somebody wants to know of their credit, or what they decide about pools."""
    if what in {JOIN, LEAVE, CLAIM}:
        return await decide(desk, person, what)
    async with desk.db.read() as s:
        if what == POOLS:
            return await listing(s, person)
        return await credits.listing(s, person, what)


async def decide(desk: Desk, person: Person, what: str) -> str:
    """Take part in pools, or don't; or claim what waits. Raises ``Refused``."""
    if what == CLAIM:
        claimed = await desk.claim_shares(person)
        amounts = [credits.amount(share.amount, unit) for share, unit in claimed]
        return f"You have claimed {', '.join(amounts)}; the hosts pay it to you."
    await desk.take_part_in_pools(person, what == JOIN)
    if what == JOIN:
        return (
            "You take part in pools: everybody sees your name and your share. You can leave until a pool "
            "is split."
        )
    return "You take no part in pools; what was split before stays yours to claim."


async def listing(s: AsyncSession, person: Person) -> Listing:
    """The newest pools, and how one stands towards them."""
    lines = []
    for share, unit in await pools.waiting(s, person.id):
        lines.append(
            Line(
                f"{credits.amount(share.amount, unit)} of pool {share.pool_id} wait for you: "
                "/studio credits claim."
            )
        )
    if await pools.takes_part(s, person.id):
        lines.append(Line("You take part in pools; /studio credits leave ends that."))
    else:
        lines.append(Line("You take no part in pools; /studio credits join changes that."))
    found = await pools.newest(s, SHOWN)
    lines += [Line(f"Pool {pool.id}: {what(pool)} {stands(pool)}") for pool in found]
    if not found:
        lines.append(Line("There was no pool yet."))
    site = await site_address(s)
    if site and found:
        lines.append(Line(f"Who gets what: {site}/pools"))
    return Listing("Pools", tuple(lines))


def what(pool: Pool) -> str:
    """What is split, and by the credit of which days."""
    last = pool.until - timedelta(days=1)
    days = f"on {pool.since}" if last == pool.since else f"from {pool.since} to {last}"
    return f"{credits.amount(pool.amount, pool.unit)} by what was earned {days}."


def stands(pool: Pool) -> str:
    if pool.withdrawn:
        return "It was withdrawn."
    if pool.closed_at is None:
        return f"A proposal until {pool.ends_at:%d %B %Y, %H:%M} UTC."
    return f"It is split; shares can be claimed until {pool.closed_at + CLAIMED_WITHIN:%d %B %Y}."


async def show_pools(db: Db, rooms: Sequence[Room]) -> None:
    """Say in every showcase that a pool is proposed, and later that it is split, or withdrawn if its
    proposal was shown there."""
    async with db.read() as s:
        told = set(await notes.beginning(s, "pool:"))
        places = [
            (room, place)
            for room in rooms
            for place in await workspaces.places(s, room.name, Purpose.SHOWCASE)
        ]
        due = []
        for pool in filter(_is_news, await pools.newest(s)):
            name = _news(pool)
            where = [
                (room, place)
                for room, place in places
                if note_of(name, room, place) not in told
                and (not pool.withdrawn or note_of(f"pool:{pool.id}-open", room, place) in told)
            ]
            if where:
                due.append((pool, name, await card(s, pool), where))
    for pool, name, shown, where in due:
        since = pool.closed_at or pool.opened_at
        for room, place in where:
            await show_once(db, room, place, shown, name, since, REMEMBERED)


def _is_news(pool: Pool) -> bool:
    return (pool.closed_at or pool.opened_at) > utcnow() - NEWS


def _news(pool: Pool) -> str:
    """What it is called that is told of a pool as it stands."""
    if pool.withdrawn:
        return f"pool:{pool.id}-withdrawn"
    return f"pool:{pool.id}-{'open' if pool.closed_at is None else 'split'}"


async def card(s: AsyncSession, pool: Pool) -> Card:
    """What the showcase is told of a pool as it stands."""
    if pool.withdrawn:
        lines = (Line(f"{what(pool)} Nobody gets a share of it."),)
        return Card(None, 0, Tone.QUIET, f"Pool {pool.id} is withdrawn", "", "", lines=lines)
    site = await site_address(s)
    where = (Line(f"Who gets what: {site}/pools"),) if site else ()
    if pool.closed_at is None:
        many = len(await split(s, pool))
        so_far = "1 person takes" if many == 1 else f"{many} people take"
        lines = (
            Line(f"{what(pool)} {so_far} part so far; whoever wants to: /studio credits join."),
            *where,
            Line("It is split", at=pool.ends_at),
        )
        return Card(None, 0, Tone.WAITING, f"Pool {pool.id} is proposed", "", "", lines=lines)
    got = len(await pools.shares(s, pool.id))
    says = "Whoever has a share claims it with /studio credits claim." if got else NOBODY
    return Card(
        None,
        0,
        Tone.GOOD if got else Tone.QUIET,
        f"Pool {pool.id} is split",
        "",
        "",
        lines=(Line(f"{what(pool)} {says}"), *where),
    )


async def rows(db: Db, pool_id: int) -> list[tuple[object, ...]]:
    """A pool as hosts pay it: a line for each share, as it is or would be. Raises ``Refused``."""
    async with db.read() as s:
        pool = await pools.get(s, pool_id)
        if pool is None:
            raise Refused(f"There is no pool {pool_id}.")
        found = await shares(s, pool)
        called = await people.names(s, [one.person_id for one in found])
        return [COLUMNS] + [
            (
                one.account,
                called[one.person_id],
                " ".join(await pools.identities(s, one.person_id)),
                one.points,
                one.amount,
                pool.unit,
                one.stands,
            )
            for one in found
        ]


@dataclass(frozen=True, slots=True)
class Told:
    """A share as everybody may know it."""

    person_id: int
    account: str
    points: int
    amount: int
    stands: str


async def shares(s: AsyncSession, pool: Pool) -> list[Told]:
    """Who gets what, or would as things stand; the largest share first."""
    if pool.withdrawn:
        return []
    if pool.closed_at is None:
        proposed = await split(s, pool)
        return [Told(o.person_id, o.account, o.points, o.amount, "proposed") for o in proposed]
    return [
        Told(one.person_id, account, one.points, one.amount, _share_stands(one))
        for one, account in await pools.shares(s, pool.id)
    ]


def _share_stands(share: PoolShare) -> str:
    if share.paid_at:
        return "paid"
    if share.returned_at:
        return "not claimed in time"
    return "claimed" if share.claimed_at else "not claimed yet"
