"""In which order chains, clips and films are held, on a real PostgreSQL: nobody waits in a circle, and
nothing slips through between two who don't wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import chains, jobs
from db.broker import Broker
from db.media import Media
from db.session import Db
from db.states import Status, Turn
from moderation import chaining
from moderation.leaving import forget_leavers
from moderation.wish import Wish
from tests.moderation.opinions import Five, link
from tests.moderation.test_chains import begun
from tests.support.studio import ABLE, NO_BROKER, Studio, request

WAITERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def studio(postgres_url: str) -> AsyncIterator[Studio]:
    db = Db(postgres_url)
    yield await Studio(db, Broker(NO_BROKER)).open([ABLE])
    await db.close()


async def somebody_waits(db: Db) -> None:
    """Until a transaction waits for another one."""
    waiting = 0
    while not waiting:
        await asyncio.sleep(0.01)
        async with db.read() as s:
            waiting = await s.scalar(WAITERS) or 0


async def test_who_withdraws_while_the_film_is_made_takes_it_along(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(studio, ada, bo, cy)
    second = await film.go_on(bo)
    async with studio.db.begin() as s:
        chain = await chains.get(s, film.id, lock=True)
        assert chain is not None
        leaving = asyncio.create_task(studio.desk.withdraw(bo, second.id))
        await somebody_waits(studio.db)
        # Closing takes cy's glimpse away, which was cut from the clip that is withdrawn.
        film_id = await chaining.reveal(s, chain, await chains.seats(s, film.id))
    await leaving
    assert (await studio.job(film_id)).status is Status.WITHDRAWN


async def test_who_withdraws_while_a_turn_is_handed_on_takes_its_glimpse_along(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(studio, ada, bo, cy)
    glimpse = await film.glimpse()
    second = await studio.desk.go_on(bo, glimpse.id, Wish("and then"), request())
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    async with studio.db.begin() as s:
        chain = await chains.get(s, film.id, lock=True)
        assert chain is not None
        leaving = asyncio.create_task(studio.desk.withdraw(bo, second.id))
        await somebody_waits(studio.db)
        *_, handed = await chaining.settle(s, chain)
    await leaving
    assert (await studio.job(handed)).status is Status.WITHDRAWN
    assert (await film.now()).person_id == cy.id
    assert (await film.now()).glimpse_id != handed


@pytest.mark.parametrize("parting", [False, True])
async def test_who_links_waits_for_a_chain_before_its_clips(
    studio: Studio, cast: Five, parting: bool
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(studio, ada, bo)
    second = await film.go_on(bo)
    if parting:
        await link(studio, cy, bo)
    async with studio.db.begin() as s:
        await chains.get(s, film.id, lock=True)
        verb = studio.desk.unlink(bo) if parting else link(studio, cy, bo)
        linking = asyncio.create_task(verb)
        await somebody_waits(studio.db)
        await jobs.get(s, second.id, lock=True)
    await linking
    assert (await studio.job(second.id)).person_id == (bo.id if parting else cy.id)


async def test_who_leaves_gives_their_seat_up_only_when_nobody_hands_on_a_turn(
    studio: Studio, cast: Five, tmp_path: Path
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(studio, ada, bo, cy)
    await studio.desk.leave(cy)
    async with studio.db.begin() as s:
        await chains.get(s, film.id, lock=True)
        media = Media(tmp_path / "media")
        leaving = asyncio.create_task(forget_leavers(studio.db, Broker(NO_BROKER), media))
        waits = asyncio.create_task(somebody_waits(studio.db))
        first, _ = await asyncio.wait({leaving, waits}, return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
        assert first == {waits}
    await leaving
    async with studio.db.read() as s:
        seats = await chains.seats(s, film.id)
    assert [seat.turn for seat in seats if seat.person_id == cy.id] == [Turn.PASSED]
