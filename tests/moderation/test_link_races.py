"""Links that race each other and everything else on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from db.broker import Broker
from db.models import Person as Row
from db.models import utcnow
from db.session import Db
from db.states import Reason, Status
from moderation.people import Person
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.moderation.opinions import NO, YES, Five, link, moderating, published, voters
from tests.moderation.promises import Snapshot, snapshot
from tests.moderation.test_races import ROUNDS, settle
from tests.support.studio import ABLE, Studio, person, request


@pytest.fixture
async def studio(postgres_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(postgres_url), Broker(valkey)
    yield await Studio(db, broker).open([ABLE])
    await broker.close()
    await db.close()


async def seen(studio: Studio) -> Snapshot:
    """All there is; whoever is somebody else now has none of it, and nobody a say about their own."""
    found = await snapshot(studio.db)
    said: list[Any] = [*found.votes, *found.reviews, *found.reports]
    for row in said:
        assert row.person_id not in found.links, row
        assert found.jobs[row.job_id].person_id != row.person_id, row
    has: list[Any] = [*found.jobs.values(), *found.identities]
    assert not [row for row in has if row.person_id in found.links]
    return found


async def test_of_eight_who_type_one_code_one_is_linked(studio: Studio, cast: Five) -> None:
    ada, *_ = cast
    others = [await person(studio.db, f"other{n}") for n in range(8)]
    code = await studio.desk.link_code(ada)
    went_through, told = await settle(*(studio.desk.link(one, code) for one in others))
    assert went_through == 1
    assert all("no such code" in sentence for sentence in told)
    assert len((await seen(studio)).links) == 1


async def test_one_code_delivered_eight_times_at_once(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    code = await studio.desk.link_code(ada)
    assert await settle(*(studio.desk.link(bo, code) for _ in range(8))) == (8, [])


async def test_twenty_guesses_at_once_are_five(studio: Studio, cast: Five) -> None:
    _, told = await settle(*(studio.desk.link(cast[0], f"wrong{n}") for n in range(20)))
    assert sum("no such code" in sentence for sentence in told) == 5
    assert sum("wrong codes are the most" in sentence for sentence in told) == 15


async def test_one_who_asks_often_at_once_has_one_code(studio: Studio, cast: Five) -> None:
    codes = await asyncio.gather(*(studio.desk.link_code(cast[0]) for _ in range(8)))
    assert len(set(codes)) == 1


async def test_links_in_a_circle_are_one(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    for ring in ([ada, bo], [ada, bo, cy]):
        codes = [await studio.desk.link_code(one) for one in ring]
        _, told = await settle(*(studio.desk.link(one, codes[n - 1]) for n, one in enumerate(ring)))
        assert len(told) == len(ring) - 1
        assert len((await seen(studio)).links) == 1
        await settle(*(studio.desk.unlink(one) for one in ring))
        assert not (await seen(studio)).links


async def test_whatever_they_do_meanwhile_is_done_as_one(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    both = [moderating(ada), moderating(bo)]
    desk = studio.desk
    ballots = [await published(studio, cy, mo) for _ in range(3)]
    desk.rules = Rules(quorum=3, queued_cap=100)
    waiting = [await studio.rendered(cy) for _ in range(3)]
    for n in range(ROUNDS):
        verbs: list[Awaitable[object]] = []
        for one, clip in zip(both, (1, 2), strict=True):
            verbs += [desk.vote(one, job.id, clip) for job in ballots]
            verbs += [desk.report(one, job.id, Reason.SPAM) for job in ballots]
            verbs += [desk.review(one, job.id, YES, sentence=f"{n}") for job in waiting]
            verbs += [desk.submit(one, Wish("a circle"), request()) for _ in range(2)]
        middle = len(verbs) // 2
        await settle(*verbs[:middle], link(studio, ada, bo), *verbs[middle:])
        found = await seen(studio)
        assert found.links == {bo.id: ada.id}
        for job in ballots:
            assert set(await voters(studio, job)) == {ada.id}
        await settle(desk.unlink(ada), *(desk.vote(bo, job.id, 1) for job in ballots))
        assert not (await seen(studio)).links
        for one in both:
            for job in ballots:
                await settle(desk.take_back_vote(one, job.id))


async def test_a_review_and_its_being_of_ones_own_come_one_after_the_other(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, _ = cast
    studio.desk.rules = Rules(quorum=2)
    for _ in range(ROUNDS):
        jobs = [await studio.rendered(ada) for _ in range(3)]
        await settle(
            link(studio, ada, mo),
            *(studio.desk.review(mo, job.id, YES) for job in jobs),
            *(studio.desk.review(mo, job.id, NO, reason=Reason.SPAM) for job in jobs),
        )
        await seen(studio)
        await studio.desk.unlink(mo)


async def test_a_ballot_that_closes_meanwhile_gives_its_final_to_the_person(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, _ = cast
    for _ in range(ROUNDS):
        job = await published(studio, bo, mo)
        assert job.draft
        await studio.desk.vote(cy, job.id, 1)
        await studio.change(job.id, ballot_closes_at=utcnow() - timedelta(seconds=1))
        await settle(link(studio, ada, bo), closed_ballots(studio.db))
        found = await seen(studio)
        (final,) = [one for one in found.jobs.values() if one.parent_id == job.id]
        assert final.person_id == ada.id
        await studio.desk.cancel(ada, final.id)
        await studio.desk.unlink(bo)


async def test_claims_meanwhile_keep_the_cap_of_the_person(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    for _ in range(ROUNDS):
        for one in (ada, ada, bo, bo):
            await studio.submit(one)
        await settle(
            studio.claim(running_cap=1),
            link(studio, ada, bo),
            *(studio.claim(running_cap=1) for _ in range(3)),
        )
        found = await seen(studio)
        rendering = [j for j in found.jobs.values() if j.status is Status.RENDERING]
        assert 1 <= len(rendering) <= 2
        if len(rendering) == 2:  # both were, before they were one
            assert {found.events[j.id][0].person_id for j in rendering} == {ada.id, bo.id}
        async with studio.db.read() as s:
            served = await s.get_one(Row, ada.id)
        assert served.served_at == max(job.started_at for job in rendering if job.started_at)
        await studio.desk.unlink(ada)
        for job in found.jobs.values():
            for one in (ada, bo):
                await settle(studio.desk.cancel(one, job.id))


@pytest.mark.timeout(120)
async def test_nobody_waits_in_a_circle(studio: Studio, cast: Five) -> None:
    """All do everything at once, and no database says deadlock; ``settle`` would raise it."""
    everybody = [moderating(one) for one in cast]
    desk = studio.desk
    made = [await published(studio, one, cast[-1]) for one in cast[:3]]
    desk.rules = Rules(quorum=2, queued_cap=100)
    made += [await studio.rendered(one) for one in everybody]

    async def link_and_part(first: Person, second: Person) -> None:
        try:
            await link(studio, first, second)
            await asyncio.sleep(0.01)
            await desk.unlink(second)
        except Refused:
            pass  # somebody was quicker

    async def render() -> None:
        job = await studio.claim(running_cap=9)
        if job is not None:
            await studio.finish(job)

    every: list[Callable[[Person, int], Awaitable[object]]] = [
        lambda one, job: desk.vote(one, job, 1),
        lambda one, job: desk.review(one, job, YES),
        lambda one, job: desk.report(one, job, Reason.SPAM),
        lambda one, job: desk.dismiss(one, job),
        lambda one, job: desk.take_back_vote(one, job),
        lambda one, job: desk.submit(one, Wish("a circle"), request()),
        lambda one, job: desk.again(one, job, request()),
        lambda one, job: render(),
        lambda one, job: desk.keep(one, job),
        lambda one, job: desk.publish(one, job),
    ]
    for n in range(2):
        pairs = list(itertools.permutations(cast, 2))[n::2]
        await settle(
            *(
                act(one, job.id)
                for act, one, job in itertools.islice(
                    itertools.product(every, everybody, made), n, None, 2
                )
            ),
            *(link_and_part(*pair) for pair in pairs),
            closed_ballots(studio.db),
        )
        await seen(studio)
