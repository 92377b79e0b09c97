"""Who gets what of a pool: of which days, under which names, and not whoever left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from db import ledger, pools
from db.models import DayEarned, utcnow
from db.session import Db
from moderation import pools as pooling
from moderation.days import book_days
from moderation.pools import close_due, pay
from moderation.rules import Refused
from tests.moderation.opinions import Five, link
from tests.moderation.test_pools import (
    TODAY,
    UNIT,
    earn,
    over,
    proposed,
    shares,
    splits,
    two_days_later,
)
from tests.support.studio import Studio

__all__ = ["two_days_later"]


async def test_whoever_leaves_gets_no_share(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    for who in (ada, bo):
        await earn(studio.db, who, 20)
        await studio.desk.take_part_in_pools(who, True)
    number = await proposed(studio.db)
    await studio.desk.leave(ada)
    async with studio.db.begin() as s:
        assert not await pools.takes_part(s, ada.id)
        await pools.say(s, ada.id, True)  # as if it came a moment later
    assert await splits(studio.db, number) == {bo.id: 100}
