"""Cards while processes are killed, slow, or several at one card: each stands once, and looks right in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bot import cards
from bot.announce import announce
from bot.card import Card
from bot.room import Unreachable
from bot.signs import Sign
from bot.view import view
from db import posts
from db.broker import Broker
from db.models import Job, Post, utcnow
from db.session import Db
from db.states import Purpose, Reason, Verdict
from moderation.people import Person, Role
from tests.support.rooms import Killed, MemoryRoom
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


async def in_doubt(s: AsyncSession) -> set[int]:
    """The jobs with a card that is to be painted once more."""
    doubtful = col(Post.doubtful_until).is_not(None)
    return set(await s.scalars(select(col(Post.job_id)).where(doubtful)))


async def later(studio: Studio) -> None:
    """As if so much time had passed that all that was painted has arrived."""
    past = utcnow() - posts.ARRIVES
    async with studio.db.begin() as s:
        doubtful = col(Post.doubtful_until).is_not(None)
        await s.execute(update(Post).where(doubtful).values(doubtful_until=past, painted_at=past))


async def until_sure(studio: Studio, room: MemoryRoom, job: Job) -> None:
    """Look again, later each time, until it is known how all cards look."""
    for _ in range(4):
        await later(studio)
        await tell(studio, room, job)
        async with studio.db.read() as s:
            if not await in_doubt(s):
                return
    raise AssertionError("a card is painted again and again")


async def tell(studio: Studio, room: MemoryRoom, job: Job) -> None:
    await announce(studio.db, room, job.id)


async def test_killed_between_posting_and_noting_it_is_still_one_message(
    studio: Studio, room: MemoryRoom
) -> None:
    job = await studio.rendered((await cast(studio))[0])
    room.die_after_sending = True
    for _ in range(3):
        with pytest.raises(Killed):
            await tell(studio, room, job)
    room.die_after_sending = False
    await tell(studio, room, job)
    assert room.sent == ["receipt 1", "result 1", "review 1"]


async def test_a_card_that_can_not_be_painted_is_not_taken_for_half_painted(
    studio: Studio, room: MemoryRoom
) -> None:
    """Else it would be tried again and again, after it was set aside."""
    job = await studio.submit((await cast(studio))[0])
    await tell(studio, room, job)
    await studio.desk.cancel(await person(studio.db, "ada"), job.id)
    room.fail = ValueError("too long")
    with pytest.raises(ValueError, match="too long"):
        await tell(studio, room, job)
    async with studio.db.read() as s:
        assert not await in_doubt(s)
    room.fail = None
    await tell(studio, room, job)
    assert room.edits == 1


class Slow(MemoryRoom):
    """A room that others share: its edits arrive late, or are answered late, until ``go``."""

    def __init__(
        self,
        messages: dict[str, Card],
        *,
        answers: bool = False,
        then: type[BaseException] | None = None,
    ) -> None:
        super().__init__(name="web", messages=messages)
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self._answers, self._then = answers, then

    async def update(self, place: str, message: str, card: Card, key: str, since: datetime) -> str:
        if self._answers:
            await super().update(place, message, card, key, since)
        self.begun.set()
        async with asyncio.timeout(60):
            await self.go.wait()
        if not self._answers:
            await super().update(place, message, card, key, since)
        if self._then is not None:
            raise self._then
        return message


@pytest.mark.parametrize("older", ["noted first", "noted last", "killed", "answer lost"])
async def test_an_older_painting_that_comes_last_is_painted_over(
    studio: Studio, room: MemoryRoom, older: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of another process, which was slow; a newer painting has overtaken it."""
    monkeypatch.setattr("bot.announce.A_PAINTING", timedelta(0))
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await tell(studio, room, job)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.LIKENESS, sentence="No.")
    fails = {"killed": Killed, "answer lost": TimeoutError}
    slow, quick = Slow(room.messages, then=fails.get(older)), Slow(room.messages, answers=True)

    async def painting(there: Slow) -> None:
        with suppress(Killed, TimeoutError):
            await tell(studio, there, job)

    async with asyncio.timeout(60):
        first = asyncio.create_task(painting(slow))
        await slow.begun.wait()
        await studio.desk.appeal(ada, job.id, "It is drawn from imagination.")
        second = asyncio.create_task(painting(quick))
        await quick.begun.wait()
        order = [(slow, first), (quick, second)]
        for there, task in order if older == "noted first" else reversed(order):
            there.go.set()
            await task
    async with studio.db.read() as s:
        assert await in_doubt(s) == {job.id}
    await until_sure(studio, room, job)
    async with studio.db.read() as s:
        seen = await view(s, job.id)
    assert seen is not None
    assert room.shown(Purpose.RESULT) == [cards.result(seen)]
    assert room.shown(Purpose.REVIEW) == [cards.review(seen)]


async def test_what_an_earlier_process_began_to_send_is_repainted_once_it_is_found(
    studio: Studio, room: MemoryRoom
) -> None:
    """It was killed over it, and the message that stands there is its own, as the job stood then."""
    ada, mo = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    room.die_after_sending = True
    with pytest.raises(Killed):
        await tell(studio, room, job)
    room.die_after_sending = False
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.LIKENESS, sentence="No.")
    assert await announce(studio.db, room, job.id) > 0
    await tell(studio, room, job)
    (result,) = room.shown(Purpose.RESULT)
    assert Sign.APPEAL in {button.sign for button in result.buttons}


async def test_what_has_been_removed_meanwhile_is_not_shown_again(
    studio: Studio, room: MemoryRoom
) -> None:
    """Another process has shown and removed the card while this one was at an earlier one."""
    ada, _ = await cast(studio)
    job = await studio.rendered(ada)

    async def overtake() -> None:
        await tell(studio, room, job)
        await studio.desk.withdraw(ada, job.id)
        await tell(studio, room, job)
        assert not room.shown(Purpose.REVIEW)

    late = OneMessage(room.messages, {Purpose.RECEIPT: overtake()})
    assert await announce(studio.db, late, job.id) > 0
    assert not room.shown(Purpose.REVIEW)


async def test_a_repainting_that_may_have_arrived_is_looked_at_again(
    studio: Studio, room: MemoryRoom
) -> None:
    """Its answer was lost, and by then its job may look as before."""
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    await studio.desk.cancel(ada, job.id)
    slow = Slow(room.messages, then=TimeoutError)
    slow.go.set()
    with pytest.raises(TimeoutError):
        await tell(studio, slow, job)
    async with studio.db.read() as s:
        assert await in_doubt(s) == {job.id}


async def test_of_two_who_would_send_again_what_was_begun_one_waits(
    studio: Studio, room: MemoryRoom
) -> None:
    job = await studio.submit((await cast(studio))[0])
    room.die_after_sending = True
    with pytest.raises(Killed):
        await tell(studio, room, job)
    async with studio.db.read() as s:
        (known,) = await posts.of(s, room.name, job.id)
    key = (room.name, known.place, known.purpose, job.id)
    async with studio.db.begin() as s:
        assert await posts.intend(s, *key, known)
    async with studio.db.begin() as s:
        assert await posts.intend(s, *key, known) is None


async def test_what_is_in_doubt_is_painted_once_more_and_not_at_every_look(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    await studio.desk.cancel(ada, job.id)
    room.fail = TimeoutError()
    with pytest.raises(TimeoutError):
        await tell(studio, room, job)
    room.fail = None
    for _ in range(3):
        await tell(studio, room, job)
    assert room.edits == 1
    await later(studio)
    for _ in range(3):
        await tell(studio, room, job)
    assert room.edits == 2


async def test_while_another_process_repaints_a_card_it_is_left_alone(
    studio: Studio, room: MemoryRoom
) -> None:
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    await studio.desk.cancel(ada, job.id)
    async with studio.db.begin() as s:
        (post,) = await posts.of(s, room.name, job.id)
        assert await posts.begin_painting(s, post)
    assert await announce(studio.db, room, job.id) > 0
    assert room.edits == 0
    await later(studio)  # whoever it was was killed over it
    await tell(studio, room, job)
    assert room.edits == 1


async def test_a_card_whose_place_is_shut_is_not_tried_for_ever(
    studio: Studio, room: MemoryRoom
) -> None:
    """Whatever is known of how it looks."""
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    await tell(studio, room, job)
    async with studio.db.begin() as s:
        (post,) = await posts.of(s, room.name, job.id)
        assert await posts.begin_painting(s, post)
    await later(studio)
    room.fail = Unreachable("shut")
    await tell(studio, room, job)
    async with studio.db.read() as s:
        assert not await in_doubt(s)


async def test_a_card_that_is_sent_anew_while_its_job_leaves_goes_too(
    studio: Studio, room: MemoryRoom
) -> None:
    """A room sends a card anew whose message is gone; another process had just removed that."""
    ada, mo = await cast(studio)
    job = await studio.rendered(ada)
    await tell(studio, room, job)

    class Anew(MemoryRoom):
        async def update(
            self, place: str, message: str, card: Card, key: str, since: datetime
        ) -> str:
            if card.purpose is Purpose.REVIEW:
                await studio.desk.withdraw(ada, job.id)
                await tell(studio, room, job)
                message = f"again-{message}"
            return await super().update(place, message, card, key, since)

    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.LIKENESS, sentence="No.")
    await tell(studio, Anew(name="web", messages=room.messages), job)
    assert not room.shown(Purpose.REVIEW)


class OneMessage(MemoryRoom):
    """A room in which the receipt becomes the result; others may do something just after a painting."""

    def __init__(self, messages: dict[str, Card], after: Mapping[Purpose, Awaitable[None]]) -> None:
        super().__init__(name="web", messages=messages)
        self._after = dict(after)

    async def show(self, place: str, card: Card, key: str, since: datetime) -> str:
        assert card.purpose is not None
        own = card.purpose in {Purpose.RECEIPT, Purpose.RESULT}
        if own:
            self.messages.pop(place, None)
        sent = await super().show(place, card, place if own else key, since)
        if (after := self._after.pop(card.purpose, None)) is not None:
            await after
        return sent


@pytest.mark.parametrize("noted", ["before", "after"])
async def test_a_result_over_which_another_process_painted_the_receipt_is_painted_again(
    studio: Studio, noted: str
) -> None:
    """That one was killed before it came to the result, which was noted before or after that."""
    ada, _ = await cast(studio)
    job = await studio.submit(ada)
    messages: dict[str, Card] = {}
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go.wait()
        messages[f"dm-{ada.id}"] = receipt

    other = OneMessage(messages, {Purpose.RECEIPT: wait()})
    painting = asyncio.create_task(tell(studio, other, job))
    async with asyncio.timeout(60):
        await begun.wait()
    receipt = messages[f"dm-{ada.id}"]
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)

    async def overtake() -> None:
        go.set()
        await painting

    room = OneMessage(messages, {Purpose.RESULT: overtake()} if noted == "after" else {})
    await tell(studio, room, job)
    if noted == "before":
        await overtake()
    assert messages[f"dm-{ada.id}"] is receipt
    async with studio.db.read() as s:
        assert await in_doubt(s) == {job.id}
    await tell(studio, other, job)
    assert messages[f"dm-{ada.id}"].purpose is Purpose.RESULT
    await until_sure(studio, other, job)
    assert messages[f"dm-{ada.id}"].purpose is Purpose.RESULT


async def test_killed_before_noting_it_a_card_goes_all_the_same_when_its_job_does(
    studio: Studio,
) -> None:
    ada, mo = await cast(studio)
    other = MemoryRoom(name="elsewhere")
    job = await studio.rendered(ada)
    await tell(studio, other, job)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    other.die_after_sending = True
    with pytest.raises(Killed):
        await tell(studio, other, job)
    assert other.shown(Purpose.SHOWCASE)
    other.die_after_sending = False
    await studio.desk.withdraw(ada, job.id)
    await tell(studio, other, job)
    assert not other.shown(Purpose.SHOWCASE)
