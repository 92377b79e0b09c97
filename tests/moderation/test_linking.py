"""One person of two identities: what counts once they are one."""

from __future__ import annotations

import pytest

from db import events, jobs, people
from db.states import Kind, Reason, Status
from moderation.people import Role
from moderation.rules import Refused, Rules
from tests.moderation.opinions import (
    NO,
    YES,
    Five,
    kinds,
    link,
    moderating,
    name_of,
    published,
    reporters,
    reviewers,
    voters,
)
from tests.support.studio import Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


async def test_jobs_are_theirs_from_both_rooms(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    job = await studio.rendered(bo)
    await link(studio, ada, bo)
    assert (await studio.job(job.id)).person_id == ada.id
    assert (await person(studio.db, "bo")).id == ada.id
    # Whoever looked them up a moment before still knows them as who they were.
    again = await studio.desk.again(bo, job.id, request())
    assert again.person_id == ada.id
    await studio.desk.cancel(ada, again.id)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.cancel(cy, job.id)


@pytest.mark.databases("sqlite", "postgres")
async def test_they_go_by_the_name_of_where_the_code_was_shown(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    assert (await link(studio, ada, bo)).name == "ada"
    async with studio.db.begin() as s:
        assert (await people.known(s, "test", "", "bo", "Bobby")).name == "ada"
        assert (await people.known(s, "test", "", "ada", "Ada L.")).name == "Ada L."
    await studio.desk.unlink(ada)
    assert await name_of(studio, bo) == "Bobby"


async def test_the_line_counts_them_as_one(studio: Studio, cast: Five) -> None:
    ada, bo, cy, *_ = cast
    await studio.submit(ada)
    second, third = await studio.submit(bo), await studio.submit(cy)
    await link(studio, ada, bo)
    async with studio.db.read() as s:
        assert [waiting.job_id for waiting in await jobs.line(s)] == [1, third.id, second.id]
    await studio.claim()
    await studio.desk.unlink(bo)
    async with studio.db.read() as s:
        served = [(await people.get(s, one.id)).served_at for one in (ada, bo)]
    assert served[0] == served[1] is not None


async def test_they_were_served_when_the_one_or_the_other_was(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    await studio.rendered(bo)
    async with studio.db.read() as s:
        served = (await people.get(s, bo.id)).served_at
    await link(studio, ada, bo)
    async with studio.db.read() as s:
        assert (await people.get(s, ada.id)).served_at == served is not None


async def test_the_cap_is_of_the_person(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    for _ in range(4):
        await studio.submit(ada)
        await studio.submit(bo)
    await link(studio, ada, bo)
    with pytest.raises(Refused, match="already have 8 jobs in line"):
        await studio.submit(bo)


@pytest.mark.parametrize("newer", ["first", "second"])
async def test_of_two_votes_the_newer_is_left(studio: Studio, cast: Five, newer: str) -> None:
    ada, bo, cy, mo, _ = cast
    job = await published(studio, cy, mo)
    for one, clip in ((ada, 1), (bo, 2)) if newer == "second" else ((bo, 2), (ada, 1)):
        await studio.desk.vote(one, job.id, clip)
    assert (await link(studio, ada, bo)).votes == 1
    clip = 2 if newer == "second" else 1
    assert await voters(studio, job) == {ada.id: clip}
    await studio.desk.vote(bo, job.id, 3 - clip)
    assert await voters(studio, job) == {ada.id: 3 - clip}


async def test_of_two_reports_the_newer_is_left(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, lin = cast
    job = await published(studio, cy, mo)
    await studio.desk.report(bo, job.id, Reason.SPAM, "settled")
    await studio.desk.dismiss(lin, job.id)
    await studio.desk.report(ada, job.id, Reason.GORE, "waits")
    assert (await link(studio, ada, bo)).reports == 1
    assert await reporters(studio, job) == [(ada.id, "waits")]
    with pytest.raises(Refused, match="reported this job already"):
        await studio.desk.report(bo, job.id, Reason.SPAM)


async def test_nobody_has_a_say_about_their_own(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    of_ada, of_bo = await published(studio, ada, mo), await published(studio, bo, mo)
    for one, job in ((bo, of_ada), (ada, of_bo)):
        await studio.desk.vote(one, job.id, 1)
        await studio.desk.vote(cy, job.id, 2)
        await studio.desk.report(one, job.id, Reason.SPAM)
    done = await link(studio, ada, bo)
    assert (done.votes, done.reports, done.reviews) == (2, 2, 0)
    for one, job in ((bo, of_ada), (ada, of_bo)):
        assert await voters(studio, job) == {cy.id: 2}
        assert await reporters(studio, job) == []
        assert (await kinds(studio, job))[-1] is Kind.LINKED
        with pytest.raises(Refused, match="Artists don't vote"):
            await studio.desk.vote(one, job.id, 1)
        with pytest.raises(Refused, match="own work"):
            await studio.desk.take_down(moderating(one), job.id, "no")


async def test_a_closed_ballot_keeps_its_winner(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    job = await published(studio, cy, mo)
    await studio.desk.vote(ada, job.id, 1)
    await studio.desk.vote(bo, job.id, 1)
    await studio.change(job.id, winner=1)
    await link(studio, ada, bo)
    assert (await studio.job(job.id)).winner == 1
    assert await voters(studio, job) == {ada.id: 1}


async def test_two_reviews_of_one_person_are_not_two(studio: Studio, cast: Five) -> None:
    _, _, cy, mo, lin = cast
    studio.desk.rules = Rules(quorum=3)
    job = await studio.rendered(cy)
    for one in (mo, lin):
        await studio.desk.review(one, job.id, NO, reason=Reason.SPAM)
    await link(studio, mo, lin)
    ned, oz = [await person(studio.db, name, Role.MODERATOR) for name in ("ned", "oz")]
    for one in (lin, ned):
        await studio.desk.review(one, job.id, NO, reason=Reason.GORE)
        assert (await studio.job(job.id)).status is Status.IN_REVIEW
    await studio.desk.review(oz, job.id, NO, reason=Reason.SPAM)
    assert (await studio.job(job.id)).status is Status.REJECTED


@pytest.mark.usefixtures("two_agree")
@pytest.mark.parametrize("artist", ["first", "second"])
async def test_a_review_of_what_turns_out_to_be_ones_own_goes(
    studio: Studio, cast: Five, artist: str
) -> None:
    ada, _, _, mo, lin = cast
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, YES)
    done = await (link(studio, ada, mo) if artist == "first" else link(studio, mo, ada))
    assert done.reviews == 1
    assert await reviewers(studio, job) == []
    assert (await kinds(studio, job))[-1] is Kind.LINKED
    await studio.desk.review(lin, job.id, YES)
    assert (await studio.job(job.id)).status is Status.IN_REVIEW
    for one in (moderating(ada), mo):
        with pytest.raises(Refused, match="Nobody reviews their own work"):
            await studio.desk.review(one, job.id, YES)


async def test_what_was_decided_stays_decided(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, _ = cast
    job = await published(studio, ada, mo)
    assert (await link(studio, ada, mo)).reviews == 0
    assert (await studio.job(job.id)).status is Status.PUBLISHED
    assert await reviewers(studio, job) == [ada.id]


@pytest.mark.usefixtures("two_agree")
@pytest.mark.parametrize("stays", ["who decided", "who hears the appeal"])
async def test_an_appeal_goes_to_another_person(studio: Studio, cast: Five, stays: str) -> None:
    _, _, cy, mo, lin = cast
    ned, pia = [await person(studio.db, name, Role.MODERATOR) for name in ("ned", "pia")]
    job = await studio.rendered(cy)
    for one in (mo, ned):
        await studio.desk.review(one, job.id, NO, reason=Reason.SPAM)
    await studio.desk.appeal(cy, job.id)
    await studio.desk.review(lin, job.id, YES)
    done = await (link(studio, mo, lin) if stays == "who decided" else link(studio, lin, mo))
    assert done.reviews == 1
    with pytest.raises(Refused, match="an appeal goes to somebody else"):
        await studio.desk.review(lin, job.id, YES)
    await studio.desk.review(pia, job.id, YES)
    assert (await studio.job(job.id)).status is Status.APPEALED


async def test_every_room_looks_at_what_people_wait_for(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    over, ballot = await published(studio, bo, mo), await published(studio, cy, mo)
    await studio.change(over.id, winner=0)
    await studio.desk.vote(bo, ballot.id, 1)
    in_review, other = await studio.rendered(bo), await studio.rendered(cy)
    queued = await studio.submit(bo)
    async with studio.db.begin() as s:
        for room in ("web", "chat"):
            await events.join(s, room)
    await link(studio, ada, bo)
    async with studio.db.begin() as s:
        for room in ("web", "chat"):
            told = {claim.job_id for claim in await events.claim(s, room)}
            assert told == {ballot.id, in_review.id, queued.id}
    assert Kind.LINKED not in await kinds(studio, other)
    await studio.desk.unlink(ada)
    assert (await kinds(studio, queued))[-2:] == [Kind.LINKED, Kind.UNLINKED]
