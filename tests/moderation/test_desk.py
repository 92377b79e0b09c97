"""The verbs: who may, what they do, and the sentence when the answer is no."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db import clips, jobs, reviews, votes
from db.models import Job
from db.states import Flag, Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.support.studio import Studio, person, request

pytestmark = pytest.mark.databases("sqlite")


async def three(studio: Studio) -> tuple[Person, Person, Person]:
    """An artist, another artist, a moderator."""
    return (
        await person(studio.db, "ada"),
        await person(studio.db, "bo"),
        await person(studio.db, "mo", Role.MODERATOR),
    )


async def published(studio: Studio, artist: Person, moderator: Person) -> Job:
    job = await studio.rendered(artist)
    await studio.desk.review(moderator, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


async def test_a_redelivered_request_is_the_same_job(studio: Studio) -> None:
    ada, _, _ = await three(studio)
    wish, asked = Wish("a red circle"), request("event-1")
    first = await studio.desk.submit(ada, wish, asked)
    again = await studio.desk.submit(ada, wish, asked)
    assert first.id == again.id


async def test_the_ninth_job_in_line_is_refused_and_the_eight_stay(studio: Studio) -> None:
    ada, bo, _ = await three(studio)
    for _ in range(8):
        await studio.submit(ada)
    with pytest.raises(Refused, match="already have 8 jobs in line, and 8 is the most"):
        await studio.submit(ada)
    await studio.submit(bo)
    async with studio.db.read() as s:
        assert await jobs.count(s, ada.id, Status.QUEUED) == 8


async def test_a_finished_job_goes_to_review_and_a_private_one_stays(studio: Studio) -> None:
    ada, _, _ = await three(studio)
    assert (await studio.rendered(ada)).status is Status.IN_REVIEW
    private = await studio.rendered(ada, private=True)
    assert private.status is Status.READY
    await studio.desk.publish(ada, private.id)
    assert (await studio.job(private.id)).status is Status.IN_REVIEW
    await studio.desk.keep(ada, private.id)
    assert (await studio.job(private.id)).status is Status.READY


async def test_a_no_goes_on_to_count_though_the_review_is_called_off_and_asked_for_again(
    studio: Studio,
) -> None:
    ada, _, mo = await three(studio)
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await studio.desk.keep(ada, job.id)
    await studio.desk.publish(ada, job.id)
    async with studio.db.read() as s:
        assert [review.verdict for review in await reviews.of(s, job.id)] == [Verdict.REJECT]
    lin = await person(studio.db, "lin", Role.MODERATOR)
    await studio.desk.review(lin, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert (await studio.job(job.id)).status is Status.REJECTED


async def test_what_is_published_again_after_a_decision_is_a_round_of_its_own(
    studio: Studio,
) -> None:
    ada, _, mo = await three(studio)
    job = await published(studio, ada, mo)
    await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: False})
    await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: True})
    await studio.desk.publish(ada, job.id)
    assert (await studio.job(job.id)).status is Status.IN_REVIEW


async def test_approval_publishes_and_opens_the_ballot(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    job = await published(studio, ada, mo)
    assert job.status is Status.PUBLISHED
    assert job.published_at is not None
    assert job.ballot_closes_at == job.published_at + studio.desk.rules.ballot
    async with studio.db.read() as s:
        assert [clip.shown for clip in await clips.of(s, job.id)] == [True, True]


async def test_a_no_needs_a_reason_and_an_open_reason_a_sentence(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match="needs its reason"):
        await studio.desk.review(mo, job.id, Verdict.REJECT)
    with pytest.raises(Refused, match="Say in a sentence why"):
        await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.OTHER, sentence=" ")
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert (await studio.job(job.id)).status is Status.REJECTED


async def test_who_may_not_review(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match="Only moderators"):
        await studio.desk.review(bo, job.id, Verdict.APPROVE)
    with pytest.raises(Refused, match="Nobody reviews their own work"):
        await studio.desk.review(replace(ada, roles=mo.roles), job.id, Verdict.APPROVE)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    with pytest.raises(Refused, match="isn't waiting for a decision: it is published"):
        await studio.desk.review(mo, job.id, Verdict.APPROVE)


async def test_an_approval_limited_to_some_clips_shows_only_those(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE, only=[2])
    async with studio.db.read() as s:
        assert [clip.number for clip in await clips.of(s, job.id) if clip.shown] == [2]
    with pytest.raises(Refused, match="no clip 1 on this ballot; vote for 2"):
        await studio.desk.vote(bo, job.id, 1)


async def test_quorum_two_needs_two_people_and_a_review_can_be_taken_back(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)
    outcome = await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert outcome.verdict is None
    assert outcome.undecided == {1, 2}
    assert (await studio.desk.review(mo, job.id, Verdict.APPROVE)).verdict is None
    await studio.desk.take_back_review(mo, job.id)
    assert (await studio.desk.review(lin, job.id, Verdict.APPROVE)).verdict is None
    assert (await studio.desk.review(mo, job.id, Verdict.APPROVE)).verdict is Verdict.APPROVE
    with pytest.raises(Refused, match="isn't waiting"):
        await studio.desk.take_back_review(mo, job.id)


async def test_an_appeal_goes_to_others_and_may_be_granted(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await studio.desk.appeal(ada, job.id, "It is a tomato.")
    with pytest.raises(Refused, match="You decided this before; an appeal goes to somebody else"):
        await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    assert (await studio.job(job.id)).status is Status.PUBLISHED


async def test_an_appeal_that_fails_ends_it_and_the_work_stays_the_artists(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await studio.desk.appeal(ada, job.id)
    upheld = await studio.desk.review(lin, job.id, Verdict.REJECT, reason=Reason.GORE)
    assert upheld.of_appeal
    assert (await studio.job(job.id)).status is Status.REJECTED_FINALLY
    with pytest.raises(Refused, match="Only a rejected job can be appealed"):
        await studio.desk.appeal(ada, job.id)


async def test_one_person_one_vote_changeable_and_never_the_authors(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    job = await published(studio, ada, mo)
    with pytest.raises(Refused, match="don't vote on their own"):
        await studio.desk.vote(ada, job.id, 1)
    await studio.desk.vote(bo, job.id, 1)
    await studio.desk.vote(bo, job.id, 2)
    await studio.desk.vote(mo, job.id, 2)
    async with studio.db.read() as s:
        assert await votes.tally(s, job.id) == {2: 2}
    await studio.desk.take_back_vote(bo, job.id)
    async with studio.db.read() as s:
        assert await votes.tally(s, job.id) == {2: 1}


async def test_a_ballot_closes_by_time_even_before_the_sweep_has_seen_it(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    studio.desk.rules = Rules(ballot=timedelta(0))
    job = await published(studio, ada, mo)
    with pytest.raises(Refused, match="This ballot is closed"):
        await studio.desk.vote(bo, job.id, 1)


async def test_votes_elect_the_winner_and_no_votes_elect_nobody(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    voted, unvoted = await published(studio, ada, mo), await published(studio, ada, mo)
    await studio.desk.vote(bo, voted.id, 2)
    past = voted.created_at - timedelta(days=30)
    for job in (voted, unvoted):
        await studio.change(job.id, ballot_closes_at=past)
    assert sorted(await closed_ballots(studio.db)) == [voted.id, unvoted.id]
    assert await closed_ballots(studio.db) == []
    assert (await studio.job(voted.id)).winner == 2
    assert (await studio.job(unvoted.id)).winner == 0


@pytest.mark.databases("sqlite", "postgres")
async def test_only_its_artist_cancels_retries_or_withdraws(studio: Studio) -> None:
    ada, bo, _ = await three(studio)
    job = await studio.submit(ada)
    for verb in (studio.desk.cancel, studio.desk.retry, studio.desk.withdraw, studio.desk.appeal):
        with pytest.raises(Refused, match="somebody else's"):
            await verb(bo, job.id)
    await studio.desk.cancel(ada, job.id)
    with pytest.raises(Refused, match="nothing to cancel: job 1 is cancelled"):
        await studio.desk.cancel(ada, job.id)
    await studio.desk.retry(ada, job.id)
    assert (await studio.job(job.id)).status is Status.QUEUED


async def test_withdrawing_takes_it_out_at_any_time(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    job = await published(studio, ada, mo)
    await studio.desk.withdraw(ada, job.id)
    with pytest.raises(Refused, match=r"There is no ballot on job 1\.$"):
        await studio.desk.vote(bo, job.id, 1)
    with pytest.raises(Refused, match="already withdrawn"):
        await studio.desk.withdraw(ada, job.id)


async def test_again_is_the_same_wish_with_a_new_seed(studio: Studio) -> None:
    ada, bo, _ = await three(studio)
    first = await studio.submit(ada, aspect="16:9", steps=7, seed=3, private=True)
    again = await studio.desk.again(ada, first.id, request())
    wanted = {"prompt", "aspect", "width", "height", "frames", "steps", "guidance", "private"}
    assert first.model_dump(include=wanted) == again.model_dump(include=wanted)
    assert again.seed != first.seed
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.again(bo, first.id, request())


@pytest.mark.parametrize("job_id", [0, -1, 99, 2**31, 2**70])
async def test_a_job_that_is_not_there_is_said_so(studio: Studio, job_id: int) -> None:
    ada, _, _ = await three(studio)
    with pytest.raises(Refused, match=f"There is no job {job_id}"):
        await studio.desk.cancel(ada, job_id)


async def test_a_moderator_may_decide_clip_by_clip(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    job = await studio.rendered(ada)
    first = await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE, only=[1])
    assert first.verdict is None
    assert first.undecided == {2}
    last = await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM, only=[2])
    assert last.verdict is Verdict.REJECT


async def test_one_moderator_alone_never_makes_a_quorum_of_two(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)
    for only in ([], [1], [2], [1, 2], []):
        assert (await studio.desk.review(mo, job.id, Verdict.APPROVE, only=only)).verdict is None
    async with studio.db.read() as s:
        assert len(await reviews.of(s, job.id)) == 4, "the same review twice is one"


async def test_nobody_learns_how_somebody_elses_private_job_stands(studio: Studio) -> None:
    ada, bo, mo = await three(studio)
    job = await studio.rendered(ada, private=True)
    with pytest.raises(Refused, match=r"^There is no ballot on job 1\.$"):
        await studio.desk.vote(bo, job.id, 1)
    with pytest.raises(Refused, match=r"^Job 1 isn't waiting for a decision\.$"):
        await studio.desk.review(mo, job.id, Verdict.APPROVE)


async def test_a_reason_that_is_too_long_is_refused_and_not_cut(studio: Studio) -> None:
    ada, _, mo = await three(studio)
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match=r"at most 500 characters here; this one has 1,000\."):
        await studio.desk.review(
            mo, job.id, Verdict.REJECT, reason=Reason.OTHER, sentence="y" * 1000
        )
