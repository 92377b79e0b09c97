"""Statements of who is in a clip: asked for before it is shown, and revocable."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.stating import sent
from db import events, forgetting, statements
from db.models import Job, Statement
from db.states import Depicts, Flag, Kind, Status
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from moderation.stating import Unstated
from moderation.waiting import let_in
from moderation.wish import Picture, Wish
from tests.moderation.opinions import YES, Five, kinds
from tests.support.studio import ABLE, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")

FACE = Picture("a" * 64 + ".jpg", 64, 64)
OTHER_FACE = Picture("b" * 64 + ".jpg", 64, 64)
NAMED = "Angela Merkel as an astronaut"
AGREED = "She saw the picture and said yes."


@pytest.fixture(autouse=True)
async def able(studio: Studio) -> None:
    await studio.open([ABLE])


async def stands(studio: Studio, job: Job) -> Status:
    return (await studio.job(job.id)).status


async def shown(studio: Studio, cast: Five) -> Job:
    """A clip of a picture, in the showcase, and everybody may go on from it."""
    ada, _, _, mo, lin = cast
    job = await studio.rendered(ada, image=FACE, variations=1)
    await studio.desk.state(ada, job.id, Depicts.AGREED, AGREED)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    for who in (mo, lin):
        await studio.desk.review(who, job.id, YES)
    return await studio.job(job.id)


@pytest.mark.parametrize("wish", [{"image": FACE}, {"prompt": NAMED}], ids=["picture", "name"])
async def test_what_shows_somebody_stays_with_its_artist_until_they_say_who(
    studio: Studio, cast: Five, wish: dict[str, Any]
) -> None:
    ada = cast[0]
    job = await studio.rendered(ada, **wish)
    assert job.status is Status.READY
    with pytest.raises(Unstated, match="Say first who is in job 1"):
        await studio.desk.publish(ada, job.id)
    done = await studio.desk.state(ada, job.id, Depicts.MYSELF)
    assert done.went
    assert await stands(studio, job) is Status.IN_REVIEW
    async with studio.db.read() as s:
        told = (await events.of(s, job.id))[-1]
    assert (told.kind, told.detail) == (Kind.SENT_TO_REVIEW, {"depicts": "myself"})


async def test_what_was_said_while_it_was_made_sends_it_on_by_itself(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    job = await studio.submit(ada, image=FACE)
    assert not (await studio.desk.state(ada, job.id, Depicts.NOBODY)).went
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    assert await stands(studio, job) is Status.IN_REVIEW


async def test_what_is_private_isnt_sent_on_by_a_statement(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    job = await studio.rendered(ada, image=FACE, private=True)
    assert not (await studio.desk.state(ada, job.id, Depicts.MYSELF)).went
    await studio.desk.publish(ada, job.id)
    assert await stands(studio, job) is Status.IN_REVIEW


async def test_a_statement_is_the_artists_and_says_how_somebody_agreed(
    studio: Studio, cast: Five
) -> None:
    ada, bo = cast[:2]
    job = await studio.rendered(ada, image=FACE)
    plain = await studio.rendered(ada)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.state(bo, job.id, Depicts.MYSELF)
    with pytest.raises(Refused, match="Say in a sentence how they agreed"):
        await studio.desk.state(ada, job.id, Depicts.AGREED, " ")
    with pytest.raises(Refused, match="needs no statement"):
        await studio.desk.state(ada, plain.id, Depicts.MYSELF)
    with pytest.raises(Refused, match="You have stated nothing"):
        await studio.desk.revoke_statement(ada, job.id)


async def test_a_statement_is_kept_with_its_history(studio: Studio, cast: Five) -> None:
    job = await shown(studio, cast)
    await studio.desk.state(cast[0], job.id, Depicts.AGREED, AGREED)  # the same again is no news
    await studio.desk.revoke_statement(cast[0], job.id)
    told = [kind for kind in await kinds(studio, job) if "state" in kind]
    assert told == [Kind.STATED, Kind.STATEMENT_REVOKED]
    async with studio.db.read() as s:
        latest = await statements.latest(s, job.id)
    assert latest is not None
    assert latest.depicts is None


async def test_taking_it_back_takes_along_what_its_artist_made_from_it(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    job = await shown(studio, cast)
    own = await studio.desk.extend(ada, job.id, None, request())
    others = await studio.desk.remix(bo, job.id, None, request(), Wish("in oil"))
    for _ in range(2):
        claimed = await studio.claim()
        assert claimed is not None
        await studio.finish(claimed)
        for who in (mo, lin):
            if await stands(studio, claimed) is Status.IN_REVIEW:
                await studio.desk.review(who, claimed.id, YES)
        assert await stands(studio, claimed) is Status.PUBLISHED, "it rests on the one above"
    done = await studio.desk.revoke_statement(ada, job.id)
    assert done.kept == (job.id, own.id)
    assert await stands(studio, others) is Status.PUBLISHED, "what others made stays"
    for left in (job, own):
        with pytest.raises(Unstated):
            await studio.desk.publish(ada, left.id)
    await studio.desk.state(ada, job.id, Depicts.MYSELF)
    await studio.desk.publish(ada, own.id)


async def test_another_picture_or_name_takes_a_statement_of_its_own(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    job = await shown(studio, cast)
    other = await studio.rendered(ada, image=OTHER_FACE)
    named = await studio.desk.remix(ada, job.id, None, request(), Wish(NAMED))
    near = await studio.desk.vary(ada, job.id, None, request())
    async with studio.db.read() as s:
        owed = [await statements.is_owed(s, one) for one in (other, named, near)]
    assert owed == [True, True, False]


async def test_an_appeal_isnt_granted_nor_anything_put_back_without_it(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    job = await shown(studio, cast)
    await studio.desk.take_down(mo, job.id, "no")
    await studio.desk.revoke_statement(ada, job.id)
    await studio.desk.reinstate(lin, job.id)
    with pytest.raises(Refused, match="hasn't stated who is in job 1"):
        await studio.desk.reinstate(await third(studio), job.id)
    await studio.desk.appeal(ada, job.id)
    with pytest.raises(Refused, match="hasn't stated"):
        await studio.desk.review(await fourth(studio), job.id, YES)
    await studio.desk.state(ada, job.id, Depicts.MYSELF)
    await studio.desk.review(await fourth(studio), job.id, YES)
    assert await stands(studio, job) is Status.PUBLISHED


async def third(studio: Studio) -> Person:
    return await person(studio.db, "kim", Role.MODERATOR)


async def fourth(studio: Studio) -> Person:
    return await person(studio.db, "nan", Role.MODERATOR)


@pytest.mark.databases("sqlite", "postgres")
async def test_what_waits_for_room_is_let_in_with_a_statement_only(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    studio.desk.rules = Rules(backlog=0)
    job = await studio.rendered(ada, image=FACE, private=True)
    await studio.desk.state(ada, job.id, Depicts.MYSELF)
    assert not await studio.desk.publish(ada, job.id)
    done = await studio.desk.revoke_statement(ada, job.id)
    assert done.kept == (job.id,)
    assert await let_in(studio.db, Rules()) == []
    assert await stands(studio, job) is Status.READY


async def test_a_statement_taken_back_is_missing_even_when_its_artist_is_forgotten(
    studio: Studio, cast: Five
) -> None:
    ada, bo = cast[:2]
    job = await shown(studio, cast)
    others = await studio.desk.remix(bo, job.id, None, request(), Wish("in oil"))
    await studio.desk.revoke_statement(ada, job.id)
    async with studio.db.begin() as s:
        await forgetting.forget(s, await forgetting.whose(s, ada.id))
    async with studio.db.read() as s:
        assert await statements.is_owed(s, await studio.job(others.id))
        left = await statements.latest_of(s, [job.id])
        assert [said.sentence for said in left.values()] == [""]
        assert AGREED not in [said.sentence for said in await s.scalars(select(Statement))]


async def test_what_left_with_a_statement_is_sent_only_by_its_artist(
    studio: Studio, cast: Five
) -> None:
    ada = cast[0]
    job = await shown(studio, cast)
    await studio.desk.revoke_statement(ada, job.id)
    says = "Noted. Job 1 is private; publish it to send it to the moderators."
    for _ in range(2):  # the same again is no news, but the same answer
        assert await sent(studio.desk, ada, job.id, "myself") == says
    await studio.desk.publish(ada, job.id)
    assert await stands(studio, job) is Status.IN_REVIEW
