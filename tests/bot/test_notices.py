"""What moderators hear of: what waits long, reports, appeals, and what they don't agree on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.announce import announce
from db import posts
from db.broker import Broker
from db.models import Job, Post, utcnow
from db.session import Db
from db.states import Purpose, Reason, Verdict
from moderation.people import Person, Role
from moderation.rules import Rules
from moderation.waiting import called
from tests.support.rooms import Killed, MemoryRoom
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
async def studio(db: Db, valkey: str) -> AsyncIterator[Studio]:
    broker = Broker(valkey)
    yield await Studio(db, broker).open()
    await broker.close()


@pytest.fixture
def room() -> MemoryRoom:
    return MemoryRoom(name="web")


async def cast(studio: Studio) -> tuple[Person, Person]:
    return await person(studio.db, "ada"), await person(studio.db, "mo", Role.MODERATOR)


async def tell(studio: Studio, room: MemoryRoom, job: Job) -> None:
    await announce(studio.db, room, job.id)


def notices(room: MemoryRoom) -> list[tuple[str, Role | None]]:
    return [(card.lines[0].text, card.calls) for card in room.shown(Purpose.NOTICE)]


async def wait(studio: Studio, job: Job, hours: float) -> None:
    await studio.change(job.id, status_since=utcnow() - timedelta(hours=hours))
    await called(studio.db)


async def test_a_notice_of_which_nobody_knows_how_it_looks_pings_nobody_again(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, _ = await cast(studio)
    job = await studio.rendered(ada)
    await wait(studio, job, 13)
    await tell(studio, room, job)
    sent = [what for what in room.sent if what.startswith("notice")]
    assert len(sent) == 1
    past = utcnow() - posts.ARRIVES
    async with studio.db.begin() as s:
        await s.execute(update(Post).values(doubtful_until=past, painted_at=past, digest=""))
    await tell(studio, room, job)
    assert [what for what in room.sent if what.startswith("notice")] == sent
    assert room.edits > 0


async def test_moderators_hear_of_what_waits_by_a_message_that_is_sent_anew(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await tell(studio, room, job)
    assert notices(room) == []
    said = [
        (0.6, "It has waited for half an hour.", None),
        (3.0, "It has waited for two hours.", Role.MODERATOR),
        (13.0, "It has waited for twelve hours. From now on one host may decide it alone.", Role.HOST),
    ]  # fmt: skip
    for count, (hours, sentence, role) in enumerate(said, 1):
        await wait(studio, job, hours)
        for _ in range(2):
            await tell(studio, room, job)
            assert notices(room) == [(sentence, role)]
        assert room.sent.count("notice 1") == count
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await tell(studio, room, job)
    assert notices(room) == []


async def test_moderators_hear_of_a_report_once_until_it_is_settled(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    for name in ("bo", "cy"):
        await studio.desk.report(await person(studio.db, name), job.id, Reason.SPAM)
        await tell(studio, room, job)
    (told,) = notices(room)
    assert told[0].startswith("Somebody reported it.")
    assert room.sent.count("notice 1") == 1
    await studio.desk.dismiss(mo, job.id)
    await tell(studio, room, job)
    assert notices(room) == []
    await studio.desk.report(await person(studio.db, "di"), job.id, Reason.SPAM)
    await tell(studio, room, job)
    assert room.sent.count("notice 1") == 2


async def test_moderators_hear_of_an_appeal_and_of_what_they_do_not_agree_on(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    studio.desk.rules = Rules(appeal_quorum=2)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await studio.desk.appeal(ada, job.id)
    await tell(studio, room, job)
    asks = "Its artist asks moderators who never reviewed it for a second look."
    assert notices(room) == [(asks, None)]
    for name, verdict in (("lin", Verdict.APPROVE), ("kim", Verdict.REJECT)):
        who = await person(studio.db, name, Role.MODERATOR)
        await studio.desk.review(who, job.id, verdict, reason=Reason.SPAM)
    await tell(studio, room, job)
    assert notices(room) == [("The moderators don't agree. A host decides it now.", Role.HOST)]


async def test_a_notice_whose_sender_died_is_there_once(studio: Studio, room: MemoryRoom) -> None:
    ada, _ = await cast(studio)
    job = await studio.rendered(ada)
    await tell(studio, room, job)
    await wait(studio, job, 0.6)
    room.die_after_sending = True
    with pytest.raises(Killed):
        await tell(studio, room, job)
    room.die_after_sending = False
    await tell(studio, room, job)
    assert len(notices(room)) == room.sent.count("notice 1") == 1


async def test_the_card_says_who_is_looking_until_they_look_away(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await studio.desk.look(mo, job.id)
    await tell(studio, room, job)
    (line,) = room.shown(Purpose.REVIEW)[0].lines
    assert line.text == "mo is looking until"
    assert line.at is not None
    assert timedelta(minutes=14) < line.at - utcnow() <= timedelta(minutes=15)
    await studio.desk.look_away(mo, job.id)
    await tell(studio, room, job)
    assert room.shown(Purpose.REVIEW)[0].lines == ()
