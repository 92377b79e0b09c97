"""A clip that is too large for its place: made smaller once, and no card waits for ever for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card import Card, CardClip, CardPicture, Tone
from bot.on_discord import files, fitting
from bot.on_discord.client import StudioClient
from bot.on_discord.files import REQUEST_BYTES, Files, Shelf, share
from bot.on_discord.fitting import Fitting, Lack
from db import clips
from db.media import Media
from db.models import Clip
from db.states import Purpose
from gen import encode
from tests.bot.on_discord.town import Town
from tests.bot.on_discord.world import World
from tests.support.films import noise

MIB = 2**20
LIMIT = 10 * MIB


class Ladder:
    """Plays the process that makes clips smaller."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, makes: bool = True) -> None:
        self.asked: list[tuple[str, int]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._makes = makes
        monkeypatch.setattr(fitting, "_fitted", self._fit)

    async def _fit(self, whole: Path, limit: int, folder: Path) -> Path | None:
        self.asked.append((whole.stem, limit))
        await self.may_end.wait()
        if not self._makes:
            return None
        form = Media(folder.parent).form(whole.name, limit)
        form.parent.mkdir(exist_ok=True)
        form.write_bytes(b"smaller")
        return form


async def nobody(job_id: int) -> None:
    return


def large(file: Path, size: int = 11 * MIB) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        opened.truncate(size)


async def made(world: World) -> list[Clip]:
    """Two clips, of which every file is there."""
    await world.rendered(variations=2)
    async with world.db.read() as s:
        return list(await clips.of(s, 1))


def card(*numbers: int, pictures: tuple[CardPicture, ...] = ()) -> Card:
    shown = tuple(CardClip(number, number) for number in numbers or (1, 2))
    return Card(
        Purpose.REVIEW, 1, Tone.GOOD, "Job 1", "ada", "a dot", clips=shown, pictures=pictures
    )


def shelf(world: World) -> Shelf:
    return Shelf(world.db, world.media, nobody)


def names(found: Files) -> list[str]:
    return [one.name for one in found.attached]


# ── what fits already ────────────────────────────────────────────────────────────────────


async def test_the_ladders_own_form_is_found_again_without_a_process(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = encode.clip(noise(6, 64, 96), 6, tmp_path, "clip-1").video
    limit = video.stat().st_size // 2
    key = await world.media.put(video)
    first = await Fitting(world.media, nobody).form(key, limit, 1)
    assert isinstance(first, Path)
    assert first == world.media.form(key, limit)
    assert 0 < first.stat().st_size <= limit
    ladder = Ladder(monkeypatch)
    assert await Fitting(world.media, nobody).form(key, limit, 1) == first
    assert ladder.asked == []


async def test_what_is_small_enough_is_left_alone(world: World) -> None:
    await made(world)
    found = await shelf(world).files_of(card(), LIMIT)
    assert names(found) == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"]
    assert found.notes == []


async def test_what_is_covered_begins_with_stills_without_colours(world: World) -> None:
    for clip in await made(world):
        still = world.media.grey(clip.poster_key)
        still.parent.mkdir(exist_ok=True)
        still.write_bytes(b"grey")
    found = await shelf(world).files_of(replace(card(), spoiler=True), LIMIT)
    assert [one.name.partition("-")[0] for one in found.attached] == ["grey", "grey", "job", "job"]
    assert all(one.spoiler for one in found.attached)
    shown = await shelf(world).files_of(card(), LIMIT)
    assert names(shown) == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"], "what is public isn't grey"


# ── what doesn't ─────────────────────────────────────────────────────────────────────────


async def test_a_file_that_is_gone_is_said_and_starts_no_process(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await made(world)
    ladder = Ladder(monkeypatch)
    world.media.path(other.video_key).unlink()
    found = await shelf(world).files_of(card(), LIMIT)
    assert found.notes == ["Clip 2's file is gone."]
    for key in (one.video_key, one.preview_key, other.preview_key):
        world.media.path(key).unlink()
    found = await shelf(world).files_of(card(), LIMIT)
    assert found.notes == ["The files of clips 1 and 2 are gone."]
    assert found.attached == []
    assert ladder.asked == []


async def test_what_cannot_be_made_is_not_tried_at_every_repaint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = await made(world)
    large(world.media.path(other.video_key))
    ladder = Ladder(monkeypatch, makes=False)
    keeper = shelf(world)
    for _ in range(3):
        found = await keeper.files_of(card(), LIMIT)
        assert found.notes == [files.NEVER[0].format(2)]
        assert names(found) == ["job-1-clip-1.mp4", "job-1-clip-2.webp"]
    assert len(ladder.asked) == 1
    monkeypatch.setattr(fitting, "FAILED_SECONDS", 0)
    await keeper.files_of(card(), LIMIT)
    assert len(ladder.asked) == 2


async def test_failures_are_not_remembered_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "MOST_FAILED", 2)
    one, _ = await made(world)
    large(world.media.path(one.video_key))
    ladder = Ladder(monkeypatch, makes=False)
    keeper = Fitting(world.media, nobody)
    for limit in (1001, 1002, 1003, 1003, 1001):
        assert await keeper.form(one.video_key, limit, 1) is Lack.NEVER
    assert [limit for _, limit in ladder.asked] == [1001, 1002, 1003, 1001]


async def test_an_encoding_without_end_is_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await made(world)
    large(world.media.path(one.video_key))
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def starting(*command: str, **more: Any) -> asyncio.subprocess.Process:
        started.append(await start("sleep", "60", **more))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)
    monkeypatch.setattr(fitting, "FIT_SECONDS", 0.1)
    keeper = Fitting(world.media, nobody)
    for _ in range(2):
        assert await keeper.form(one.video_key, LIMIT, 1) is Lack.NEVER
    (process,) = started
    assert process.returncode is not None


# ── what takes long ──────────────────────────────────────────────────────────────────────


async def test_a_card_waits_once_for_all_its_clips(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "PATIENCE_SECONDS", 0.3)
    for clip in await made(world):
        large(world.media.path(clip.video_key))
    ladder = Ladder(monkeypatch)
    ladder.may_end.clear()
    keeper = shelf(world)
    began = time.monotonic()
    found = await keeper.files_of(card(), LIMIT)
    assert time.monotonic() - began < 0.55
    assert found.notes == ["Clips 1 and 2 are being made smaller for this place."]
    assert names(found) == ["job-1-clip-1.webp", "job-1-clip-2.webp"]
    await keeper.files_of(card(), LIMIT)
    assert len(ladder.asked) == 1, "one after the other, and each once"
    ladder.may_end.set()
    found = await keeper.files_of(card(), LIMIT)
    assert found.notes == ["Clips 1 and 2 were made smaller to fit this place."]
    assert len(ladder.asked) == 2


async def test_a_clip_that_took_long_comes_by_itself_to_where_it_was_missing(
    town: Town,
    client: StudioClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(fitting, "ON_ITS_WAY_SECONDS", 0.5)
    ladder = Ladder(monkeypatch)
    ladder.may_end.clear()
    town.guild.file_limit = 9 * MIB
    await town.wish()
    await town.render()
    large(town.media.path(f"{2:064x}.mp4"))
    shown = await town.until_shown(town.review)
    await town.settled()
    assert "Clip 2 is being made smaller for this place." in shown.text().replace("\\", "")
    assert [a.filename for a in shown.attachments] == ["job-1-clip-1.mp4", "job-1-clip-2.webp"]
    ladder.may_end.set()
    await town.discord.until(
        lambda: [a.filename for a in shown.attachments] == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"],
        20,
    )
    assert "Clip 2 was made smaller" in shown.text().replace("\\", "")
    assert len(town.review.history) == 1


# ── one request ──────────────────────────────────────────────────────────────────────────


async def test_pictures_count_against_what_one_request_may_hold(world: World) -> None:
    await made(world)
    pictures = tuple(
        CardPicture(which, "Begins with", f"{number:064x}.png")
        for number, which in ((101, "first"), (102, "last"))
    )
    for picture in pictures:
        large(world.media.path(picture.key), 13 * MIB)
    found = await shelf(world).files_of(card(pictures=pictures), 50 * MIB)
    assert sum(one.file.stat().st_size for one in found.attached) < REQUEST_BYTES
    assert [one.name.partition("-")[0] for one in found.attached] == ["first", "job", "job"]
    assert found.notes == ["The last picture is too large for this place."]
    world.media.path(pictures[1].key).unlink()
    found = await shelf(world).files_of(card(pictures=pictures), 50 * MIB)
    assert found.notes == ["The last picture's file is gone."]


async def test_pictures_leave_enough_for_the_clips(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = Ladder(monkeypatch)
    for clip in await made(world):
        large(world.media.path(clip.video_key), 30 * MIB)
    picture = CardPicture("first", "Begins with", f"{101:064x}.png")
    large(world.media.path(picture.key), 8 * MIB)
    found = await shelf(world).files_of(card(pictures=(picture,)), 50 * MIB)
    assert found.notes == ["Clips 1 and 2 were made smaller to fit this place."]
    each = (REQUEST_BYTES - files.ELSE_BYTES - 8 * MIB) // 2
    assert [limit for _, limit in ladder.asked] == [each, each]


@given(st.lists(st.integers(0, 10**6), max_size=6), st.integers(0, 10**6))
def test_shares_fill_the_room_and_no_more(sizes: list[int], room: int) -> None:
    each = share(sizes, room)
    assert each >= 0
    held = [min(size, each) for size in sizes]
    assert sum(held) <= room
    if held != sizes:
        assert sum(held) > room - len(sizes), "nothing is made smaller than it must be"


async def test_what_turns_out_too_large_for_an_answer_is_shown_smaller(world: World) -> None:
    await world.rendered()
    world.env.inject_error(
        "PATCH", "/webhooks/*/*/messages/@original", status=413, code=40005, times=1
    )
    shown = await world.ada.slash(world.general, "studio show", job=1)
    assert shown.response is not None
    assert len(shown.response.attachments) == 2


async def test_the_interactions_own_limit_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(world)
    limits: list[int] = []
    files_of = Shelf.files_of

    async def asked(self: Shelf, shown: Card, limit: int) -> Files:
        limits.append(limit)
        return await files_of(self, shown, limit)

    monkeypatch.setattr(Shelf, "files_of", asked)
    await world.ada.slash(world.general, "studio show", job=1)
    assert limits == [25 * MIB], "what simcord's interactions say, and not what its server does"
