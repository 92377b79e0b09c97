"""Pools on the web: who gets what, for everybody to read; and to take part or claim, for whoever may."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, Field

from bot import credits
from bot import pools as words
from bot.on_web.deeds import fields_of
from bot.on_web.described import HTML, JSON, described
from bot.on_web.site import SITE, as_json, back_with, page, somebody, visitor_of
from bot.studio import CLAIM, JOIN, LEAVE
from db import people, pools
from db.models import Pool as Row
from moderation.linking import as_now
from moderation.rules import Refused

MOST = 20


@dataclass(frozen=True, slots=True)
class Share:
    """What one account has of a pool."""

    account: str
    credit: int
    amount: int
    stands: str


class Pool(BaseModel):
    """One pool; times are in ISO 8601."""

    number: int
    amount: int
    unit: str
    since: str = Field(serialization_alias="from")
    to: str
    proposed_until: str
    split_at: str | None
    withdrawn: bool
    shares: list[Share]


@dataclass(frozen=True, slots=True)
class Pools:
    """The newest first."""

    pools: list[Pool]


@described(HTML)
async def every(request: web.Request) -> web.Response:
    """The newest pools with their shares."""
    visitor = somebody(request)
    async with request.app[SITE].db.read() as s:
        found = [(pool, await words.shares(s, pool)) for pool in await pools.newest(s, MOST)]
        ids = {share.person_id for _, shares in found for share in shares}
        called = await people.names(s, ids)
        takes_part, waiting = False, []
        if visitor is not None:
            person = await as_now(s, visitor.person)
            takes_part = await pools.takes_part(s, person.id)
            waiting = [
                credits.amount(share.amount, unit)
                for share, unit in await pools.waiting(s, person.id)
            ]
    return page(
        request,
        "pools.html",
        pools=[
            (pool, words.what(pool), words.stands(pool), _rows(pool.unit, shares, called))
            for pool, shares in found
        ],
        takes_part=takes_part,
        waiting=waiting,
        nobody=words.NOBODY,
    )


def _rows(
    unit: str, shares: list[words.Told], called: dict[int, str]
) -> list[tuple[str, words.Told, str]]:
    return [(called[one.person_id], one, credits.amount(one.amount, unit)) for one in shares]


@described({}, form={"what": str})
async def decide(request: web.Request) -> web.Response:
    """Take part, or don't; or claim what waits."""
    visitor, sent = visitor_of(request), await fields_of(request)
    what = sent.get("what", "")
    if what not in {JOIN, LEAVE, CLAIM}:
        raise Refused("Choose what to do.")
    said = await words.decide(request.app[SITE].desk, visitor.person, what)
    return back_with(request, said, f"{visitor.base}/pools")


@described({JSON: Pools})
async def every_json(request: web.Request) -> web.Response:
    """The same for programs: accounts by the names that they have in the ledger."""
    async with request.app[SITE].db.read() as s:
        found = [(pool, await words.shares(s, pool)) for pool in await pools.newest(s, MOST)]
    return as_json(Pools([_told(pool, shares) for pool, shares in found]))


def _told(pool: Row, shares: list[words.Told]) -> Pool:
    return Pool(
        number=pool.id,
        amount=pool.amount,
        unit=pool.unit,
        since=pool.since.isoformat(),
        to=pool.until.isoformat(),
        proposed_until=pool.ends_at.isoformat(),
        split_at=pool.closed_at and pool.closed_at.isoformat(),
        withdrawn=pool.withdrawn,
        shares=[Share(one.account, one.points, one.amount, one.stands) for one in shares],
    )
