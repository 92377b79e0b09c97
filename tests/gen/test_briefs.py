"""What a job asks of its engine, and which files it is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from db import clips
from db.broker import Broker
from db.media import Media
from db.models import Job
from db.offers import Draft
from db.session import Db
from db.states import RENDERED, Descent, Flag, Task, Verdict
from gen.briefs import brief_of, inputs_of
from gen.catalogue import Entry, StyleEntry
from gen.engines.base import CannotMake, Inputs
from moderation import films, growth
from moderation.people import Role
from moderation.plan import plan
from moderation.wish import Picture, Wish
from tests.support.engines import Toy, entry
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

INK = StyleEntry(
    name="ink",
    title="Ink",
    owner="Ada",
    licence="CC-BY-4.0",
    triggers=("inkwash", "Paper"),
    models=("toy",),
    source="/loras/ink",
    weight_name="ink.safetensors",
)
MODEL = entry("toy", Toy, Path("diary")).model_copy(
    update={"tasks": RENDERED, "styles": (INK,), "draft": Draft(steps=2, scale=0.5)}
)


def planned(model: Entry = MODEL, **wish: Any) -> Job:
    job = plan(Wish("a boat on paper", seed=7, **wish), request(), 1, [model])
    job.id = 1
    return job


def test_a_draft_takes_its_noise_from_its_final() -> None:
    brief = brief_of(planned(), MODEL)
    assert (brief.width, brief.height, brief.steps) == (32, 32, 2)
    assert brief.final_size == (64, 64)
    assert brief_of(planned(final=True), MODEL).final_size is None


def test_the_words_that_wake_a_style_are_put_before_the_prompt_once() -> None:
    job = planned(style="ink:0.8")
    brief = brief_of(job, MODEL)
    assert brief.prompt == "inkwash, a boat on paper"
    assert brief.style is not None
    assert (brief.style.source, brief.style.strength) == ("/loras/ink", 0.8)
    assert job.prompt == "a boat on paper"


def test_a_style_that_this_worker_lacks_is_one_sentence() -> None:
    job = planned(style="ink")
    with pytest.raises(CannotMake, match=r"doesn't have the style ink any more; choose another\."):
        brief_of(job, MODEL.model_copy(update={"styles": ()}))


def test_last_steps_and_seeds_to_stay_near_go_with_it() -> None:
    job = planned(upscale=True, smooth=True)
    job.near, job.vary = [[2**32 - 1, 1.0], [5, 0.2]], 0.35
    brief = brief_of(job, MODEL)
    assert (brief.upscale, brief.smooth, brief.near, brief.vary) == (
        True,
        True,
        ((2**32 - 1, 1.0), (5, 0.2)),
        0.35,
    )
    assert (brief.task, brief.strength) == (Task.TEXT, MODEL.strength.default)


async def test_pictures_and_clips_are_found_as_files(sqlite_url: str, tmp_path: Path) -> None:
    db, media = Db(sqlite_url), Media(tmp_path / "media")
    (tmp_path / "cat.png").write_bytes(b"a picture")
    key = await media.put(tmp_path / "cat.png")
    assert key.endswith(".png")
    job = planned(image=Picture(key), last=Picture(key))
    async with db.read() as s:
        assert await inputs_of(s, media, job) == Inputs(media.path(key), media.path(key))
        await media.discard(key)
        with pytest.raises(CannotMake, match="A picture that this starts from is gone"):
            await inputs_of(s, media, job)
    await db.close()


async def test_the_clip_behind_it_must_still_be_there(sqlite_url: str, tmp_path: Path) -> None:
    db, media = Db(sqlite_url), Media(tmp_path / "media")
    studio = await Studio(db, Broker(NO_BROKER)).open([ABLE])
    first = await studio.rendered(await person(db, "ada"))
    async with db.read() as s:
        source = (await clips.of(s, first.id))[1]
        sequel = growth.extended(first, source, request(), first.person_id, [ABLE])
        with pytest.raises(CannotMake, match="The clip that this goes on from is gone"):
            await inputs_of(s, media, sequel)
        path = media.path(source.video_key)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a film")
        assert await inputs_of(s, media, sequel) == Inputs(film=path)
        sequel.source_clip = 3
        with pytest.raises(CannotMake, match="is gone"):
            await inputs_of(s, media, sequel)
    await db.close()


async def test_somebody_elses_clip_is_gone_on_from_while_they_allow_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Whatever was so when it was asked for."""
    db, media = Db(sqlite_url), Media(tmp_path / "media")
    studio = await Studio(db, Broker(NO_BROKER)).open([ABLE])
    ada, bo = await person(db, "ada"), await person(db, "bo")
    mo = await person(db, "mo", Role.MODERATOR)
    first = await studio.rendered(ada)
    await studio.desk.review(mo, first.id, Verdict.APPROVE)
    await studio.desk.consent(ada, first.id, {Flag.REMIX: True})
    sequel = await studio.desk.extend(bo, first.id, 2, request())
    path = media.path(f"{2:064x}.mp4")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a film")
    async with db.read() as s:
        assert (await inputs_of(s, media, sequel)).film == path
    for given, allowed in (({Flag.REMIX: False}, False), ({Flag.REMIX: True}, True)):
        await studio.desk.consent(ada, first.id, given, 2)
        async with db.read() as s:
            if allowed:
                assert (await inputs_of(s, media, sequel)).film == path
            else:
                with pytest.raises(CannotMake, match="doesn't allow that any more"):
                    await inputs_of(s, media, sequel)
    await studio.desk.consent(ada, first.id, {Flag.SHOWCASE: False}, 2)
    async with db.read() as s:
        with pytest.raises(CannotMake, match="doesn't allow that any more"):
            await inputs_of(s, media, sequel)
    await db.close()


async def test_nobody_goes_on_from_what_was_withdrawn(sqlite_url: str, tmp_path: Path) -> None:
    """Neither with a final of what was allowed before, nor from the end of it that one was shown."""
    db, media = Db(sqlite_url), Media(tmp_path / "media")
    studio = await Studio(db, Broker(NO_BROKER)).open([ABLE])
    ada, bo = await person(db, "ada"), await person(db, "bo")
    path = media.path(f"{1:064x}.mp4")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a film")
    first = await studio.rendered(ada, variations=1)
    glimpse = films.put_together(
        Task.GLIMPSE, [(first, 1)], request(), bo.id, "an end", private=True
    )
    async with db.begin() as s:
        await films.add(s, glimpse, [(first, 1)])
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    async with db.read() as s:
        clip = (await clips.of(s, first.id))[0]
        final = growth.extended(first, clip, request(), bo.id, [ABLE])
        final.descent = Descent.FINAL
        link = growth.extended(first, clip, request(), bo.id, [ABLE])
        link.source_id = glimpse.id
        for job in (final, link):
            assert (await inputs_of(s, media, job)).film == path
    await studio.desk.withdraw(ada, first.id)
    async with db.read() as s:
        for job in (final, link):
            with pytest.raises(CannotMake, match="doesn't allow that any more"):
                await inputs_of(s, media, job)
    await db.close()


async def test_a_picture_stays_while_any_job_needs_it(sqlite_url: str, tmp_path: Path) -> None:
    db, media = Db(sqlite_url), Media(tmp_path / "media")
    (tmp_path / "cat.jpg").write_bytes(b"a picture")
    key = await media.put(tmp_path / "cat.jpg")
    studio = await Studio(db, Broker(NO_BROKER)).open([ABLE])
    await studio.submit(await person(db, "ada"), image=Picture(key))
    async with db.begin() as s:
        await clips.discard_unused(s, media, [key])
    assert media.path(key).exists()
    await studio.change(1, first_key="")
    async with db.begin() as s:
        await clips.discard_unused(s, media, [key])
    assert not media.path(key).exists()
    await db.close()
