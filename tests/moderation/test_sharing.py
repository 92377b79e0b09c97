"""Remixes and extensions of somebody else's clips: only shown ones, and only with their artist's leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from db import clips, events, jobs
from db.models import Clip, Job
from db.states import Depicts, Descent, Flag, Kind, Status, Task, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.wish import Picture, Request, Wish
from tests.support.studio import ABLE, OFFER, Studio, person, request

pytestmark = pytest.mark.databases("sqlite")

MINE = Wish("a cube", strength=0.5)


@pytest.fixture
async def ada(studio: Studio) -> Person:
    await studio.open([ABLE])
    return await person(studio.db, "ada")


@pytest.fixture
async def bo(studio: Studio) -> Person:
    return await person(studio.db, "bo")


async def published(studio: Studio, artist: Person, *only: int, **wish: Any) -> Job:
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(artist, **wish)
    if job.first_key:
        await studio.desk.state(artist, job.id, Depicts.NOBODY)
    await studio.desk.review(mo, job.id, Verdict.APPROVE, only=only)
    return await studio.job(job.id)


async def clips_of(studio: Studio, job_id: int) -> Sequence[Clip]:
    async with studio.db.read() as s:
        return await clips.of(s, job_id)


async def test_remixing_is_forbidden_until_it_is_allowed(
    studio: Studio, ada: Person, bo: Person
) -> None:
    job = await published(studio, ada)
    assert not any(clip.remix for clip in await clips_of(studio, job.id))
    for ask in (
        studio.desk.remix(bo, job.id, 1, request(), MINE),
        studio.desk.extend(bo, job.id, 1, request()),
    ):
        with pytest.raises(Refused, match=f"artist of job {job.id} hasn't allowed remixes of it"):
            await ask
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    remix = await studio.desk.remix(bo, job.id, 2, request(), MINE)
    assert (remix.person_id, remix.descent, remix.task) == (bo.id, Descent.REMIX, Task.VIDEO)
    assert (remix.parent_id, remix.parent_clip) == (job.id, 2)
    assert (remix.source_id, remix.source_clip) == (job.id, 2)
    assert (remix.prompt, remix.strength) == ("a cube", 0.5)
    sequel = await studio.desk.extend(bo, job.id, 1, request())
    assert (sequel.person_id, sequel.descent) == (bo.id, Descent.EXTEND)
    for ask in (
        studio.desk.redraw(bo, job.id, 1, request(), MINE),
        studio.desk.vary(bo, job.id, 1, request()),
        studio.desk.finalize(bo, job.id, 1, request()),
        studio.desk.again(bo, job.id, request()),
    ):
        with pytest.raises(Refused, match="somebody else's"):
            await ask


async def test_its_artist_alone_allows_and_forbids_and_twice_is_once(
    studio: Studio, ada: Person, bo: Person
) -> None:
    job = await published(studio, ada)
    with pytest.raises(Refused, match="somebody else's"):
        await studio.desk.consent(bo, job.id, {Flag.REMIX: True})
    for allowed in (False, True, True, False, False):
        await studio.desk.consent(ada, job.id, {Flag.REMIX: allowed})
        made = await clips_of(studio, job.id)
        assert [clip.remix for clip in made] == [allowed, allowed]
    async with studio.db.read() as s:
        told = [e.detail for e in await events.of(s, job.id) if e.kind is Kind.CONSENTED]
    about = {"flag": "remix", "clips": [1, 2]}
    assert told == [about | {"given": True}, about | {"given": False}]


async def test_only_what_is_in_the_showcase_can_be_remixed_by_others(
    studio: Studio, ada: Person, bo: Person
) -> None:
    mo = await person(studio.db, "mo", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    outside = f"Job {job.id} is somebody else's and not in the showcase"
    with pytest.raises(Refused, match=outside):
        await studio.desk.remix(bo, job.id, 1, request(), MINE)
    await studio.desk.review(mo, job.id, Verdict.APPROVE, only=[2])
    with pytest.raises(Refused, match=f"Job {job.id} has no clip 1 in the showcase; pick 2"):
        await studio.desk.remix(bo, job.id, 1, request(), MINE)
    assert (await studio.desk.remix(bo, job.id, None, request(), MINE)).source_clip == 2
    assert (await studio.desk.remix(ada, job.id, 1, request(), MINE)).source_clip == 1
    await studio.desk.take_down(mo, job.id, "not here")
    with pytest.raises(Refused, match=outside):
        await studio.desk.remix(bo, job.id, 2, request(), MINE)


async def test_its_artist_always_may(studio: Studio, ada: Person) -> None:
    job = await studio.rendered(ada)
    remix = await studio.desk.remix(ada, job.id, 1, request(), MINE)
    assert (remix.descent, remix.parent_id) == (Descent.REMIX, job.id)


async def test_what_was_made_stays_but_nothing_more_is_made(
    studio: Studio, ada: Person, bo: Person
) -> None:
    """Neither from the clip itself nor from a remix of it, until its artist allows it again."""
    job = await published(studio, ada)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    remix = await studio.desk.remix(bo, job.id, 1, request(), MINE)
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    waiting = await studio.desk.remix(bo, job.id, 1, request(), MINE)
    await studio.desk.cancel(bo, waiting.id)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: False})
    for ask in (
        studio.desk.remix(bo, job.id, 1, request(), MINE),
        studio.desk.again(bo, remix.id, request()),
        studio.desk.vary(bo, remix.id, 1, request()),
        studio.desk.retry(bo, waiting.id),
    ):
        with pytest.raises(Refused, match="hasn't allowed remixes"):
            await ask
    assert (await studio.desk.finalize(bo, remix.id, 1, request())).source_id == job.id
    await studio.desk.withdraw(ada, job.id)
    assert (await studio.job(remix.id)).status is Status.IN_REVIEW
    with pytest.raises(Refused, match="not in the showcase"):
        await studio.desk.again(bo, remix.id, request())
    assert (await studio.desk.extend(bo, remix.id, 1, request())).source_id == remix.id


async def test_private_pictures_stay_with_whoever_gave_them(
    studio: Studio, ada: Person, bo: Person
) -> None:
    given = {"image": Picture("ada.png"), "last": Picture("end.png")}
    job = await published(studio, ada, **given)
    lin = await person(studio.db, "lin", Role.MODERATOR)  # of what begins with a picture two decide
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    assert job.first_key == "ada.png"
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    for grown in (
        await studio.desk.remix(bo, job.id, 1, request(), MINE),
        await studio.desk.extend(bo, job.id, 1, request()),
    ):
        assert (grown.first_key, grown.last_key, grown.near) == ("", "", [])
    async with studio.db.read() as s:
        assert not any(job.first_key for job in await jobs.of_person(s, bo.id))


async def test_it_goes_by_the_workspace_in_which_it_was_asked_for(
    studio: Studio, ada: Person, bo: Person
) -> None:
    job = await published(studio, ada)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    there = Request("k", "discord", "there", "guild")
    remix = await studio.desk.remix(bo, job.id, 1, there, MINE)
    assert (remix.room, remix.place, remix.workspace) == ("discord", "there", "guild")
    assert (await studio.desk.remix(bo, job.id, 1, there, MINE)).id == remix.id


async def test_a_model_that_can_not_says_so(studio: Studio, ada: Person, bo: Person) -> None:
    job = await published(studio, ada)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    await studio.open([OFFER])
    with pytest.raises(Refused, match="Toy can't redraw a clip"):
        await studio.desk.remix(bo, job.id, 1, request(), MINE)
    with pytest.raises(Refused, match="Toy can't go on from the end of a clip"):
        await studio.desk.extend(bo, job.id, 1, request())
