"""The reel of a week: of which clips, whose it is, and that it goes with any clip that leaves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from db import clips, events, ledger, parts, people, record, renders
from db.broker import Broker
from db.models import Job, Statement
from db.session import Db
from db.states import Depicts, Descent, Flag, Kind, Reason, Status, Task
from moderation import reels
from moderation.people import Person
from moderation.reels import TRIES
from moderation.rules import Refused
from tests.moderation.opinions import Five
from tests.support.studio import Studio
from tests.support.weeks import put_together, reel, swept, three, week, won

FACE = "a" * 64 + ".jpg"
Leaving = Callable[[Studio, Five, Job], Awaitable[object]]


@pytest.fixture
async def studio(sqlite_url: str, valkey: str) -> AsyncIterator[Studio]:
    db, broker = Db(sqlite_url), Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()
    await db.close()


async def made_of(studio: Studio, film: Job | None) -> list[int]:
    assert film is not None
    async with studio.db.read() as s:
        return [part.job_id for part, _ in await parts.of(s, film.id)]


async def standing(studio: Studio) -> Job:
    found = await reel(studio)
    assert found is not None
    return found


async def test_it_is_everybodys_and_shown_without_a_review_or_a_ballot(
    studio: Studio, cast: Five
) -> None:
    ada, bo, *_, mo, lin = cast
    jobs = await three(studio, cast)
    await swept(studio)
    await swept(studio)
    waiting = await standing(studio)
    assert (waiting.status, waiting.task, waiting.idle) == (Status.QUEUED, Task.REEL, True)
    shown = await put_together(studio)
    assert shown.status is Status.PUBLISHED
    assert await made_of(studio, shown) == [job.id for job in jobs]
    async with studio.db.read() as s:
        (clip,) = await clips.of(s, shown.id)
        assert (await people.get(s, shown.person_id)).name == "the community"
        assert shown.person_id not in {who.id for who in cast}
        assert await ledger.balance(s, shown.person_id) == 0
    assert clip.shown
    assert [flag for flag in Flag if getattr(clip, flag)] == [
        Flag.SHOWCASE,
        Flag.ELSEWHERE,
        Flag.PROMPT_SHOWN,
    ]
    for refused, says in (
        (studio.desk.vote(lin, shown.id, 1), "ballot is closed"),
        (studio.desk.tip(lin, shown.id), "everybody's"),
        (studio.desk.withdraw(ada, shown.id), "somebody else's"),
        (studio.desk.take_down(Person(bo.id, "bo", mo.roles), shown.id, "Dull."), "clip of yours"),
    ):
        with pytest.raises(Refused, match=says):
            await refused
    async with studio.db.read() as s:
        kinds = [
            entry.kind for entry in await record.newest(s, limit=50) if entry.job_id == shown.id
        ]
    assert Kind.REEL_SHOWN in kinds


async def test_one_clip_alone_is_no_reel(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    await won(studio, ada, mo, [bo])
    await swept(studio)
    assert await reel(studio) is None


@pytest.mark.parametrize("state", ["queued", "rendering", "ready", "published"])
async def test_a_clip_that_is_withdrawn_takes_it_along_and_it_is_made_anew(
    studio: Studio, cast: Five, state: str
) -> None:
    _, bo, cy, *_ = cast
    first, second, third = await three(studio, cast)
    await swept(studio)
    if state != "queued":
        claimed = await studio.claim()
        assert claimed is not None
        if state != "rendering":
            assert await studio.finish(claimed)
        if state == "published":
            await swept(studio)
    before = await standing(studio)
    assert before.status == state
    await studio.desk.withdraw(bo, second.id)
    gone = await studio.job(before.id)
    assert (gone.status, gone.lease_until) == (Status.WITHDRAWN, None)
    if state == "rendering":
        assert not await studio.finish(before), "nobody wants it any more"
    await swept(studio)
    anew = await put_together(studio)
    assert anew.id != before.id
    assert anew.status is Status.PUBLISHED
    assert await made_of(studio, anew) == [first.id, third.id]
    await studio.desk.withdraw(cy, third.id)
    await swept(studio)
    assert (await standing(studio)).status is Status.WITHDRAWN
    assert (await week(studio)).reel_id == anew.id, "one clip is no reel"


async def take_down(studio: Studio, cast: Five, job: Job) -> None:
    await studio.desk.take_down(cast[3], job.id, "It is dull.")


async def keep(studio: Studio, cast: Five, job: Job) -> None:
    await studio.desk.consent(cast[1], job.id, {Flag.SHOWCASE: False})


async def hide(studio: Studio, cast: Five, job: Job) -> None:
    await studio.desk.consent(cast[1], job.id, {Flag.SHOWCASE: False}, clip=1)


async def take_back(studio: Studio, cast: Five, job: Job) -> None:
    await studio.desk.revoke_statement(cast[1], job.id)


async def take_back_above(studio: Studio, cast: Five, job: Job) -> None:
    """What it was made from leaves, too."""
    above = await studio.rendered(cast[1])
    await studio.change(above.id, first_key=FACE)
    await studio.desk.state(cast[1], above.id, Depicts.MYSELF)
    async with studio.db.begin() as s:
        await s.execute(delete(Statement).where(col(Statement.job_id) == job.id))
    await studio.change(job.id, parent_id=above.id)
    await studio.desk.revoke_statement(cast[1], above.id)


@pytest.mark.parametrize("leave", [take_down, keep, hide, take_back, take_back_above])
async def test_however_a_clip_leaves_the_showcase_it_goes_at_once(
    studio: Studio, cast: Five, leave: Leaving
) -> None:
    first, second, third = await three(studio, cast)
    await studio.change(second.id, first_key=FACE)
    await studio.desk.state(cast[1], second.id, Depicts.MYSELF)
    await swept(studio)
    shown = await put_together(studio)
    await leave(studio, cast, second)
    assert (await studio.job(shown.id)).status is Status.WITHDRAWN
    async with studio.db.read() as s:
        last = (await events.of(s, shown.id))[-1]
    assert (last.kind, last.detail) == (Kind.REEL_GONE, {"part": second.id})
    await swept(studio)
    assert await made_of(studio, await reel(studio)) == [first.id, third.id]


async def test_what_is_done_with_other_clips_leaves_it_alone(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    first, *_ = await three(studio, cast)
    other = await won(studio, ada, mo, [])
    await swept(studio)
    shown = await put_together(studio)
    await studio.desk.withdraw(ada, other.id)
    await studio.desk.consent(ada, first.id, {Flag.SHOWCASE: False}, clip=2)
    await studio.desk.consent(ada, first.id, {Flag.NAMED: True})
    await studio.desk.report(bo, first.id, Reason.SPAM)
    await swept(studio)
    assert (await standing(studio)).id == shown.id
    assert (await standing(studio)).status is Status.PUBLISHED


async def test_whoever_is_named_and_changes_their_mind_is_named_no_more(
    studio: Studio, cast: Five
) -> None:
    ada, bo, *_ = cast
    await studio.desk.consent_by_default(ada, {Flag.NAMED: True})
    await studio.desk.consent_by_default(bo, {Flag.NAMED: True})
    first, *_ = await three(studio, cast)
    await swept(studio)
    shown = await put_together(studio)

    async def named() -> list[bool]:
        async with studio.db.read() as s:
            return [part.named for part, _ in await parts.of(s, (await standing(studio)).id)]

    assert await named() == [True, True, False]
    await studio.desk.consent(ada, first.id, {Flag.NAMED: False})
    assert (await studio.job(shown.id)).status is Status.WITHDRAWN
    await swept(studio)
    assert await named() == [False, True, False]


async def test_what_moderators_took_down_is_not_made_anew(studio: Studio, cast: Five) -> None:
    _, bo, _, mo, _ = cast
    _, second, _ = await three(studio, cast)
    await swept(studio)
    shown = await put_together(studio)
    await studio.desk.take_down(mo, shown.id, "Together they are too much.")
    await swept(studio)
    assert (await studio.job(shown.id)).status is Status.REJECTED
    await studio.desk.withdraw(bo, second.id)
    assert (await studio.job(shown.id)).status is Status.WITHDRAWN, "it can't be put back"
    await swept(studio)
    assert (await standing(studio)).id == shown.id


async def test_what_is_put_back_earns_nothing(studio: Studio, cast: Five) -> None:
    ada, *_, mo, lin = cast
    await three(studio, cast)
    await swept(studio)
    shown = await put_together(studio)
    async with studio.db.read() as s:
        before = await ledger.balance(s, ada.id)
    await studio.desk.take_down(mo, shown.id, "Together they are too much.")
    assert await studio.desk.reinstate(lin, shown.id)
    await swept(studio)
    assert (await standing(studio)).status is Status.PUBLISHED
    async with studio.db.read() as s:
        assert await ledger.balance(s, ada.id) == before


async def test_a_final_that_is_shown_stands_for_its_draft(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    first, second, _ = await three(studio, cast)
    final = await won(studio, ada, mo, [], ago=4, variations=1)
    await studio.change(final.id, parent_id=first.id, parent_clip=1, descent=Descent.FINAL)
    unseen = await studio.rendered(bo, private=True, variations=1)
    await studio.change(unseen.id, parent_id=second.id, parent_clip=1, descent=Descent.FINAL)
    await swept(studio)
    shown = await put_together(studio)
    assert (await made_of(studio, shown))[:2] == [final.id, second.id]
    await studio.desk.withdraw(ada, final.id)
    await swept(studio)
    assert (await made_of(studio, await reel(studio)))[:2] == [first.id, second.id]


async def test_it_waits_for_finals_that_are_on_their_way_but_not_for_ever(
    studio: Studio, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, *_ = cast
    first, *_ = await three(studio, cast)
    final = await studio.submit(ada, variations=1)
    await studio.change(final.id, parent_id=first.id, parent_clip=1, descent=Descent.FINAL)
    monkeypatch.setattr(reels, "PATIENCE", timedelta(weeks=1))
    await swept(studio)
    assert await reel(studio) is None
    monkeypatch.setattr(reels, "PATIENCE", timedelta(0))
    await swept(studio)
    assert first.id in await made_of(studio, await reel(studio))


async def test_one_that_fails_is_tried_again_and_then_left(studio: Studio, cast: Five) -> None:
    await three(studio, cast)
    await swept(studio)
    for tries in range(1, TRIES + 1):
        claimed = await studio.claim()
        assert claimed is not None
        assert claimed.attempt == tries
        async with studio.db.begin() as s:
            assert await renders.fail(s, claimed.id, claimed.attempt, "The disk is full.")
        await swept(studio)
    assert await studio.claim() is None
    assert (await standing(studio)).status is Status.FAILED


async def test_one_whose_clip_left_unnoticed_is_not_shown(studio: Studio, cast: Five) -> None:
    first, second, third = await three(studio, cast)
    await swept(studio)
    before = await standing(studio)
    async with studio.db.begin() as s:
        await clips.show(s, second.id, ())  # as when that is said while the reel is being added
    gone = await put_together(studio)
    assert gone.id == before.id
    assert gone.status is Status.WITHDRAWN
    await swept(studio)
    assert await made_of(studio, await reel(studio)) == [first.id, third.id]
