"""Which cards stand in a room, each exactly once, whatever happens in between."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.announce import announce
from bot.signs import Sign
from db.broker import Broker
from db.models import Job
from db.session import Db
from db.states import Purpose, Reason, Verdict
from moderation.people import Person, Role
from moderation.rules import Refused, Rules
from tests.support.rooms import MemoryRoom
from tests.support.studio import Studio, person


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


async def test_a_jobs_cards_from_the_wish_to_the_showcase(studio: Studio, room: MemoryRoom) -> None:
    ada, mo = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    assert room.sent == ["receipt 1"]
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    await tell(studio, room, job)
    assert room.sent == ["receipt 1", "result 1", "review 1"]
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await tell(studio, room, job)
    assert room.sent == ["receipt 1", "result 1", "review 1", "decision 1", "showcase 1"]
    (review,) = room.shown(Purpose.REVIEW)
    assert review.title == "Published: job 1"
    assert [line.text for line in review.lines] == ["mo approved."]
    assert not review.buttons
    await studio.desk.withdraw(ada, job.id)
    await tell(studio, room, job)
    assert room.shown(Purpose.SHOWCASE) == []
    assert room.shown(Purpose.REVIEW) == []


async def test_a_private_job_shows_nothing_to_anybody_else(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, _ = await cast(studio)
    job = await studio.rendered(ada, private=True)
    await tell(studio, room, job)
    assert {card.purpose for card in room.messages.values()} == {Purpose.RECEIPT, Purpose.RESULT}
    await studio.desk.publish(ada, job.id)
    await tell(studio, room, job)
    assert len(room.shown(Purpose.REVIEW)) == 1
    await studio.desk.keep(ada, job.id)
    await tell(studio, room, job)
    assert room.shown(Purpose.REVIEW) == []
    await studio.desk.publish(ada, job.id)
    await tell(studio, room, job)
    assert len(room.shown(Purpose.REVIEW)) == 1


async def test_told_twice_is_shown_once_and_not_even_repainted(
    studio: Studio, room: MemoryRoom
) -> None:
    job = await studio.rendered((await cast(studio))[0])
    for _ in range(3):
        await tell(studio, room, job)
    assert room.sent == ["receipt 1", "result 1", "review 1"]
    assert room.edits == 0


async def test_a_result_goes_only_to_the_room_it_was_asked_in_and_reviews_to_all(
    studio: Studio, room: MemoryRoom
) -> None:
    job = await studio.rendered((await cast(studio))[0])
    other = MemoryRoom(name="elsewhere")
    await tell(studio, room, job)
    await tell(studio, other, job)
    assert {card.purpose for card in other.messages.values()} == {Purpose.REVIEW}


async def test_the_artist_reads_who_said_no_and_why_and_may_appeal(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await studio.desk.review(
        mo, job.id, Verdict.REJECT, reason=Reason.LIKENESS, sentence="It is Mx Example."
    )
    await tell(studio, room, job)
    (result,) = room.shown(Purpose.RESULT)
    assert ("mo rejected it: likeness of a real person.", "It is Mx Example.") in [
        (line.text, line.said) for line in result.lines
    ]
    assert Sign.APPEAL in {button.sign for button in result.buttons}
    await studio.desk.appeal(ada, job.id, "It is drawn from imagination.")
    await tell(studio, room, job)
    (review,) = room.shown(Purpose.REVIEW)
    assert review.title == "Appeal: job 1"
    assert review.lines[0].said == "It is drawn from imagination."
    assert Sign.APPROVE in {button.sign for button in review.buttons}


async def test_a_jobs_card_that_is_gone_or_unknown_is_no_error(
    studio: Studio, room: MemoryRoom
) -> None:
    await announce(studio.db, room, 99)
    assert room.messages == {}


async def test_it_waits_until_the_platform_lets_it_repaint(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    room.pace = 5
    await tell(studio, room, job)
    await studio.desk.cancel(ada, job.id)
    assert 0 < await announce(studio.db, room, job.id) <= 5
    assert room.edits == 0
    room.pace = 0
    assert await announce(studio.db, room, job.id) == 0
    assert room.edits == 1


async def test_a_place_that_is_shut_holds_up_no_other(studio: Studio, room: MemoryRoom) -> None:
    ada, _ = await cast(studio)
    room.shut = {"review"}
    job = await studio.rendered(ada)
    await tell(studio, room, job)
    assert room.shown(Purpose.REVIEW) == []
    assert len(room.shown(Purpose.RESULT)) == 1
    room.shut = set()
    await tell(studio, room, job)
    assert len(room.shown(Purpose.REVIEW)) == 1


async def test_the_decision_is_a_message_of_its_own_for_each_time(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await tell(studio, room, job)
    (said,) = room.shown(Purpose.DECISION)
    assert said.title == "Rejected: job 1"
    assert Sign.APPEAL in {button.sign for button in said.buttons}
    await studio.desk.appeal(ada, job.id)
    await tell(studio, room, job)
    assert room.shown(Purpose.DECISION) == []
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    await tell(studio, room, job)
    (said,) = room.shown(Purpose.DECISION)
    assert said.title == "Published: job 1"


async def test_what_is_reported_has_a_review_card_even_where_there_was_none(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await tell(studio, room, job)
    assert room.shown(Purpose.REVIEW) == []
    await studio.desk.report(await person(studio.db, "bo"), job.id, Reason.SPAM)
    await tell(studio, room, job)
    assert [card.title for card in room.shown(Purpose.REVIEW)] == ["Reported: job 1"]
    await studio.desk.dismiss(mo, job.id)
    await tell(studio, room, job)
    assert [card.title for card in room.shown(Purpose.REVIEW)] == ["Published: job 1"]
    await studio.desk.take_down(mo, job.id, "no")
    await tell(studio, room, job)
    assert [card.title for card in room.shown(Purpose.REVIEW)] == ["Taken down: job 1"]
    assert room.shown(Purpose.SHOWCASE) == []
    assert [card.title for card in room.shown(Purpose.DECISION)] == ["Taken down: job 1"]


async def test_the_review_card_says_how_many_of_its_reviews_there_are(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, mo = await cast(studio)
    lin = await person(studio.db, "lin", Role.MODERATOR)
    studio.desk.rules = Rules(quorum=2)
    job = await studio.rendered(ada)

    async def says() -> list[str]:
        await tell(studio, room, job)
        (card,) = room.shown(Purpose.REVIEW)
        return [line.text for line in card.lines]

    assert await says() == []
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert await says() == ["One no; a second opinion decides.", "mo rejected it: spam."]
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    assert await says() == ["1 of 2 reviews.", "mo approved."]
    await studio.desk.take_back_review(mo, job.id)
    assert await says() == []
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    await studio.desk.review(lin, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert (await says())[0] == "The moderators don't agree; a host decides."
    with pytest.raises(Refused, match="a host decides it"):
        await studio.desk.review(lin, job.id, Verdict.APPROVE)
    hal = await person(studio.db, "hal", Role.HOST)
    await studio.desk.review(hal, job.id, Verdict.APPROVE)
    assert await says() == ["mo approved.", "lin rejected it: spam.", "hal approved."]
