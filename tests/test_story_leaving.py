"""The story of somebody who withdraws everything, and then asks to be forgotten: in every room."""

from __future__ import annotations

from pathlib import Path

from bot import dataset, verifying
from bot import lineage as told_lineage
from db.broker import Broker
from db.media import Media
from db.models import Job
from db.session import Db
from db.states import Flag, Purpose, Verdict
from moderation.audit import audit
from moderation.people import Person, Role
from moderation.wish import Wish
from tests.support.leaver import Filed, everything, saying
from tests.support.rooms import Rooms
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request


async def made(studio: Filed, job: Job, mo: Person) -> Job:
    claimed = await studio.claim(running_cap=9)
    assert claimed is not None
    assert claimed.id == job.id
    assert await studio.finish(claimed)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


async def test_all_of_it_is_gone_from_every_room_and_what_others_made_stays(
    sqlite_url: str, tmp_path: Path
) -> None:
    db = Db(sqlite_url)
    media = Media(tmp_path / "media")
    studio = Filed(await Studio(db, Broker(NO_BROKER)).open([ABLE]), media, tmp_path)
    rooms = Rooms(db, "web", "other")  # all is asked for in the first
    await rooms.join()
    ada, bo = [await person(db, name) for name in ("Zephyrine", "bo")]
    mo = await person(db, "mo", Role.MODERATOR)
    everything_goes = {Flag.REMIX: True, Flag.DATASET: True}
    await studio.desk.consent_by_default(ada, everything_goes)
    first, second = [
        await made(studio, await studio.submit(ada, prompt), mo)
        for prompt in ("a quetzal at night", "a quetzal at dawn")
    ]
    wish = Wish("a bird over water")
    remixed = await studio.desk.remix(bo, first.id, 1, request(), wish)
    await made(studio, remixed, mo)
    await rooms.hear()
    everyone = {first.id, second.id, remixed.id}
    assert rooms.jobs(Purpose.SHOWCASE) == [everyone, everyone]
    (tmp_path / "set").mkdir()
    assert (await dataset.export(db, media, tmp_path / "set", {Flag.DATASET})).clips == 4

    # They take back all that is public; their clips are still their own.
    for job in (first, second):
        await studio.desk.withdraw(ada, job.id)
    await studio.settle()
    await rooms.hear()
    assert rooms.jobs(Purpose.SHOWCASE) == [{remixed.id}, {remixed.id}]
    assert rooms.jobs() == [everyone, {remixed.id}]
    assert (await dataset.export(db, media, tmp_path / "set", {Flag.DATASET})).clips == 0
    async with db.read() as s:
        lines = (await told_lineage.listing(s, bo, remixed.id)).lines
    assert "A job that isn't shown" in " ".join(line.text for line in lines)
    assert "quetzal" not in " ".join(f"{line.text} {line.said}" for line in lines)

    # They leave. While a room hasn't heard of it, nothing is cleared away under its cards.
    await studio.desk.leave(ada)
    await studio.settle()
    assert (await studio.job(first.id)).prompt == "a quetzal at night"
    await rooms.hear()
    await studio.settle()
    await rooms.hear()
    assert rooms.jobs() == [{remixed.id}, {remixed.id}]
    shown = [str(card) for room in rooms.all for card in room.messages.values()]
    assert [text for text in shown if "quetzal" in text or "Zephyrine" in text] == []
    assert saying(await everything(db)) == []
    assert {file.read_text() for file in media.folder.rglob("*.mp4")} == {
        f"{remixed.id} {number} a bird over water" for number in (1, 2)
    }
    await verifying.database(db.url, "", lambda *_: None)
    async with db.read() as s:
        *_, replay = [found async for found in audit(s)]
    assert replay.count
    await db.close()
