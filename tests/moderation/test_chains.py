"""Chains: turns that are handed on, pass by time, and come to a film."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import chains, clips, jobs, links, parts
from db.models import Chain, Job, Seat, utcnow
from db.states import Status, Task, Turn, Verdict
from moderation import rules
from moderation.chaining import MOST
from moderation.people import Person
from moderation.rules import Refused
from moderation.sweep import sweep
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.support.studio import ABLE, UNSHOWN, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def able(studio: Studio) -> Studio:
    return await studio.open([ABLE])


class Film:
    """A chain as its artists see it."""

    def __init__(self, studio: Studio, chain_id: int) -> None:
        self.studio, self.id = studio, chain_id

    async def row(self) -> Chain:
        async with self.studio.db.read() as s:
            found = await chains.get(s, self.id)
        assert found is not None
        return found

    async def seats(self) -> list[Seat]:
        async with self.studio.db.read() as s:
            return list(await chains.seats(s, self.id))

    async def turns(self) -> list[Turn]:
        return [seat.turn for seat in await self.seats()]

    async def join(self, who: Person) -> None:
        await self.studio.desk.join_chain(who, self.id, request())

    async def now(self) -> Seat:
        (seat,) = [seat for seat in await self.seats() if seat.turn is Turn.NOW]
        return seat

    async def glimpse(self) -> Job:
        """What is shown to whoever has the turn, once it is cut."""
        seat = await self.now()
        assert seat.glimpse_id is not None
        if (await self.studio.job(seat.glimpse_id)).status is Status.QUEUED:
            await self.make(seat.glimpse_id)
        return await self.studio.job(seat.glimpse_id)

    async def make(self, job_id: int) -> None:
        """What a worker does with the next job in line, which is this one."""
        claimed = await self.studio.claim()
        assert claimed is not None
        assert claimed.id == job_id
        assert await self.studio.finish(claimed)
        await self.sweep()

    async def sweep(self) -> None:
        await sweep(self.studio.db, self.studio.desk.broker)

    async def go_on(self, who: Person, prompt: str = "and then") -> Job:
        glimpse = await self.glimpse()
        job = await self.studio.desk.go_on(who, glimpse.id, Wish(prompt), request())
        await self.make(job.id)
        return job

    async def time_is_over(self) -> None:
        seat = await self.now()
        async with self.studio.db.begin() as s:
            row = await s.get_one(Seat, seat.id)
            row.turn_ends_at = utcnow() - timedelta(seconds=1)
        await self.sweep()


async def begun(studio: Studio, who: Person, *joining: Person) -> tuple[Film, Job]:
    """A chain with its first clip."""
    made = await studio.desk.start_chain(who, Wish("a fox at night", aspect="16:9"), request())
    assert made.chain is not None
    film = Film(studio, made.chain.id)
    for other in joining:
        await film.join(other)
    await film.make(made.job.id)
    return film, made.job


async def test_each_goes_on_from_the_second_before_and_the_film_has_them_in_order(
    able: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, _ = cast
    film, first = await begun(able, ada, bo, cy)
    assert await film.turns() == [Turn.MADE, Turn.NOW, Turn.WAITS]
    second = await film.go_on(bo)
    assert await film.turns() == [Turn.MADE, Turn.MADE, Turn.NOW]
    third = await film.go_on(cy, "the fox finds a door")
    assert (third.task, third.parent_id, third.aspect) == (Task.EXTEND, second.id, "16:9")
    async with able.db.read() as s:
        ((shown, _),) = [(job, part) for part, job in await parts.of(s, third.source_id or 0)]
    assert shown.id == second.id
    closed = await able.desk.close_chain(ada, film.id)
    async with able.db.read() as s:
        assert [job.id for _, job in await parts.of(s, closed)] == [first.id, second.id, third.id]
    await film.make(closed)
    made = await able.job(closed)
    assert (made.status, made.prompt) == (Status.IN_REVIEW, "a fox at night")
    await able.desk.review(mo, closed, Verdict.APPROVE)
    assert (await able.job(closed)).status is Status.PUBLISHED


async def test_of_six_clips_the_film_is_made_by_itself(able: Studio, cast: Five) -> None:
    others = [*cast[1:], await person(able.db, "di")]
    film, _ = await begun(able, cast[0], *others)
    with pytest.raises(Refused, match="has its 6 artists"):
        await film.join(await person(able.db, "ed"))
    for who in others:
        await film.go_on(who)
    row = await film.row()
    assert row.closed_at is not None
    async with able.db.read() as s:
        assert len(await parts.of(s, row.film_id or 0)) == MOST
    with pytest.raises(Refused, match=f"is closed; its film is job {row.film_id}"):
        await film.join(await person(able.db, "ed"))


async def test_nobody_but_its_artist_sees_a_clip_before_the_film(able: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    film, first = await begun(able, ada, bo)
    glimpse = await film.glimpse()
    job = await able.job(first.id)
    for other in (bo, mo):
        assert not rules.may_see(other, job, UNSHOWN)
    assert rules.may_see(bo, glimpse, UNSHOWN)
    assert not rules.may_see(mo, glimpse, UNSHOWN)
    with pytest.raises(Refused, match=f"is a part of chain {film.id}"):
        await able.desk.publish(ada, first.id)
    with pytest.raises(Refused, match="for you alone"):
        await able.desk.publish(bo, glimpse.id)
    for verb in (
        able.desk.extend(bo, glimpse.id, 1, request()),
        able.desk.extend(bo, first.id, 1, request()),
    ):
        with pytest.raises(Refused):
            await verb


async def test_what_was_made_in_a_turn_cannot_be_made_again_outside_it(
    able: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(able, ada, bo, cy)
    job = await film.go_on(bo)
    for verb in (able.desk.again(bo, job.id, request()), able.desk.vary(bo, job.id, 1, request())):
        with pytest.raises(Refused, match="Only your turn in a chain"):
            await verb


async def test_a_turn_that_takes_too_long_passes_on_and_may_be_taken_again(
    able: Studio, cast: Five
) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(able, ada, bo, cy)
    old = await film.glimpse()
    await film.time_is_over()
    assert await film.turns() == [Turn.MADE, Turn.PASSED, Turn.NOW]
    assert not rules.may_see(bo, await able.job(old.id), UNSHOWN)
    with pytest.raises(Refused, match="Your turn in this chain is over"):
        await able.desk.go_on(bo, old.id, Wish("late"), request())
    await film.join(bo)
    await film.go_on(cy)
    assert (await film.now()).person_id == bo.id


async def test_a_turn_does_not_pass_while_its_clip_is_being_made(able: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(able, ada, bo, cy)
    glimpse = await film.glimpse()
    job = await able.desk.go_on(bo, glimpse.id, Wish("slowly"), request())
    await film.time_is_over()
    assert (await film.now()).person_id == bo.id
    with pytest.raises(Refused, match="You went on from this already"):
        await able.desk.go_on(bo, glimpse.id, Wish("again"), request())
    await able.desk.cancel(bo, job.id)
    await film.sweep()
    assert (await film.now()).person_id == cy.id


async def test_a_clip_that_failed_may_be_tried_again_in_ones_turn(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, _ = await begun(able, ada, bo)
    glimpse = await film.glimpse()
    job = await able.desk.go_on(bo, glimpse.id, Wish("a break"), request())
    await able.desk.cancel(bo, job.id)
    await able.desk.retry(bo, job.id)
    await able.desk.cancel(bo, job.id)
    other = await able.desk.go_on(bo, glimpse.id, Wish("something else"), request())
    await film.make(other.id)
    assert await film.turns() == [Turn.MADE, Turn.MADE]


async def test_who_lets_it_pass_hands_it_on(able: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    film, _ = await begun(able, ada, bo, cy)
    await able.desk.withdraw(bo, (await film.glimpse()).id)
    await film.sweep()
    assert await film.turns() == [Turn.MADE, Turn.PASSED, Turn.NOW]


async def test_withdrawing_the_last_clip_passes_the_turn_back(able: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    film, first = await begun(able, ada, bo, cy)
    second = await film.go_on(bo)
    old = await film.glimpse()
    await able.desk.withdraw(bo, second.id)
    assert not rules.may_see(cy, await able.job(old.id), UNSHOWN)
    assert await film.turns() == [Turn.MADE, Turn.PASSED, Turn.NOW]
    new = await film.glimpse()
    async with able.db.read() as s:
        assert [job.id for _, job in await parts.of(s, new.id)] == [first.id]
    third = await film.go_on(cy)
    closed = await able.desk.close_chain(ada, film.id)
    async with able.db.read() as s:
        assert [job.id for _, job in await parts.of(s, closed)] == [first.id, third.id]
    await able.desk.withdraw(cy, third.id)
    assert (await able.job(closed)).status is Status.WITHDRAWN


async def test_a_chain_without_any_clip_left_is_over(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, first = await begun(able, ada, bo)
    await film.glimpse()
    await able.desk.withdraw(ada, first.id)
    row = await film.row()
    assert row.closed_at is not None
    assert row.film_id is None
    assert await film.turns() == [Turn.PASSED, Turn.PASSED]


async def test_only_who_began_it_closes_it_and_not_too_soon(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, _ = await begun(able, ada, bo)
    with pytest.raises(Refused, match="Only whoever began chain"):
        await able.desk.close_chain(bo, film.id)
    with pytest.raises(Refused, match="A film takes 2 clips at least, and chain 1 has 1"):
        await able.desk.close_chain(ada, film.id)
    with pytest.raises(Refused, match="There is no chain 99"):
        await able.desk.close_chain(ada, 99)
    await film.go_on(bo)
    cy = cast[2]
    await film.join(cy)
    job = await able.desk.go_on(cy, (await film.glimpse()).id, Wish("more"), request())
    with pytest.raises(Refused, match="Somebody's clip is being made"):
        await able.desk.close_chain(ada, film.id)
    await able.desk.cancel(cy, job.id)
    await able.desk.close_chain(ada, film.id)


async def test_the_same_request_twice_is_one_chain_and_one_clip(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    named, wish = request(), Wish("a fox")
    one = await able.desk.start_chain(ada, wish, named)
    two = await able.desk.start_chain(ada, wish, named)
    assert one.chain is not None
    assert two == one
    film = Film(able, one.chain.id)
    await film.join(bo)
    with pytest.raises(Refused, match="You are in chain 1 already"):
        await film.join(bo)
    await film.make(one.job.id)
    glimpse, named = await film.glimpse(), request()
    first = await able.desk.go_on(bo, glimpse.id, wish, named)
    assert (await able.desk.go_on(bo, glimpse.id, wish, named)).id == first.id


async def test_two_who_are_one_have_their_seats_together_and_apart(
    able: Studio, cast: Five
) -> None:
    ada, bo, *_ = cast
    film, _ = await begun(able, bo)
    async with able.db.begin() as s:
        await links.show_code(s, bo.id, "ABCD")
        await links.merge(s, ada.id, bo.id, "ABCD")
    assert (await film.row()).person_id == ada.id
    assert [seat.person_id for seat in await film.seats()] == [ada.id]
    await able.desk.unlink(ada)
    assert (await film.row()).person_id == bo.id
    assert [seat.person_id for seat in await film.seats()] == [bo.id]


async def test_a_glimpse_needs_its_clip(able: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, _ = await begun(able, ada, bo)
    seat = await film.now()
    with pytest.raises(Refused, match="isn't there yet"):
        await able.desk.go_on(bo, seat.glimpse_id or 0, Wish("too soon"), request())
    async with able.db.read() as s:
        assert await clips.of(s, seat.glimpse_id or 0) == []
        assert await jobs.get(s, seat.glimpse_id or 0) is not None
