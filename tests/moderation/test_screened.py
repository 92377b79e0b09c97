"""What follows from a hit: flagged goes on and is looked at, blocked waits for other words or an appeal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import events, hits, renders, votes
from db.hits import Count
from db.models import Event, Hit, Job, utcnow
from db.states import WAITING_FOR_REVIEW, Flag, Kind, Reason, Status, Verdict
from moderation.people import Person
from moderation.rules import Refused
from moderation.screening.rates import Rate, rated, rates
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.support.studio import ABLE, Studio, request

pytestmark = pytest.mark.databases("sqlite")

HARD, SOFT = "sexual-minors", "sexual"
STOPPED = " ".join(["naked", "child"])
FLAGGED = "a naked statue"


async def of(studio: Studio, job: Job) -> list[Hit]:
    async with studio.db.read() as s:
        return list(await hits.of(s, job.id))


async def told(studio: Studio, job: Job) -> list[Event]:
    async with studio.db.read() as s:
        return list(await events.of(s, job.id))


async def decided(
    studio: Studio, job: Job, verdict: Verdict, *moderators: Person, reason: Reason = Reason.SEXUAL
) -> Job:
    """The job once as many of them have said this as it takes."""
    for moderator in moderators:
        if (await studio.job(job.id)).status in WAITING_FOR_REVIEW:
            given = reason if verdict is Verdict.REJECT else None
            await studio.desk.review(moderator, job.id, verdict, reason=given)
    return await studio.job(job.id)


async def let_in(studio: Studio, artist: Person, *moderators: Person) -> Job:
    """A job that was blocked, and that moderators have let into the line."""
    job = await studio.submit(artist, STOPPED)
    await studio.desk.appeal(artist, job.id, "It is a cherub.")
    return await decided(studio, job, Verdict.APPROVE, *moderators)


async def test_what_is_harmless_has_no_hits(studio: Studio, cast: Five) -> None:
    job = await studio.rendered(cast[0])
    assert await of(studio, job) == []
    assert {e.kind for e in await told(studio, job)} & {Kind.FLAGGED, Kind.BLOCKED} == set()


async def test_what_is_flagged_is_rendered_and_carries_its_hits(studio: Studio, cast: Five) -> None:
    job = await studio.rendered(cast[0], FLAGGED)
    assert job.status is Status.IN_REVIEW
    (hit,) = await of(studio, job)
    assert (hit.rule, hit.version, hit.hard, hit.clip) == (SOFT, 1, False, 0)
    assert hit.words == ["naked"]
    assert hit.overturned_at is None
    flagged = [e for e in await told(studio, job) if e.kind is Kind.FLAGGED]
    assert [(e.person_id, e.detail) for e in flagged] == [(None, {"rules": [SOFT]})]


async def test_what_is_blocked_is_stored_and_never_rendered(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    job = await studio.submit(ada, STOPPED)
    assert job.status is Status.BLOCKED, "whoever asked is told"
    assert (await studio.job(job.id)).prompt == STOPPED
    assert await studio.claim() is None
    blocked = [e for e in await told(studio, job) if e.kind is Kind.BLOCKED]
    assert [(e.person_id, e.detail) for e in blocked] == [(None, {"rules": [HARD]})]
    for verb in (studio.desk.cancel, studio.desk.retry, studio.desk.publish):
        with pytest.raises(Refused):
            await verb(ada, job.id)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.reword(bo, job.id, request(), Wish("a cube"))
    await studio.desk.withdraw(ada, job.id)
    assert (await studio.job(job.id)).status is Status.WITHDRAWN


async def test_what_is_blocked_may_be_said_in_other_words(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    job = await studio.submit(ada, STOPPED, aspect="16:9", steps=7, seed=3)
    same = await studio.desk.reword(ada, job.id, request(), Wish(f"{STOPPED}!", steps=9))
    assert same.status is Status.BLOCKED
    other = await studio.desk.reword(ada, job.id, request(), Wish("a cherub", steps=9))
    assert (other.status, other.aspect, other.steps) == (Status.QUEUED, "16:9", 9)
    assert (await studio.job(job.id)).status is Status.BLOCKED
    assert await of(studio, other) == []


async def test_blocked_jobs_take_no_place_in_line(studio: Studio, cast: Five) -> None:
    for _ in range(studio.desk.rules.queued_cap + 1):
        await studio.submit(cast[0], STOPPED)
    assert (await studio.submit(cast[0])).status is Status.QUEUED


async def test_every_way_into_the_line_is_looked_at(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    await studio.open([ABLE])
    job = await studio.rendered(ada)
    await decided(studio, job, Verdict.APPROVE, mo, lin)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    remix = await studio.desk.remix(bo, job.id, 1, request(), Wish(STOPPED))
    redrawn = await studio.desk.redraw(ada, job.id, 1, request(), Wish(STOPPED))
    assert {remix.status, redrawn.status} == {Status.BLOCKED}
    again = await studio.desk.again(bo, remix.id, request())
    assert again.status is Status.BLOCKED
    # What was asked for before its rule was there is looked at when it comes back.
    old = await studio.submit(ada)
    await studio.desk.cancel(ada, old.id)
    await studio.change(old.id, prompt=STOPPED)
    await studio.desk.retry(ada, old.id)
    assert (await studio.job(old.id)).status is Status.BLOCKED


async def test_the_final_of_a_winner_carries_the_hits_of_its_words(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    await studio.open([ABLE])
    job = await studio.rendered(ada, FLAGGED)
    await decided(studio, job, Verdict.APPROVE, mo, lin)
    await studio.desk.vote(bo, job.id, 1)
    await studio.change(job.id, ballot_closes_at=utcnow() - timedelta(hours=1))
    _, final_id = await closed_ballots(studio.db)
    assert [hit.rule for hit in await of(studio, await studio.job(final_id))] == [SOFT]


async def test_an_appeal_of_what_is_blocked_has_it_rendered_and_reviewed_anew(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    job = await studio.submit(ada, STOPPED)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.appeal(bo, job.id)
    await studio.desk.appeal(ada, job.id, "It is a cherub.")
    assert (await studio.job(job.id)).status is Status.APPEALED
    with pytest.raises(Refused, match="Only moderators"):
        await studio.desk.review(bo, job.id, Verdict.APPROVE)
    entered = await decided(studio, job, Verdict.APPROVE, mo, lin)
    assert (entered.status, entered.round) == (Status.QUEUED, 3)
    overturned = {hit.rule: hit.overturned_at is not None for hit in await of(studio, job)}
    assert overturned == {HARD: True, SOFT: False}, "what is only flagged stays flagged"
    unblocked = [e for e in await told(studio, job) if e.kind is Kind.UNBLOCKED]
    assert [e.detail for e in unblocked] == [{"rules": [HARD]}]
    assert unblocked[0].person_id in {mo.id, lin.id}
    claimed = await studio.claim()
    assert claimed is not None
    assert await studio.finish(claimed)
    assert (await studio.job(job.id)).status is Status.IN_REVIEW, "their yes was to the words"
    last = await decided(studio, job, Verdict.REJECT, mo, lin)
    assert last.status is Status.REJECTED, "who has said yes to the words may say no to the clips"


async def test_an_appeal_that_fails_ends_it(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    job = await studio.submit(ada, STOPPED)
    await studio.desk.appeal(ada, job.id)
    last = await decided(studio, job, Verdict.REJECT, mo, lin)
    assert last.status is Status.REJECTED_FINALLY
    with pytest.raises(Refused):
        await studio.desk.appeal(ada, job.id)
    assert await studio.claim() is None


async def test_what_was_overturned_is_not_blocked_again(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    job = await let_in(studio, ada, mo, lin)
    again = await studio.desk.again(ada, job.id, request())
    assert again.status is Status.QUEUED
    assert [hit.rule for hit in await of(studio, again)] == [SOFT]
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == job.id
    async with studio.db.begin() as s:
        await renders.fail(s, job.id, claimed.attempt, "broke")
    await studio.desk.retry(ada, job.id)
    assert (await studio.job(job.id)).status is Status.QUEUED
    others = [await studio.submit(bo, STOPPED), await studio.submit(ada, f"{STOPPED} again")]
    assert {other.status for other in others} == {Status.BLOCKED}, "other words, other people"


@pytest.mark.databases("sqlite", "postgres")
async def test_what_is_overturned_at_one_version_is_looked_at_anew_by_the_next(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    job = await let_in(studio, ada, mo, lin)
    async with studio.db.begin() as s:
        for hit in await hits.of(s, job.id):
            hit.version = 0
    assert (await studio.desk.again(ada, job.id, request())).status is Status.BLOCKED


# ── rates ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.databases("sqlite", "postgres")
async def test_the_rates_are_of_what_became_of_the_jobs(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    since = utcnow()
    for verdict in (Verdict.APPROVE, Verdict.REJECT):
        job = await studio.rendered(ada, FLAGGED)
        await decided(studio, job, verdict, mo, lin)
    await studio.submit(ada, FLAGGED)
    await studio.submit(bo, STOPPED)
    await let_in(studio, ada, mo, lin)
    until = utcnow()
    async with studio.db.read() as s:
        assert await votes.tally(s, 1) == {}
        soft, hard = await rates(s, since, until)
        assert await rates(s, until, until + timedelta(hours=1)) == []
    assert soft == Rate(SOFT, hits=5, decided=2, approved=1, blocked=0, overturned=0)
    assert (soft.false_positive, soft.overturn) == (0.5, None)
    assert hard == Rate(HARD, hits=2, decided=1, approved=0, blocked=2, overturned=1)
    assert (hard.false_positive, hard.overturn) == (None, 0.5)


def test_what_was_taken_out_of_the_showcase_was_approved_all_the_same() -> None:
    counts = [
        Count("gore", False, False, Status.PUBLISHED, True, 3),
        Count("gore", False, False, Status.REJECTED, True, 1),
        Count("gore", False, False, Status.REJECTED, False, 4),
        Count("gore", False, False, Status.IN_REVIEW, False, 9),
    ]
    (rate,) = rated(counts)
    assert (rate.hits, rate.decided, rate.approved, rate.false_positive) == (17, 8, 4, 0.5)
