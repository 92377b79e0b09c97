"""Many at once in a chain and in its film, on both databases: nobody waits in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from db import chains, parts
from db.models import Seat
from db.states import Status, Turn
from moderation.chaining import MOST
from moderation.rules import Refused
from moderation.sweep import sweep
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.support.studio import ABLE, Studio, person, request


async def together(*verbs: Awaitable[Any]) -> list[Any]:
    """All at once; what each came to. Only a refusal is no fault."""
    found = await asyncio.gather(*verbs, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, Refused):
            raise one
    return found


async def seats(studio: Studio) -> list[Seat]:
    async with studio.db.read() as s:
        return list(await chains.seats(s, 1))


async def work(studio: Studio) -> None:
    claimed = await studio.claim(running_cap=9)
    if claimed is not None:
        await studio.finish(claimed)


async def test_of_ten_who_join_at_once_five_have_a_seat(studio: Studio) -> None:
    await studio.open([ABLE])
    ada = await person(studio.db, "ada")
    await studio.desk.start_chain(ada, Wish("a fox"), request())
    await work(studio)
    others = [await person(studio.db, f"artist {n}") for n in range(10)]
    desk, broker = studio.desk, studio.desk.broker
    await together(
        *(desk.join_chain(who, 1, request()) for who in others),
        *(sweep(studio.db, broker) for _ in range(4)),
    )
    await sweep(studio.db, broker)
    turns = [seat.turn for seat in await seats(studio)]
    assert len(turns) == MOST
    assert (turns.count(Turn.MADE), turns.count(Turn.NOW)) == (1, 1)


@pytest.mark.parametrize("round_", range(3))
async def test_a_turn_is_taken_passed_and_withdrawn_at_once(
    studio: Studio, cast: Five, round_: int
) -> None:
    await studio.open([ABLE])
    ada, bo, cy, *_ = cast
    desk, broker = studio.desk, studio.desk.broker
    first = await desk.start_chain(ada, Wish("a fox"), request())
    for who in (bo, cy):
        await desk.join_chain(who, 1, request())
    await work(studio)
    await sweep(studio.db, broker)
    await work(studio)
    (now,) = [seat for seat in await seats(studio) if seat.turn is Turn.NOW]
    glimpse = now.glimpse_id or 0
    await together(
        desk.go_on(bo, glimpse, Wish("and then"), request()),
        desk.go_on(bo, glimpse, Wish("or else"), request()),
        desk.let_pass(bo, glimpse),
        *([desk.withdraw(ada, first.job.id)] if round_ == 2 else []),
        *(sweep(studio.db, broker) for _ in range(3)),
    )
    await sweep(studio.db, broker)
    found = await seats(studio)
    assert sum(seat.turn is Turn.NOW for seat in found) <= 1
    made = [seat.job_id for seat in found if seat.job_id is not None]
    assert len(made) == len(set(made)) <= 2


async def test_a_film_and_its_shots_are_cancelled_withdrawn_and_retried_at_once(
    studio: Studio, cast: Five
) -> None:
    ada, desk = cast[0], studio.desk
    for _ in range(3):
        film = await studio.submit(ada, "a | b | c", storyboard=True)
        async with studio.db.read() as s:
            shots = [job.id for _, job in await parts.of(s, film.id)]
        claimed = await studio.claim()
        assert claimed is not None
        await together(
            desk.cancel(ada, film.id),
            *(desk.cancel(ada, shot) for shot in shots),
            studio.finish(claimed),
            desk.retry(ada, film.id),
            desk.withdraw(ada, shots[-1]),
        )
        assert (await studio.job(film.id)).status is Status.WITHDRAWN
        for shot in shots[:-1]:
            if (await studio.job(shot)).status is Status.QUEUED:
                await desk.cancel(ada, shot)
