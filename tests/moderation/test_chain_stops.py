"""What goes on from a clip that is taken away meanwhile, and films whose clips are taken down."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.acts import Act, act
from bot.signs import Sign
from db import events, parts, reviews
from db.broker import Broker
from db.models import Job
from db.session import Db
from db.states import Kind, Reason, Status, Turn, Verdict
from moderation.chaining import GONE, LATE
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.moderation.test_chains import begun
from tests.moderation.test_screened import STOPPED
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request


@pytest.fixture
async def studio(sqlite_url: str) -> AsyncIterator[Studio]:
    db = Db(sqlite_url)
    yield await Studio(db, Broker(NO_BROKER)).open([ABLE])
    await db.close()


@pytest.mark.parametrize("rendering", [False, True])
async def test_what_goes_on_from_a_withdrawn_clip_is_stopped_and_the_turn_goes_back(
    studio: Studio, cast: Five, rendering: bool
) -> None:
    ada, bo, cy, *_ = cast
    film, first = await begun(studio, ada, bo, cy)
    second = await film.go_on(bo)
    late = await studio.desk.go_on(cy, (await film.glimpse()).id, Wish("more"), request())
    if rendering:
        assert await studio.claim() is not None
    await studio.desk.withdraw(bo, second.id)
    stopped = await studio.job(late.id)
    assert (stopped.status, stopped.reason) == (Status.CANCELLED, GONE)
    assert await film.turns() == [Turn.MADE, Turn.PASSED, Turn.NOW]
    with pytest.raises(Refused, match="Only your turn in a chain"):
        await studio.desk.retry(cy, late.id)
    third = await film.go_on(cy)
    async with studio.db.read() as s:
        ((_, source),) = await parts.of(s, third.source_id or 0)
    assert source.id == first.id


async def test_whoever_takes_their_clip_back_and_joins_again_sees_one_second(
    studio: Studio, cast: Five
) -> None:
    ada, bo, *_ = cast
    film, _ = await begun(studio, ada, bo)
    second = await film.go_on(bo)
    before = await studio.job(second.source_id or 0)
    await studio.desk.withdraw(bo, second.id)
    assert (await studio.job(before.id)).status is Status.WITHDRAWN
    await studio.desk.join_chain(bo, film.id, request())
    await film.sweep()
    assert (await film.glimpse()).id != before.id


async def test_a_clip_that_was_made_already_stays_in_the_chain(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    film, first = await begun(studio, ada, bo, cy)
    second = await film.go_on(bo)
    third = await studio.desk.go_on(cy, (await film.glimpse()).id, Wish("more"), request())
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)  # and nobody has looked at the chain since
    await studio.desk.withdraw(bo, second.id)
    await film.sweep()
    assert await film.turns() == [Turn.MADE, Turn.PASSED, Turn.MADE]
    closed = await studio.desk.close_chain(ada, film.id)
    async with studio.db.read() as s:
        assert [job.id for _, job in await parts.of(s, closed)] == [first.id, third.id]


@pytest.mark.parametrize("in_time", [True, False])
async def test_a_blocked_clip_is_let_in_only_in_its_turn(
    studio: Studio, cast: Five, in_time: bool
) -> None:
    ada, bo, cy, mo, _ = cast
    film, _ = await begun(studio, ada, bo, cy)
    job = await studio.desk.go_on(bo, (await film.glimpse()).id, Wish(STOPPED), request())
    assert job.status is Status.BLOCKED
    if not in_time:
        await film.time_is_over()
    await studio.desk.appeal(bo, job.id, "It is about seals.")
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    found = await studio.job(job.id)
    async with studio.db.read() as s:
        assert Kind.UNBLOCKED in [event.kind for event in await events.of(s, job.id)]
    if in_time:
        assert found.status is Status.QUEUED
    else:
        assert (found.status, found.reason) == (Status.CANCELLED, LATE)


async def in_showcase(studio: Studio, ada: Person, mo: Person) -> tuple[Job, Job]:
    """A film in the showcase, and one of its shots that is there by itself as well."""
    film = await studio.submit(ada, "a fox | a door | a house", storyboard=True)
    async with studio.db.read() as s:
        shots = [job for _, job in await parts.of(s, film.id)]
    for _ in range(4):
        claimed = await studio.claim()
        assert claimed is not None
        assert await studio.finish(claimed)
    await studio.desk.publish(ada, shots[1].id)
    for job in (film, shots[1]):
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
        assert (await studio.job(job.id)).status is Status.PUBLISHED
    return film, shots[1]


async def test_a_film_is_taken_down_with_its_clip_and_comes_back_after_it(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    film, shot = await in_showcase(studio, ada, mo)
    await studio.desk.report(bo, shot.id, Reason.GORE)
    await studio.desk.report(bo, film.id, Reason.SPAM)
    await studio.desk.take_down(lin, shot.id, "There is blood.")
    assert (await studio.job(film.id)).status is Status.REJECTED
    async with studio.db.read() as s:
        *_, last = await events.of(s, film.id)
        said = (await reviews.of(s, film.id))[-1]
    assert (last.kind, last.detail["part"]) == (Kind.TAKEN_DOWN, shot.id)
    assert (said.person_id, said.reason) == (lin.id, Reason.GORE)
    assert said.sentence == f"Job {shot.id}, a clip of which is in it, was taken down."
    with pytest.raises(Refused, match=f"Job {shot.id}, a clip of which is in this film"):
        await studio.desk.reinstate(mo, film.id)
    back = await act(studio.desk, Act(mo, Sign.REINSTATE, shot.id, request()))
    assert back == (
        f"Job {shot.id} is back in the showcase. Still taken down, and to be put back by itself: film "
        f"{film.id}."
    )
    assert (await studio.job(film.id)).status is Status.REJECTED
    back = await act(studio.desk, Act(mo, Sign.REINSTATE, film.id, request()))
    assert back == f"Job {film.id} is back in the showcase."


async def test_a_clip_that_waits_for_an_appeal_keeps_its_film_out(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    film, shot = await in_showcase(studio, ada, mo)
    third = await person(studio.db, "third", Role.MODERATOR)
    await studio.desk.take_down(lin, shot.id, "There is blood.")
    for job in (shot, film):
        await studio.desk.appeal(ada, job.id, "It is paint.")
    with pytest.raises(Refused, match="put that back first"):
        await studio.desk.review(third, film.id, Verdict.APPROVE)
    for job in (shot, film):
        await studio.desk.review(third, job.id, Verdict.APPROVE)
        assert (await studio.job(job.id)).status is Status.PUBLISHED
