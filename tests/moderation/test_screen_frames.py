"""Frames: looked at once they are there, before anybody decides; and known again when they were rejected."""

from __future__ import annotations

from typing import Any

import pytest

from db import clips, events, frames, hits
from db.models import Clip, Hit, Job, KnownFrame
from db.states import Kind, Reason, Status, Verdict
from moderation.people import Person
from moderation.rules import Refused
from moderation.screening.frames import NEAR, Classified, KnownFrames
from moderation.sweep import unseen_frames
from tests.moderation.opinions import Five
from tests.support.cards import job_of
from tests.support.studio import Studio

pytestmark = pytest.mark.databases("sqlite")

A, B = 0x0F1E2D3C4B5A6978, 0xF0E1D2C3B4A59687
EMPTY = 0x8000000000000000


def hashed(*found: int) -> list[str]:
    return [f"{one:016x}" for one in found]


def clip(number: int, *found: int, **marks: float) -> Clip:
    keys: dict[str, Any] = {
        "video_key": "v",
        "poster_key": "p",
        "preview_key": "w",
        "seed": 1,
        "bytes": 1,
    }
    return Clip(job_id=12, number=number, hashes=hashed(*found), marks=marks, **keys)


def listed(*found: int, job_id: int = 3) -> KnownFrames:
    return KnownFrames(
        [KnownFrame(job_id=job_id, clip=1, hash=one, person_id=1) for one in hashed(*found)]
    )


@pytest.mark.parametrize(("differ", "known"), [(0, True), (NEAR, True), (NEAR + 1, False)])
def test_a_frame_is_known_by_how_few_bits_differ(differ: int, known: bool) -> None:
    found = listed(A).look(job_of(), [clip(1, B), clip(2, B, A ^ (2**differ - 1))])
    assert [(one.rule.id, one.clip, one.words) for one in found] == (
        [("known-frames", 2, ("job 3",))] if known else []
    )


def test_nearly_empty_frames_and_ones_own_are_not_known() -> None:
    assert not listed(EMPTY, 0).look(job_of(), [clip(1, EMPTY, 0)])
    assert not listed(A, job_id=12).look(job_of(), [clip(1, A)])


def test_what_a_classifier_saw_is_taken_over() -> None:
    found = Classified().look(job_of(), [clip(1), clip(2, nsfw=0.934, gore=0.8)])
    assert [(one.rule.id, one.clip, one.words) for one in found] == [
        ("classifier", 2, ("gore 80%", "nsfw 93%"))
    ]


async def made(studio: Studio, who: Person, *found: int, **marks: float) -> Job:
    """A finished job whose first clip has these frames."""
    job = await studio.rendered(who)
    async with studio.db.begin() as s:
        first = (await clips.of(s, job.id))[0]
        first.hashes, first.marks = hashed(*found), marks
    return job


async def of(studio: Studio, job: Job) -> list[Hit]:
    async with studio.db.read() as s:
        return list(await hits.of(s, job.id))


async def rejected(studio: Studio, job: Job, reason: Reason, *moderators: Person) -> None:
    for moderator in moderators:
        if (await studio.job(job.id)).status is Status.IN_REVIEW:
            await studio.desk.review(moderator, job.id, Verdict.REJECT, reason=reason)


@pytest.mark.databases("sqlite", "postgres")
async def test_the_sweep_looks_at_new_clips_once(studio: Studio, cast: Five) -> None:
    job = await made(studio, cast[0], nsfw=0.9)
    assert await unseen_frames(studio.db) == [job.id]
    assert await unseen_frames(studio.db) == []
    assert [(hit.rule, hit.clip, hit.words) for hit in await of(studio, job)] == [
        ("classifier", 1, ["nsfw 90%"])
    ]
    async with studio.db.read() as s:
        flagged = [e.detail for e in await events.of(s, job.id) if e.kind is Kind.FLAGGED]
    assert flagged == [{"rules": ["classifier"]}]


async def test_what_was_looked_at_is_not_looked_at_again_by_a_review(
    studio: Studio, cast: Five
) -> None:
    job = await made(studio, cast[0])
    assert await unseen_frames(studio.db) == []
    async with studio.db.begin() as s:
        (await clips.of(s, job.id))[0].marks = {"nsfw": 0.9}
    await studio.desk.review(cast[3], job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert await of(studio, job) == []


async def test_a_moderator_faster_than_the_sweep_decides_about_what_is_flagged(
    studio: Studio, cast: Five
) -> None:
    job = await made(studio, cast[0], nsfw=0.9)
    await studio.desk.review(cast[3], job.id, Verdict.REJECT, reason=Reason.SEXUAL)
    assert [hit.rule for hit in await of(studio, job)] == ["classifier"]


@pytest.mark.databases("sqlite", "postgres")
async def test_rejected_frames_are_known_again_until_they_are_forgotten(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    job = await made(studio, ada, A)
    await rejected(studio, job, Reason.GORE, mo, lin)
    await studio.desk.remember_frames(mo, job.id)
    await studio.desk.remember_frames(lin, job.id)
    like, unlike = await made(studio, bo, B, A ^ 1), await made(studio, bo, B)
    assert await unseen_frames(studio.db) == [like.id]
    assert [(hit.rule, hit.words) for hit in await of(studio, like)] == [
        ("known-frames", [f"job {job.id}"])
    ]
    assert await of(studio, unlike) == []
    await studio.desk.forget_frames(lin, job.id)
    await made(studio, bo, A)
    assert await unseen_frames(studio.db) == []
    with pytest.raises(Refused, match="No frames"):
        await studio.desk.forget_frames(lin, job.id)
    async with studio.db.read() as s:
        kinds = [e.kind for e in await events.of(s, job.id)]
        assert await frames.known(s) == []
    assert kinds.count(Kind.FRAMES_REMEMBERED) == 2
    assert kinds.count(Kind.FRAMES_FORGOTTEN) == 1


async def test_who_may_have_which_frames_known_again(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    job = await made(studio, ada, A)
    with pytest.raises(Refused, match="Only of rejected clips"):
        await studio.desk.remember_frames(mo, job.id)
    await rejected(studio, job, Reason.SPAM, mo, lin)
    with pytest.raises(Refused, match="not rejected for what its frames show"):
        await studio.desk.remember_frames(mo, job.id)
    for verb in (studio.desk.remember_frames, studio.desk.forget_frames):
        with pytest.raises(Refused, match="Only moderators"):
            await verb(bo, job.id)
    bare = await studio.rendered(lin)
    await rejected(studio, bare, Reason.HATE, mo, mo)
    with pytest.raises(Refused, match="has no frames"):
        await studio.desk.remember_frames(mo, bare.id)
    with pytest.raises(Refused, match="their own work"):
        await studio.desk.remember_frames(lin, bare.id)
