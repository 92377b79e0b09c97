"""Clips that nobody else sees go after a time, of which their artist is told; and a full store takes none."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from db import clips
from db.media import Media
from db.models import Chain, Job, Part, Seat, utcnow
from db.states import Reason, Status
from moderation import keeping
from moderation.keeping import NO_ROOM, NOTICE, insist_on_room, let_go, measure
from moderation.rules import APPEAL_TIME, Refused, Rules
from tests.moderation.opinions import NO, YES, Five
from tests.support.studio import ABLE, Studio, request

DAYS = 10
RULES = Rules(keep_drafts=timedelta(days=DAYS), keep_rejected=timedelta(days=DAYS))
LATE = timedelta(days=DAYS + 30)


class Kept:
    """Jobs with files of their own, and time that passes."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio = studio
        self.folder = folder
        self.media = Media(folder / "media")

    async def filed(self, job: Job) -> Job:
        async with self.studio.db.begin() as s:
            for clip in await clips.of(s, job.id):
                file = self.folder / "clip.mp4"
                file.write_text(f"clip {clip.number} of job {job.id}")
                clip.video_key = await self.media.put(file)
        return await self.studio.job(job.id)

    async def passes(self, job: Job, time: timedelta) -> None:
        """It was finished, decided and promised so much earlier."""
        now = await self.studio.job(job.id)
        times = ("finished_at", "status_since", "kept_until")
        changed = {name: at - time for name in times if (at := getattr(now, name)) is not None}
        await self.studio.change(job.id, **changed)
        await self.swept()

    async def swept(self, rules: Rules = RULES) -> None:
        await let_go(self.studio.db, self.media, rules)

    async def has_files(self, job: Job) -> bool:
        async with self.studio.db.read() as s:
            made = await clips.of(s, job.id)
        return all([await self.media.bring(self.media.path(clip.video_key)) for clip in made])

    async def until(self, job: Job) -> datetime | None:
        """When its artist was told that its clips go."""
        return (await self.studio.job(job.id)).kept_until


@pytest.fixture
async def store(studio: Studio, tmp_path: Path) -> Kept:
    await studio.open([ABLE])
    return Kept(studio, tmp_path)


async def draft(store: Kept, cast: Five) -> Job:
    return await store.filed(await store.studio.rendered(cast[0], private=True))


async def test_a_draft_that_nothing_came_of_goes_when_its_artist_has_been_told(
    store: Kept, cast: Five
) -> None:
    job = await draft(store, cast)
    await store.passes(job, timedelta(days=DAYS) - NOTICE - timedelta(hours=1))
    assert await store.until(job) is None
    await store.passes(job, timedelta(hours=2))
    assert await store.until(job)
    await store.passes(job, NOTICE - timedelta(hours=1))
    assert await store.has_files(job)
    await store.passes(job, timedelta(hours=2))
    assert not await store.has_files(job)
    async with store.studio.db.read() as s:
        assert len(await clips.of(s, job.id)) == job.variations, "its rows stay"
    with pytest.raises(Refused, match="no longer kept"):
        await store.studio.desk.publish(cast[0], job.id)
    with pytest.raises(Refused, match="no longer kept"):
        await store.studio.desk.finalize(cast[0], job.id, 1, request())


async def test_nothing_goes_that_was_not_said_before(store: Kept, cast: Five) -> None:
    job = await draft(store, cast)
    await store.passes(job, LATE)
    assert await store.has_files(job)
    await store.passes(job, NOTICE + timedelta(hours=1))
    assert not await store.has_files(job)


@pytest.mark.parametrize("use", ["final", "film", "chain", "published", "no rule"])
async def test_what_is_of_use_is_kept_and_said_to_be(store: Kept, cast: Five, use: str) -> None:
    ada, _, _, mo, _ = cast
    job = await draft(store, cast)
    await store.passes(job, LATE)
    assert await store.until(job)
    desk, rules = store.studio.desk, RULES
    if use == "final":
        await desk.finalize(ada, job.id, 1, request())
    elif use == "film":
        other = await store.studio.submit(ada)
        async with store.studio.db.begin() as s:
            s.add(Part(film_id=other.id, position=1, job_id=job.id, clip=1))
    elif use == "chain":
        async with store.studio.db.begin() as s:
            chain = Chain(theme="rain", person_id=ada.id, room="web", turn_seconds=60)
            s.add(chain)
            await s.flush()
            s.add(Seat(chain_id=chain.id, person_id=ada.id, room="web", job_id=job.id))
    elif use == "published":
        await desk.publish(ada, job.id)
        await desk.review(mo, job.id, YES)
    else:
        rules = Rules()
    await store.swept(rules)
    assert await store.until(job) is None
    await store.studio.change(job.id, kept_until=utcnow() - NOTICE)
    await store.swept(rules)
    assert await store.has_files(job)


async def test_what_was_rejected_goes_once_it_cannot_be_appealed(store: Kept, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    final, other, down = [await store.filed(await store.studio.rendered(ada)) for _ in range(3)]
    desk = store.studio.desk
    for job in (final, other, down):
        await desk.review(mo, job.id, NO, reason=Reason.SPAM)
    await desk.appeal(ada, final.id)
    await desk.review(lin, final.id, NO, reason=Reason.SPAM)
    # What was shown before is taken down, and may be put back.
    await store.studio.change(down.id, published_at=utcnow(), status_since=utcnow() - LATE)
    assert (await store.studio.job(final.id)).status is Status.REJECTED_FINALLY
    for job in (final, other, down):
        await store.passes(job, timedelta(days=DAYS))
        await store.passes(job, NOTICE + timedelta(hours=1))
    assert [await store.has_files(job) for job in (final, other, down)] == [False, True, True]
    await store.passes(other, APPEAL_TIME - timedelta(days=DAYS))
    await store.passes(other, NOTICE + timedelta(hours=1))
    assert not await store.has_files(other)


async def test_hosts_are_warned_before_it_is_full(
    store: Kept, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    await draft(store, cast)
    taken = await store.media.taken()

    async def warned(room: int | None) -> list[str]:
        with capture_logs() as said:
            await measure(store.studio.db, store.media, room)
        return [line["event"] for line in said]

    assert await warned(taken * 2) == await warned(None) == []
    assert await warned(taken * 5 // 4) == ["media.nearly_full"]
    assert await warned(taken) == ["media.full"]
    monkeypatch.setattr(keeping, "LOW_DISK_BYTES", 2 * await store.media.free())
    assert await warned(None) == ["disk.nearly_full"]


async def test_a_full_store_takes_no_more_wishes(store: Kept, cast: Five) -> None:
    await draft(store, cast)
    db = store.studio.db
    taken = await store.media.taken()
    assert taken > 0
    await measure(db, store.media, taken + 1)
    await store.studio.submit(cast[1])
    await measure(db, store.media, taken)
    with pytest.raises(Refused, match=NO_ROOM):
        await store.studio.submit(cast[1])
    await measure(db, store.media, None)
    async with db.read() as s:
        await insist_on_room(s)
    await store.studio.submit(cast[1])
