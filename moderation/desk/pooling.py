"""The verbs of whoever may get a share of a pool: take part or not, and claim it."""

from __future__ import annotations

from db import ledger, pools
from db.models import PoolShare, utcnow
from moderation.desk.base import Base
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused


class Pooling(Base):
    """What each person decides for themselves."""

    async def take_part_in_pools(self, person: Person, given: bool) -> None:
        """Take part from now on in the pools that aren't split yet, or don't."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await ledger.hold(s)
            if await pools.takes_part(s, person.id) is not given:
                await pools.say(s, person.id, given)

    async def claim_shares(self, person: Person) -> list[tuple[PoolShare, str]]:
        """Ask to be paid all shares that wait for one, which are returned with their units."""
        async with self.db.begin() as s:
            person = await as_now(s, person)
            await ledger.hold(s)
            waiting = await pools.waiting(s, person.id)
            if not waiting:
                raise Refused("No share of a pool waits for you.")
            for share, _ in waiting:
                share.claimed_at = utcnow()
            return waiting
