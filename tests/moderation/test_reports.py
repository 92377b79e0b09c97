"""Reports of what is in the showcase, and what moderators do about them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import reports, reviews, votes
from db.models import Report, Review
from db.states import Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.sweep import closed_ballots
from tests.moderation.opinions import Five, published
from tests.support.studio import ABLE, Studio, person

pytestmark = pytest.mark.databases("sqlite")


async def of(studio: Studio, job_id: int) -> list[Report]:
    async with studio.db.read() as s:
        return list(await reports.of(s, job_id))


async def moderator(studio: Studio, name: str) -> Person:
    return await person(studio.db, name, Role.MODERATOR)


async def last_review(studio: Studio, job_id: int) -> Review:
    async with studio.db.read() as s:
        return (await reviews.of(s, job_id))[-1]


async def test_anybody_else_reports_once(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match="no job 1 in the showcase that could be reported"):
        await studio.desk.report(bo, job.id, Reason.SPAM)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.report(bo, job.id, Reason.SPAM, "buy\u202e this")
    with pytest.raises(Refused, match="You reported this job already"):
        await studio.desk.report(bo, job.id, Reason.GORE)
    with pytest.raises(Refused, match="withdraw it instead"):
        await studio.desk.report(ada, job.id, Reason.SPAM)
    with pytest.raises(Refused, match="what is wrong with it"):
        await studio.desk.report(cy, job.id, Reason.OTHER)
    with pytest.raises(Refused, match="at most 500 characters"):
        await studio.desk.report(cy, job.id, Reason.SPAM, "x" * 501)
    (found,) = await of(studio, job.id)
    assert (found.reason, found.sentence, found.settled_at) == (Reason.SPAM, "buy this", None)


async def test_a_take_down_is_a_no_with_what_was_reported_most(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, lin = cast
    job = await published(studio, ada, mo)
    await studio.desk.report(bo, job.id, Reason.GORE)
    await studio.desk.report(cy, job.id, Reason.SPAM)
    await studio.desk.report(mo, job.id, Reason.SPAM)
    for who, words in ((bo, "Only moderators"), (ada, "Only moderators")):
        with pytest.raises(Refused, match=words):
            await studio.desk.take_down(who, job.id, "no")
    with pytest.raises(Refused, match="Say in a sentence why"):
        await studio.desk.take_down(lin, job.id, " ")
    await studio.desk.take_down(lin, job.id, "It sells shoes.")
    review = await last_review(studio, job.id)
    assert (review.person_id, review.verdict, review.reason) == (
        lin.id,
        Verdict.REJECT,
        Reason.SPAM,
    )
    assert (await studio.job(job.id)).status is Status.REJECTED
    assert all(report.settled_at for report in await of(studio, job.id))
    with pytest.raises(Refused, match="isn't in the showcase: it is rejected"):
        await studio.desk.take_down(mo, job.id, "no")


async def test_without_reports_its_sentence_is_the_reason(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    job = await published(studio, ada, mo)
    await studio.desk.take_down(lin, job.id, "A mistake of ours.")
    assert (await last_review(studio, job.id)).reason is Reason.OTHER


async def test_nobody_takes_down_or_dismisses_what_is_their_own(studio: Studio, cast: Five) -> None:
    _, bo, _, mo, lin = cast
    job = await published(studio, mo, lin)
    await studio.desk.report(bo, job.id, Reason.SPAM)
    for ask in (studio.desk.take_down(mo, job.id, "no"), studio.desk.dismiss(mo, job.id)):
        with pytest.raises(Refused, match="Nobody decides about their own work"):
            await ask


async def test_the_appeal_goes_to_those_who_never_reviewed_it(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    kim, nan = [await moderator(studio, name) for name in ("kim", "nan")]
    job = await published(studio, ada, mo)
    await studio.desk.take_down(lin, job.id, "no")
    await studio.desk.appeal(ada, job.id, "but why")
    for who in (mo, lin):
        with pytest.raises(Refused, match="You decided this before"):
            await studio.desk.review(who, job.id, Verdict.APPROVE)
    outcome = await studio.desk.review(kim, job.id, Verdict.APPROVE)
    assert outcome.of_appeal
    assert (await studio.job(job.id)).status is Status.PUBLISHED
    await studio.desk.report(bo, job.id, Reason.SPAM)
    await studio.desk.take_down(mo, job.id, "still no")
    await studio.desk.appeal(ada, job.id)
    for who in (mo, lin, kim):
        with pytest.raises(Refused, match="You decided this before"):
            await studio.desk.review(who, job.id, Verdict.APPROVE)
    await studio.desk.review(nan, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert (await studio.job(job.id)).status is Status.REJECTED_FINALLY


async def test_dismissed_reports_are_settled_and_it_stays(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, lin = cast
    job = await published(studio, ada, mo)
    with pytest.raises(Refused, match="no reports of job 1 to dismiss"):
        await studio.desk.dismiss(lin, job.id)
    await studio.desk.report(bo, job.id, Reason.SPAM)
    with pytest.raises(Refused, match="Only moderators"):
        await studio.desk.dismiss(cy, job.id)
    await studio.desk.dismiss(lin, job.id)
    assert (await studio.job(job.id)).status is Status.PUBLISHED
    assert [bool(report.settled_at) for report in await of(studio, job.id)] == [True]
    with pytest.raises(Refused, match="You reported this job already"):
        await studio.desk.report(bo, job.id, Reason.SPAM)
    await studio.desk.report(cy, job.id, Reason.SPAM)
    await studio.desk.withdraw(ada, job.id)
    assert all(report.settled_at for report in await of(studio, job.id))


async def test_a_ballot_goes_on_with_its_votes_when_the_job_comes_back(
    studio: Studio, cast: Five
) -> None:
    ada, bo, cy, mo, lin = cast
    job = await published(studio, ada, await moderator(studio, "kim"))
    await studio.desk.vote(bo, job.id, 2)
    await studio.desk.take_down(lin, job.id, "no")
    with pytest.raises(Refused, match="There is no ballot"):
        await studio.desk.vote(cy, job.id, 1)
    await studio.change(job.id, ballot_closes_at=job.created_at - timedelta(days=1))
    assert await closed_ballots(studio.db) == []
    await studio.desk.appeal(ada, job.id)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert await closed_ballots(studio.db) == []
    async with studio.db.read() as s:
        assert await votes.tally(s, job.id) == {2: 1}
    await studio.desk.vote(cy, job.id, 1)


@pytest.mark.databases("sqlite", "postgres")
@pytest.mark.parametrize(("back", "winner"), [((), 2), ((2,), 2), ((1,), None)])
async def test_a_closed_ballot_stays_closed_while_its_winner_is_shown(
    studio: Studio, cast: Five, back: tuple[int, ...], winner: int | None
) -> None:
    ada, bo, _, mo, lin = cast
    job = await published(studio, ada, await moderator(studio, "kim"))
    await studio.desk.vote(bo, job.id, 2)
    await studio.change(job.id, ballot_closes_at=job.created_at - timedelta(days=1))
    assert await closed_ballots(studio.db) == [job.id]
    await studio.desk.take_down(lin, job.id, "no")
    await studio.desk.appeal(ada, job.id)
    await studio.desk.review(mo, job.id, Verdict.APPROVE, only=back)
    assert (await studio.job(job.id)).winner == winner
    if winner is None:
        await studio.desk.vote(bo, job.id, 1)
    else:
        with pytest.raises(Refused, match="closed"):
            await studio.desk.vote(bo, job.id, 1)


async def test_a_final_that_came_to_nothing_is_not_given_again(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    await studio.open([ABLE])
    job = await published(studio, ada, mo)
    finals = []
    for winner, next_shown in ((1, 2), (2, 1), (1, 2)):
        await studio.desk.vote(bo, job.id, winner)
        await studio.change(job.id, ballot_closes_at=job.created_at - timedelta(days=1))
        closed, *final = await closed_ballots(studio.db)
        assert closed == job.id
        finals.append(len(final))
        for final_id in final:
            await studio.desk.cancel(ada, final_id)
        await studio.desk.take_down(lin, job.id, "no")
        await studio.desk.appeal(ada, job.id)
        other = await moderator(studio, f"other{len(finals)}")
        await studio.desk.review(other, job.id, Verdict.APPROVE, only=[next_shown])
    assert finals == [1, 1, 0]
