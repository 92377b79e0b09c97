"""Verbs that race each other on a real PostgreSQL: one wins, the others are told so kindly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest

from db import events, jobs, reports, votes
from db.broker import Broker
from db.session import Db
from db.states import Flag, Kind, Reason, Status, Verdict
from moderation.people import Role
from moderation.rules import Refused
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.support.studio import ABLE, Studio, person, request

ROUNDS = 5


@pytest.fixture
async def studio(postgres_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(postgres_url), Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()
    await db.close()


async def settle(*verbs: Awaitable[object]) -> tuple[int, list[str]]:
    """How many went through, and what the others were told; a bug is not an answer."""
    outcomes = await asyncio.gather(*verbs, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refused):
            raise outcome
    told = [str(outcome) for outcome in outcomes if isinstance(outcome, Refused)]
    return len(outcomes) - len(told), told


async def kinds(studio: Studio, job_id: int) -> list[Kind]:
    async with studio.db.read() as s:
        return [event.kind for event in await events.of(s, job_id)]


async def test_of_eight_moderators_one_decides(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    moderators = [await person(studio.db, f"mo{n}", Role.MODERATOR) for n in range(8)]
    for _ in range(ROUNDS):
        job = await studio.rendered(ada)
        verdicts = [
            studio.desk.review(mo, job.id, Verdict.APPROVE)
            if n % 2
            else studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
            for n, mo in enumerate(moderators)
        ]
        went_through, told = await settle(*verdicts)
        assert went_through == 1
        assert all(f"Job {job.id} isn't waiting for a decision" in sentence for sentence in told)
        history = await kinds(studio, job.id)
        assert history.count(Kind.APPROVED) + history.count(Kind.REJECTED) == 1


async def test_fifty_wishes_at_once_by_one_person_keep_the_cap(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    went_through, told = await settle(
        *(studio.desk.submit(ada, Wish(f"circle {n}"), request()) for n in range(50))
    )
    assert (went_through, len(told)) == (8, 42)
    async with studio.db.read() as s:
        assert await jobs.count(s, ada.id, Status.QUEUED) == 8


async def test_one_request_delivered_ten_times_at_once_is_one_job(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    asked = request("event-1")
    made = await asyncio.gather(
        *(studio.desk.submit(ada, Wish("a circle"), asked) for _ in range(10))
    )
    assert len({job.id for job in made}) == 1


async def test_a_hundred_votes_by_ten_people_are_ten(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    voters = [await person(studio.db, f"voter{n}") for n in range(10)]
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await settle(
        *(studio.desk.vote(voter, job.id, 1 + n % 2) for n in range(10) for voter in voters)
    )
    async with studio.db.read() as s:
        assert sum((await votes.tally(s, job.id)).values()) == 10


async def test_cancel_and_finish_race_to_one_end(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    for _ in range(ROUNDS):
        await studio.submit(ada)
        job = await studio.claim()
        assert job is not None
        cancelled, finished = await asyncio.gather(
            studio.desk.cancel(ada, job.id), studio.finish(job), return_exceptions=True
        )
        status = (await studio.job(job.id)).status
        if finished is True:
            assert isinstance(cancelled, Refused)
            assert status is Status.IN_REVIEW
        else:
            assert (cancelled, finished) == (None, False)
            assert status is Status.CANCELLED


async def test_withdraw_wins_over_an_approval_whichever_comes_first(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    for _ in range(ROUNDS):
        job = await studio.rendered(ada)
        await settle(
            studio.desk.withdraw(ada, job.id), studio.desk.review(mo, job.id, Verdict.APPROVE)
        )
        assert (await studio.job(job.id)).status is Status.WITHDRAWN


async def test_sweeps_that_meet_close_a_ballot_once(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.change(job.id, ballot_closes_at=job.created_at)
    closed = await asyncio.gather(*(closed_ballots(studio.db) for _ in range(6)))
    assert sum(len(of_one) for of_one in closed) == 1
    assert (await kinds(studio, job.id)).count(Kind.BALLOT_CLOSED) == 1


async def test_appeal_and_withdraw_and_a_second_appeal_end_in_withdrawn(studio: Studio) -> None:
    ada, mo = await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await settle(
        studio.desk.appeal(ada, job.id),
        studio.desk.withdraw(ada, job.id),
        studio.desk.appeal(ada, job.id),
    )
    assert (await studio.job(job.id)).status is Status.WITHDRAWN
    assert (await kinds(studio, job.id)).count(Kind.APPEALED) <= 1


async def test_of_eight_moderators_one_takes_it_down(studio: Studio) -> None:
    ada = await person(studio.db, "ada")
    moderators = [await person(studio.db, f"mo{n}", Role.MODERATOR) for n in range(8)]
    for _ in range(ROUNDS):
        job = await studio.rendered(ada)
        await studio.desk.review(moderators[0], job.id, Verdict.APPROVE)
        went_through, told = await settle(
            *(studio.desk.take_down(mo, job.id, "no") for mo in moderators)
        )
        assert went_through == 1
        assert all(f"Job {job.id} isn't in the showcase: it is rej" in said for said in told)
        assert (await kinds(studio, job.id)).count(Kind.TAKEN_DOWN) == 1
        assert (await studio.job(job.id)).round == 2


async def test_one_person_who_reports_many_times_at_once_has_reported_once(
    studio: Studio,
) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    went_through, told = await settle(
        *(studio.desk.report(bo, job.id, Reason.SPAM) for _ in range(8))
    )
    assert went_through == 1
    assert set(told) == {"You reported this job already."}
    assert (await kinds(studio, job.id)).count(Kind.REPORTED) == 1


async def test_a_report_never_waits_for_a_job_that_has_left_the_showcase(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    for n in range(ROUNDS):
        job = await studio.rendered(ada)
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
        leaves = studio.desk.withdraw(ada, job.id) if n % 2 else None
        await settle(
            studio.desk.report(bo, job.id, Reason.SPAM),
            leaves or studio.desk.take_down(lin, job.id, "no"),
        )
        async with studio.db.read() as s:
            assert all(report.settled_at for report in await reports.of(s, job.id))


async def test_a_remix_and_its_being_forbidden_come_one_after_the_other(studio: Studio) -> None:
    ada, bo = await person(studio.db, "ada"), await person(studio.db, "bo")
    mo = await person(studio.db, "mo", Role.MODERATOR)
    await studio.open([ABLE])
    for _ in range(5):
        job = await studio.rendered(ada)
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
        await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
        _, told = await settle(
            studio.desk.consent(ada, job.id, {Flag.REMIX: False}),
            studio.desk.remix(bo, job.id, 1, request(), Wish("mine")),
        )
        async with studio.db.read() as s:
            (made, *_) = [*await jobs.of_person(s, bo.id), None]
            (forbidden,) = [
                e for e in await events.of(s, job.id) if not e.detail.get("given", True)
            ]
            if told:
                continue
            assert made is not None
            assert (await events.of(s, made.id))[0].id < forbidden.id
        await studio.desk.cancel(bo, made.id)
