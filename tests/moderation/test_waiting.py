"""What waits for moderators: who is called when, who has it in hand, and whether there is room."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from db import events, in_review
from db.models import Job, Look, utcnow
from db.states import Called, Kind, Reason, Status
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.waiting import called, let_go, let_in
from tests.moderation.opinions import NO, YES, Five, kinds
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


async def waited(studio: Studio, job: Job, **time: float) -> list[int]:
    await studio.change(job.id, status_since=utcnow() - timedelta(**time))
    return await called(studio.db)


async def raised(studio: Studio, job: Job) -> list[int]:
    async with studio.db.read() as s:
        found = await events.of(s, job.id)
    return [event.detail["called"] for event in found if event.kind is Kind.RAISED]


async def test_moderators_are_called_ever_more_loudly_and_once_each_time(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, _ = cast
    job = await studio.rendered(ada)
    assert await waited(studio, job, minutes=29) == []
    for wait in ({"minutes": 31}, {"hours": 1.9}, {"hours": 2.1}, {"hours": 11}, {"hours": 13}):
        await waited(studio, job, **wait)
        assert await called(studio.db) == []
    assert await raised(studio, job) == [Called.REMINDED, Called.MODERATORS, Called.HOSTS]
    assert (await studio.job(job.id)).status is Status.IN_REVIEW, "nothing is decided by time"
    await studio.desk.review(mo, job.id, YES)
    assert await waited(studio, job, days=9) == []


@pytest.mark.databases("sqlite", "postgres")
async def test_after_a_long_absence_only_the_loudest_call_is_made(
    studio: Studio, cast: Five
) -> None:
    job = await studio.rendered(cast[0])
    assert await waited(studio, job, days=2) == [job.id]
    assert await raised(studio, job) == [Called.HOSTS]


async def test_an_appeal_is_a_round_of_its_own(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, _ = cast
    job = await studio.rendered(ada)
    await waited(studio, job, hours=13)
    await studio.desk.review(mo, job.id, NO, reason=Reason.SPAM)
    await studio.desk.appeal(ada, job.id)
    assert await called(studio.db) == []
    await waited(studio, job, hours=3)
    assert await raised(studio, job) == [Called.HOSTS, Called.MODERATORS]


async def test_sweeps_that_meet_call_once(studio: Studio, cast: Five) -> None:
    job = await studio.rendered(cast[0])
    await studio.change(job.id, status_since=utcnow() - timedelta(hours=3))
    found = await asyncio.gather(*(called(studio.db) for _ in range(6)))
    assert sum(len(one) for one in found) == 1
    assert await raised(studio, job) == [Called.MODERATORS]


# ── In hand ──────────────────────────────────────────────────────────────────────────────


async def looking(studio: Studio, job: Job) -> list[int]:
    async with studio.db.read() as s:
        return [look.person_id for look in (await in_review.looks(s, [job.id]))[job.id]]


async def end_looks(studio: Studio, job: Job, *people: Person) -> None:
    async with studio.db.begin() as s:
        for who in people:
            (await s.get_one(Look, (job.id, who.id))).until = utcnow() - timedelta(seconds=1)


async def test_who_has_it_in_hand_is_known_until_they_decide(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)
    for who, words in ((bo, "Only moderators"), (ada, "Only moderators")):
        with pytest.raises(Refused, match=words):
            await studio.desk.look(who, job.id)
    await studio.desk.look(mo, job.id)
    await studio.desk.look(mo, job.id)
    await studio.desk.look(lin, job.id)
    assert await looking(studio, job) == [mo.id, lin.id]
    await studio.desk.review(mo, job.id, YES)
    assert await looking(studio, job) == [lin.id]
    await studio.desk.look_away(lin, job.id)
    assert await looking(studio, job) == []
    with pytest.raises(Refused, match="You don't have job 1 in hand"):
        await studio.desk.look_away(lin, job.id)
    await studio.desk.look(mo, job.id)
    await studio.desk.review(lin, job.id, YES)
    assert await looking(studio, job) == [], "it is decided"


@pytest.mark.databases("sqlite", "postgres")
async def test_after_a_while_it_is_free_again_and_the_rooms_hear_of_it_once(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    job = await studio.rendered(ada)
    await studio.desk.look(mo, job.id)
    await studio.desk.look(lin, job.id)
    assert await let_go(studio.db) == []
    await end_looks(studio, job, mo, lin)
    assert await looking(studio, job) == []
    found = await asyncio.gather(*(let_go(studio.db) for _ in range(6)))
    assert sorted(found)[-1] == [job.id]
    assert (await kinds(studio, job)).count(Kind.LOOKED) == 1


async def test_moderators_who_reach_for_it_at_once_all_have_it(studio: Studio, cast: Five) -> None:
    job = await studio.rendered(cast[0])
    crowd = [await person(studio.db, f"m{n}", Role.MODERATOR) for n in range(6)]
    await asyncio.gather(*(studio.desk.look(who, job.id) for who in [*crowd, *crowd]))
    assert sorted(await looking(studio, job)) == [who.id for who in crowd]


# ── Room ─────────────────────────────────────────────────────────────────────────────────


async def test_what_there_is_no_room_for_waits_and_goes_by_itself(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    studio.desk.rules = Rules(backlog=1)
    first, *later = [await studio.rendered(who, private=True) for who in (ada, bo, ada)]
    assert await studio.desk.publish(ada, first.id)
    for job, who in zip(later[::-1], (ada, bo), strict=True):
        assert not await studio.desk.publish(who, job.id)
        assert (await studio.job(job.id)).status is Status.READY
    with pytest.raises(Refused, match="goes to the moderators by itself"):
        await studio.desk.publish(bo, later[0].id)
    assert await let_in(studio.db, Rules(backlog=1)) == []
    await studio.desk.review(mo, first.id, YES)
    assert await let_in(studio.db, Rules(backlog=1)) == [later[0].id], "the oldest first"
    assert (await studio.job(later[0].id)).status is Status.IN_REVIEW
    await studio.desk.keep(ada, later[1].id)
    await studio.desk.review(mo, later[0].id, YES)
    assert await let_in(studio.db, Rules(backlog=9)) == [], "its artist keeps it after all"
    assert (await studio.job(later[1].id)).private


async def test_a_render_is_its_artists_though_there_is_no_room(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    await studio.rendered(ada)
    studio.backlog = 1
    held = await studio.rendered(ada)
    assert (held.status, held.held) == (Status.READY, True)
    found = await asyncio.gather(*(let_in(studio.db, Rules(backlog=2)) for _ in range(4)))
    assert sum(map(len, found)) == 1
    assert (await kinds(studio, held)).count(Kind.SENT_TO_REVIEW) == 1
