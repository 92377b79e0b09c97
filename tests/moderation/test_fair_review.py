"""Review where more than one look: second opinions, splits, hosts, appeals, and what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import events
from db.models import Job, utcnow
from db.states import Depicts, Kind, Reason, Status, Verdict
from moderation import rules
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.waiting import called
from moderation.wish import Picture
from tests.moderation.opinions import NO, YES, kinds, link
from tests.support.studio import ABLE, Studio, person

pytestmark = pytest.mark.databases("sqlite")

FAIR = Rules(second_opinion=True, newcomer_publications=1, appeal_quorum=2)


class Cast:
    """Ada makes, the others decide."""

    ada: Person
    mo: Person
    lin: Person
    kim: Person
    nan: Person
    hal: Person


@pytest.fixture
async def cast(studio: Studio) -> Cast:
    studio.desk.rules = FAIR
    cast = Cast()
    cast.ada = await person(studio.db, "ada")
    for name in ("mo", "lin", "kim", "nan"):
        setattr(cast, name, await person(studio.db, name, Role.MODERATOR))
    cast.hal = await person(studio.db, "hal", Role.HOST)
    return cast


async def says(
    studio: Studio, who: Person, job: Job, verdict: Verdict, *only: int
) -> Verdict | None:
    reason = Reason.GORE if verdict is NO else None
    return (await studio.desk.review(who, job.id, verdict, reason=reason, only=only)).verdict


async def known(studio: Studio, cast: Cast) -> Job:
    """Ada is no newcomer any more, and has another job in review."""
    first = await studio.rendered(cast.ada)
    await says(studio, cast.mo, first, YES)
    await says(studio, cast.lin, first, YES)
    return await studio.rendered(cast.ada)


async def stands(studio: Studio, job: Job) -> Status:
    return (await studio.job(job.id)).status


async def test_a_newcomer_takes_two_and_somebody_known_one(studio: Studio, cast: Cast) -> None:
    first = await studio.rendered(cast.ada)
    assert await says(studio, cast.mo, first, YES) is None
    assert await says(studio, cast.mo, first, YES) is None
    assert await says(studio, cast.lin, first, YES) is YES
    second = await studio.rendered(cast.ada)
    assert await says(studio, cast.mo, second, YES) is YES


async def test_who_is_known_in_one_room_is_known_in_another(studio: Studio, cast: Cast) -> None:
    await known(studio, cast)
    bo = await person(studio.db, "bo")
    await link(studio, cast.ada, bo)
    again = await studio.rendered(bo)
    assert await says(studio, cast.mo, again, YES) is YES


async def test_what_was_taken_down_makes_nobody_known(studio: Studio, cast: Cast) -> None:
    await known(studio, cast)
    await studio.desk.take_down(cast.kim, 1, "no")
    assert await says(studio, cast.mo, await studio.job(2), YES) is None


async def test_what_begins_with_a_picture_takes_two(studio: Studio, cast: Cast) -> None:
    await studio.open([ABLE])
    await known(studio, cast)
    job = await studio.rendered(cast.ada, image=Picture("a" * 64 + ".jpg", 64, 64))
    await studio.desk.state(cast.ada, job.id, Depicts.NOBODY)
    assert await says(studio, cast.mo, job, YES) is None
    assert await says(studio, cast.lin, job, YES) is YES


async def test_one_no_waits_for_a_second_opinion(studio: Studio, cast: Cast) -> None:
    job = await known(studio, cast)
    outcome = await studio.desk.review(cast.mo, job.id, NO, reason=Reason.GORE)
    assert (outcome.verdict, outcome.one_no, outcome.split) == (None, True, False)
    assert await says(studio, cast.mo, job, NO) is None, "nobody is a second opinion on themselves"
    assert await says(studio, cast.lin, job, NO) is NO
    assert await stands(studio, job) is Status.REJECTED


async def test_a_no_that_is_taken_back_leaves_the_others_as_they_were(
    studio: Studio, cast: Cast
) -> None:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, NO)
    await studio.desk.take_back_review(cast.mo, job.id)
    assert await says(studio, cast.lin, job, NO) is None
    await studio.desk.take_back_review(cast.lin, job.id)
    assert await says(studio, cast.lin, job, YES) is YES


async def test_a_yes_and_a_no_go_to_the_hosts(studio: Studio, cast: Cast) -> None:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, NO)
    outcome = await studio.desk.review(cast.lin, job.id, YES)
    assert (outcome.verdict, outcome.split) == (None, True)
    with pytest.raises(Refused, match="The moderators don't agree on this one, so a host decides"):
        await says(studio, cast.kim, job, YES)
    await studio.desk.take_back_review(cast.mo, job.id)
    assert await stands(studio, job) is Status.IN_REVIEW, "who undoes theirs decides nothing"
    assert await says(studio, cast.hal, job, NO) is NO
    assert (await kinds(studio, job)).count(Kind.SPLIT) == 1


async def test_a_host_who_had_a_say_may_say_it_again_once_it_is_theirs(
    studio: Studio, cast: Cast
) -> None:
    job = await known(studio, cast)
    await says(studio, cast.hal, job, NO)
    await says(studio, cast.lin, job, YES)
    assert await says(studio, cast.hal, job, NO) is NO


async def test_a_host_may_decide_a_split_clip_by_clip(studio: Studio, cast: Cast) -> None:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, NO, 1)
    await says(studio, cast.lin, job, YES)
    assert await says(studio, cast.hal, job, NO, 1) is None
    assert await says(studio, cast.hal, job, YES, 2) is YES


async def test_after_half_a_day_one_host_is_enough(studio: Studio, cast: Cast) -> None:
    """So a community whose only moderator is its host isn't stuck."""
    job = await studio.rendered(cast.ada)
    assert await says(studio, cast.hal, job, NO) is None
    await studio.change(job.id, status_since=utcnow() - timedelta(hours=12))
    assert await called(studio.db) == [job.id]
    assert await says(studio, cast.mo, job, NO) is NO, "moderators may decide as ever"
    other = await studio.rendered(cast.ada)
    await studio.change(other.id, status_since=utcnow() - timedelta(hours=12))
    await called(studio.db)
    assert await says(studio, cast.hal, other, YES) is YES


async def rejected(studio: Studio, cast: Cast) -> Job:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, NO)
    await says(studio, cast.lin, job, NO)
    return job


async def test_an_appeal_is_decided_by_two_who_never_reviewed_it(
    studio: Studio, cast: Cast
) -> None:
    job = await rejected(studio, cast)
    await studio.desk.appeal(cast.ada, job.id, "It is a tomato.")
    for who in (cast.mo, cast.lin):
        with pytest.raises(Refused, match="You decided this before"):
            await says(studio, who, job, YES)
    assert await says(studio, cast.kim, job, YES) is None
    assert await says(studio, cast.nan, job, YES) is YES
    assert (await kinds(studio, job))[-1] is Kind.OVERTURNED


async def test_a_split_appeal_goes_to_a_host_who_did_not_decide(studio: Studio, cast: Cast) -> None:
    job = await known(studio, cast)
    await says(studio, cast.hal, job, NO)
    await says(studio, cast.lin, job, NO)
    await studio.desk.appeal(cast.ada, job.id)
    await says(studio, cast.kim, job, YES)
    await says(studio, cast.nan, job, NO)
    with pytest.raises(Refused, match="You decided this before"):
        await says(studio, cast.hal, job, YES)
    eve = await person(studio.db, "eve", Role.HOST)
    assert await says(studio, eve, job, NO) is NO
    assert await stands(studio, job) is Status.REJECTED_FINALLY


async def test_a_split_stays_with_the_hosts_though_it_is_published_again(
    studio: Studio, cast: Cast
) -> None:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, NO)
    await says(studio, cast.lin, job, YES)
    await studio.desk.keep(cast.ada, job.id)
    await studio.desk.publish(cast.ada, job.id)
    with pytest.raises(Refused, match="so a host decides it"):
        await says(studio, cast.kim, job, YES)
    assert await says(studio, cast.hal, job, NO) is NO


async def test_a_split_appeal_that_no_host_may_decide_goes_to_a_third(
    studio: Studio, cast: Cast
) -> None:
    job = await known(studio, cast)
    await says(studio, cast.hal, job, NO)
    await says(studio, cast.lin, job, NO)
    await studio.desk.appeal(cast.ada, job.id)
    await says(studio, cast.kim, job, YES)
    await says(studio, cast.nan, job, NO)
    eve = await person(studio.db, "eve", Role.MODERATOR)
    with pytest.raises(Refused, match="so a host decides it"):
        await says(studio, eve, job, YES)
    await studio.change(job.id, status_since=utcnow() - timedelta(hours=12))
    await called(studio.db)
    with pytest.raises(Refused, match="You had your say on this appeal"):
        await says(studio, cast.nan, job, NO)
    with pytest.raises(Refused, match="You decided this before"):
        await says(studio, cast.lin, job, NO)
    assert await says(studio, eve, job, YES) is YES
    assert await stands(studio, job) is Status.PUBLISHED


async def test_an_appeal_is_possible_for_fourteen_days(studio: Studio, cast: Cast) -> None:
    job = await rejected(studio, cast)
    await studio.change(job.id, status_since=utcnow() - rules.APPEAL_TIME - timedelta(seconds=1))
    with pytest.raises(Refused, match="possible for 14 days; those of job 2 are over"):
        await studio.desk.appeal(cast.ada, job.id)
    await studio.change(job.id, status_since=utcnow() - rules.APPEAL_TIME + timedelta(hours=1))
    await studio.desk.appeal(cast.ada, job.id)


async def published(studio: Studio, cast: Cast) -> Job:
    job = await known(studio, cast)
    await says(studio, cast.mo, job, YES, 2)
    return job


async def test_what_was_taken_down_by_mistake_is_put_back_by_another(
    studio: Studio, cast: Cast
) -> None:
    job = await published(studio, cast)
    with pytest.raises(Refused, match="wasn't taken down: it is published"):
        await studio.desk.reinstate(cast.lin, job.id)
    await studio.desk.take_down(cast.lin, job.id, "the wrong one")
    with pytest.raises(Refused, match="You took it down yourself"):
        await studio.desk.reinstate(cast.lin, job.id)
    with pytest.raises(Refused, match="Only moderators"):
        await studio.desk.reinstate(cast.ada, job.id)
    assert await studio.desk.reinstate(cast.mo, job.id)
    assert await stands(studio, job) is Status.PUBLISHED
    async with studio.db.read() as s:
        told = (await events.of(s, job.id))[-1]
    assert (told.kind, told.person_id) == (Kind.REINSTATED, cast.mo.id)


async def test_it_takes_as_many_to_put_back_as_to_show(studio: Studio, cast: Cast) -> None:
    first = await studio.rendered(cast.ada)
    await says(studio, cast.mo, first, YES)
    await says(studio, cast.lin, first, YES)
    await studio.desk.take_down(cast.kim, first.id, "no")
    assert not await studio.desk.reinstate(cast.mo, first.id)
    with pytest.raises(Refused, match="You said so already"):
        await studio.desk.reinstate(cast.mo, first.id)
    assert await studio.desk.reinstate(cast.lin, first.id)


async def test_nothing_that_its_artist_has_withdrawn_is_put_back(
    studio: Studio, cast: Cast
) -> None:
    job = await published(studio, cast)
    await studio.desk.take_down(cast.lin, job.id, "no")
    await studio.desk.withdraw(cast.ada, job.id)
    with pytest.raises(Refused, match="it is withdrawn"):
        await studio.desk.reinstate(cast.mo, job.id)
