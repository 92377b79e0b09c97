"""What artists allow with their clips, what follows at once, and what is written down of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from db import clips, consents, events
from db.models import Clip, Job
from db.states import Flag, Kind, Reason, Status, Verdict
from moderation import rules
from moderation.consent import may
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.support.studio import ABLE, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")

NOT_SHOWN = {Flag.SHOWCASE: False}
SHOWN = {Flag.SHOWCASE: True}
MINE = Wish("a cube", strength=0.5)


@pytest.fixture
async def ada(studio: Studio) -> Person:
    await studio.open([ABLE])
    return await person(studio.db, "ada")


@pytest.fixture
async def bo(studio: Studio) -> Person:
    return await person(studio.db, "bo")


@pytest.fixture
async def mo(studio: Studio) -> Person:
    return await person(studio.db, "mo", Role.MODERATOR)


async def published(studio: Studio, artist: Person, mo: Person) -> Job:
    job = await studio.rendered(artist)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


async def made(studio: Studio, job_id: int) -> Sequence[Clip]:
    async with studio.db.read() as s:
        return await clips.of(s, job_id)


async def shown(studio: Studio, job_id: int) -> list[int]:
    return [clip.number for clip in await made(studio, job_id) if clip.shown]


async def history(studio: Studio, job_id: int) -> list[tuple[int, str, bool, bool]]:
    async with studio.db.read() as s:
        rows = await consents.history(s, job_id)
    return [(row.clip, row.flag, row.given, row.by_default) for row in rows]


@pytest.mark.databases("sqlite", "postgres")
async def test_nothing_is_allowed_but_what_a_review_asks_for(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    for clip in await made(studio, job.id):
        assert [flag for flag in Flag if may(clip, flag)] == [Flag.SHOWCASE]
    assert await history(studio, job.id) == [(n, "showcase", True, True) for n in (1, 2)]


@pytest.mark.databases("sqlite", "postgres")
async def test_clips_begin_with_what_their_artist_prefers(
    studio: Studio, ada: Person, bo: Person
) -> None:
    await studio.desk.consent_by_default(ada, {Flag.REMIX: True, Flag.TRAINING: True})
    await studio.desk.consent_by_default(ada, {Flag.TRAINING: False})
    job, other = await studio.rendered(ada), await studio.rendered(bo)
    for clip in await made(studio, job.id):
        assert {flag for flag in Flag if may(clip, flag)} == {Flag.SHOWCASE, Flag.REMIX}
    assert not any(clip.remix for clip in await made(studio, other.id))
    await studio.desk.consent_by_default(ada, {Flag.REMIX: False})
    assert all(clip.remix for clip in await made(studio, job.id))  # made before


async def test_its_artist_alone_says_and_all_is_kept(
    studio: Studio, ada: Person, bo: Person
) -> None:
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.consent(bo, job.id, {Flag.DATASET: True})
    with pytest.raises(Refused, match="has no clip 3; it has 2"):
        await studio.desk.consent(ada, job.id, {Flag.DATASET: True}, 3)
    for given in (True, True, False):
        await studio.desk.consent(ada, job.id, {Flag.DATASET: given}, 2)
    said = [(2, "dataset", True, False), (2, "dataset", False, False)]
    assert (await history(studio, job.id))[2:] == said
    async with studio.db.read() as s:
        told = [e for e in await events.of(s, job.id) if e.kind is Kind.CONSENTED]
    assert [e.detail["given"] for e in told] == [True, False]
    assert told[0].detail == {"flag": "dataset", "given": True, "clips": [2]}


@pytest.mark.databases("sqlite", "postgres")
async def test_it_is_said_at_any_time_but_of_clips_that_are_there(
    studio: Studio, ada: Person, mo: Person
) -> None:
    waiting = await studio.submit(ada)
    with pytest.raises(Refused, match="has no clips yet"):
        await studio.desk.consent(ada, waiting.id, {Flag.REMIX: True})
    await studio.desk.cancel(ada, waiting.id)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await studio.desk.consent(ada, job.id, {Flag.NAMED: True})
    await studio.desk.withdraw(ada, job.id)
    await studio.desk.consent(ada, job.id, {Flag.NAMED: False, Flag.TRAINING: True})
    assert all(clip.training and not clip.named for clip in await made(studio, job.id))


async def test_what_is_not_for_the_showcase_is_not_decided_about(
    studio: Studio, ada: Person, mo: Person, bo: Person
) -> None:
    job = await studio.rendered(ada)
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 1)
    first, second = await made(studio, job.id)
    assert not rules.may_see(mo, job, first)
    assert rules.may_see(mo, job, second)
    assert rules.may_see(ada, job, first)
    with pytest.raises(Refused, match="you decide about clip 2"):
        await studio.desk.review(mo, job.id, Verdict.APPROVE, only=[1])
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert await shown(studio, job.id) == [2]
    assert not rules.may_see(bo, await studio.job(job.id), first)


async def test_nobody_has_to_decide_about_nothing(studio: Studio, ada: Person, mo: Person) -> None:
    job = await studio.rendered(ada)
    assert (await studio.desk.consent(ada, job.id, NOT_SHOWN)).kept
    now = await studio.job(job.id)
    assert (now.status, now.private) == (Status.READY, True)
    with pytest.raises(Refused, match="allow the showcase first"):
        await studio.desk.publish(ada, job.id)
    await studio.desk.consent(ada, job.id, SHOWN)
    await studio.desk.publish(ada, job.id)
    await studio.desk.consent_by_default(ada, NOT_SHOWN)
    assert (await studio.rendered(ada)).status is Status.READY


async def test_a_decision_that_the_artist_leaves_standing_is_carried_out(
    studio: Studio, ada: Person, mo: Person
) -> None:
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE, only=[1])
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 2)
    assert (await studio.job(job.id)).status is Status.REJECTED


async def test_what_comes_later_was_not_looked_at(studio: Studio, ada: Person, mo: Person) -> None:
    """A yes to the one clip that could be seen is none to the other."""
    lin = await person(studio.db, "lin", Role.MODERATOR)
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 2)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.consent(ada, job.id, SHOWN, 2)
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    assert await shown(studio, job.id) == [1]


async def test_an_appeal_waits_for_something_to_decide_about(
    studio: Studio, ada: Person, mo: Person
) -> None:
    lin = await person(studio.db, "lin", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.GORE)
    await studio.desk.appeal(ada, job.id)
    await studio.desk.consent(ada, job.id, NOT_SHOWN)
    assert (await studio.job(job.id)).status is Status.APPEALED
    with pytest.raises(Refused, match="lets nobody see"):
        await studio.desk.review(lin, job.id, Verdict.APPROVE)
    await studio.desk.consent(ada, job.id, SHOWN, 2)
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    assert await shown(studio, job.id) == [2]


async def test_what_is_taken_back_leaves_the_showcase_and_returns_by_review(
    studio: Studio, ada: Person, bo: Person, mo: Person
) -> None:
    job = await published(studio, ada, mo)
    await studio.desk.report(bo, job.id, Reason.SPAM)
    await studio.desk.vote(bo, job.id, 1)
    assert not (await studio.desk.consent(ada, job.id, NOT_SHOWN, 1)).kept
    assert await shown(studio, job.id) == [2]
    with pytest.raises(Refused, match="no clip 1 on this ballot; vote for 2"):
        await studio.desk.vote(bo, job.id, 1)
    assert (await studio.desk.consent(ada, job.id, SHOWN, 1)).waits
    assert await shown(studio, job.id) == [2]
    assert (await studio.desk.consent(ada, job.id, NOT_SHOWN)).kept
    now = await studio.job(job.id)
    assert (now.status, now.round, now.published_at) == (Status.READY, 2, None)
    await studio.desk.consent(ada, job.id, SHOWN)
    await studio.desk.publish(ada, job.id)
    assert await shown(studio, job.id) == []
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert await shown(studio, job.id) == [1, 2]


async def test_votes_for_what_is_not_shown_do_not_count(
    studio: Studio, ada: Person, bo: Person, mo: Person
) -> None:
    job = await published(studio, ada, mo)
    await studio.desk.vote(bo, job.id, 1)
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 1)
    await studio.change(job.id, ballot_closes_at=job.created_at)
    await closed_ballots(studio.db)
    assert (await studio.job(job.id)).winner == 0


async def test_a_winner_that_is_taken_back_has_not_won(
    studio: Studio, ada: Person, bo: Person, mo: Person
) -> None:
    job = await published(studio, ada, mo)
    await studio.desk.vote(bo, job.id, 2)
    await studio.change(job.id, ballot_closes_at=job.created_at)
    await closed_ballots(studio.db)
    assert (await studio.job(job.id)).winner == 2
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 2)
    assert (await studio.job(job.id)).winner == 0
    assert (await studio.job(job.id)).status is Status.PUBLISHED


async def test_each_clip_is_remixed_by_its_own_leave(
    studio: Studio, ada: Person, bo: Person, mo: Person
) -> None:
    job = await published(studio, ada, mo)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True}, 2)
    with pytest.raises(Refused, match=f"of job {job.id} hasn't allowed remixes of clip 1"):
        await studio.desk.remix(bo, job.id, 1, request(), MINE)
    assert (await studio.desk.remix(bo, job.id, None, request(), MINE)).source_clip == 2
    assert rules.may_grow_from(bo.id, job, await made(studio, job.id)) == [2]
    await studio.desk.consent(ada, job.id, NOT_SHOWN, 2)
    with pytest.raises(Refused, match="hasn't allowed remixes of it"):
        await studio.desk.remix(bo, job.id, None, request(), MINE)
