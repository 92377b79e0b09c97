"""Signs in Slack that nobody heard, that came too early, or of which nobody could be told: nothing is
lost, and nothing counts that was taken off again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.on_slack import app, missed, watching
from bot.on_slack.ids import ROOM
from db import events, posts
from db.session import Db
from db.states import Kind, Purpose, Status
from tests.bot.on_slack.rooms import running as running_alone
from tests.bot.on_slack.rooms import settings_of
from tests.bot.on_slack.town import Town, running
from tests.doubles.on_slack import Message, Slack
from tests.support.whole import until

YES, NO = "white_check_mark", "x"
live = pytest.mark.usefixtures("slack_room")


@contextmanager
def unheard(town: Town) -> Iterator[None]:
    """What happens here is told to nobody."""
    deliver, town.slack.deliver = town.slack.deliver, lambda _: None
    yield
    town.slack.deliver = deliver


async def published_clips(town: Town) -> list[str]:
    shown = await town.card(town.showcase)
    await town.slack.until(lambda: shown.replies)
    return [file.name for file in shown.replies[0].files]


def why(messages: list[Message]) -> list[Message]:
    return [message for message in messages if "Why?" in message.text()]


async def test_numbers_given_while_the_bot_was_away_limit_the_decision(town: Town) -> None:
    async with running(town):
        card = await town.in_review(text="a red circle --variations 2")
    with unheard(town):
        await town.mo.react(card, "two")
        await town.mo.react(card, YES)
    async with running(town):
        assert await published_clips(town) == ["job-1-clip-2.mp4"]


@live
async def test_a_number_that_nobody_heard_limits_a_decision_that_is_heard(town: Town) -> None:
    card = await town.in_review(text="a red circle --variations 2")
    with unheard(town):
        await town.mo.react(card, "two")
    await town.mo.react(card, YES)
    assert await published_clips(town) == ["job-1-clip-2.mp4"]


async def test_what_is_taken_off_while_it_catches_up_does_not_count(town: Town) -> None:
    await town.set_up(quorum=2)
    async with running(town):
        card = await town.in_review()
    with unheard(town):
        await town.mo.react(card, YES)
        await town.lin.react(card, YES)
    hold = town.slack.faults.hold("users.info")
    async with running(town):
        await hold.arrived.wait()
        for moderator in (town.mo, town.lin):
            await moderator.unreact(card, YES)
        await town.quiet()
        hold.release()
        await asyncio.sleep(1)
        assert await town.reviews() == []
        await town.is_(Status.IN_REVIEW)


async def test_a_vote_taken_off_while_it_catches_up_does_not_count(town: Town) -> None:
    async with running(town):
        card = await town.published()
    with unheard(town):
        await town.bo.react(card, "one")
        await town.lin.react(card, "one")
    hold = town.slack.faults.hold("users.info")
    async with running(town):
        await hold.arrived.wait()
        for voter in (town.bo, town.lin):
            await voter.unreact(card, "one")
        await town.quiet()
        hold.release()
        await town.quiet()
        await town.votes({})


async def test_a_sign_put_on_before_the_card_is_known_counts_once_it_is(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "TRIES", 1)
    async with running(town):
        await town.wish(text="a red circle --variations 2")
        card = await early(town)
        await town.mo.react(card, "two")
        await town.mo.react(card, YES)
        await town.quiet()
        await known_now(town, card)
        assert await published_clips(town) == ["job-1-clip-2.mp4"]


async def test_a_sign_counts_that_nobody_heard_on_a_card_that_is_known_only_later(
    town: Town,
) -> None:
    """Whoever sent the card was killed before it was noted, and so was who heard of the sign."""
    async with running(town):
        await town.wish()
        card = await early(town)
    with unheard(town):
        await town.mo.react(card, YES)
    async with running(town):
        await town.quiet()
        await known_now(town, card)
        await town.is_(Status.PUBLISHED)


@live
async def test_a_sign_that_is_told_after_it_was_taken_off_does_not_count(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LATE_SECONDS", 0.0)
    card = await town.published()
    with unheard(town):
        told = await town.bo.react(card, "one")
        await town.bo.unreact(card, "one")
    assert told is not None
    town.slack.deliver(told)
    await taken_back(town)


@live
async def test_a_sign_that_another_process_is_told_of_only_after_it_was_taken_off_does_not_count(
    town: Town,
) -> None:
    card = await town.published()
    with unheard(town):
        told = await town.bo.react(card, "one")
        off = await town.bo.unreact(card, "one")
    assert told is not None
    assert off is not None
    town.slack.deliver(off)
    await off.acked()
    town.slack.deliver(told)
    await taken_back(town)


async def taken_back(town: Town) -> None:
    """The only vote is counted no more."""

    async def is_off() -> bool:
        async with town.db.read() as s:
            return Kind.VOTE_TAKEN_BACK in {event.kind for event in await events.of(s, 1)}

    await until(is_off)
    await town.votes({})


async def early(town: Town) -> Message:
    """A message of the bot's in the review channel that isn't known to be a card."""
    await town.render()
    card = await town.card(town.review)
    await town.settled()
    async with town.db.begin() as s:
        (post,) = [p for p in await posts.of(s, ROOM, 1) if p.purpose is Purpose.REVIEW]
        await posts.note_painted(s, post, "", post.digest, None)
    return card


async def known_now(town: Town, card: Message) -> None:
    async with town.db.begin() as s:
        (post,) = [p for p in await posts.of(s, ROOM, 1) if p.purpose is Purpose.REVIEW]
        await posts.note_painted(s, post, f"{post.place}/{card.ts}", post.digest, None)


@live
async def test_what_is_no_card_is_not_looked_for_for_ever(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(missed, "LONGEST_SECONDS", 0.02)
    monkeypatch.setattr(watching, "TRIES", 1)
    looked: list[str] = []
    by_message = posts.by_message

    async def looks(s: Any, room: str, message: str) -> Any:
        looked.append(message)
        return await by_message(s, room, message)

    monkeypatch.setattr(posts, "by_message", looks)
    await town.says(town.mo, "/studio", "help")
    await town.wish()
    card = await early(town)
    looked.clear()
    await town.mo.react(card, YES)
    await asyncio.sleep(1)
    tries = len(looked)
    assert missed.UNKNOWN_TRIES <= tries <= missed.UNKNOWN_TRIES + 4
    await town.quiet()
    assert len(looked) == tries


async def test_a_cut_while_it_catches_up_is_caught_up_with_too(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    looked: list[int] = []
    go = asyncio.Event()

    async def catch_up(self: Any) -> None:
        looked.append(len(looked))
        await go.wait()

    monkeypatch.setattr("bot.on_slack.watching.Watching.catch_up", catch_up)
    db = Db(sqlite_url)
    async with Slack() as slack:
        slack.team("Atelier")
        async with running_alone(slack, db, settings_of(slack)):
            await slack.until(lambda: len(looked) == 1)
            for sockets in (2, 3):
                await slack.faults.drop_socket("abort")
                await slack.until(lambda: len(slack.delivery.sockets.all) >= sockets)  # noqa: B023
            await asyncio.sleep(0.3)
            go.set()
            await slack.until(lambda: len(looked) == 2)
            await asyncio.sleep(0.3)
            assert len(looked) == 2
    await db.close()


async def test_cards_are_compared_again_and_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "COMPARE_SECONDS", 0.3)
    async with running(town):
        card = await town.in_review()
        with unheard(town):
            await town.mo.react(card, YES)
        await town.is_(Status.PUBLISHED)


async def test_many_cards_leave_room_for_what_people_do(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "AT_ONCE", 1)
    monkeypatch.setattr(missed, "SLOWLY_SECONDS", 0.5)
    async with running(town):
        for text in ("a red circle", "a blue square"):
            await town.in_review(text=text)
        await town.settled()
    before = len(town.slack.requested("reactions.get"))
    async with running(town):
        await town.slack.until(lambda: len(town.slack.requested("reactions.get")) > before)
        await asyncio.sleep(0.2)
        assert len(town.slack.requested("reactions.get")) == before + 1
        await town.slack.until(lambda: len(town.slack.requested("reactions.get")) == before + 2)


@live
async def test_a_vote_goes_back_to_the_sign_that_still_stands(town: Town) -> None:
    card = await town.published()
    for sign, wanted in (("one", {1: 1}), ("two", {2: 1})):
        await town.bo.react(card, sign)
        await town.votes(wanted)
    await town.bo.unreact(card, "two")
    await town.votes({1: 1})
    await town.bo.unreact(card, "one")
    await town.votes({})


@live
@pytest.mark.parametrize("error", ["user_not_in_channel", "channel_not_found"])
async def test_a_question_that_cannot_be_whispered_is_written(town: Town, error: str) -> None:
    card = await town.in_review()
    town.slack.faults.next("chat.postEphemeral", error=error)
    await town.mo.react(card, NO)
    (asked,) = await town.slack.until(lambda: why(town.mo.dm.messages))
    form = await (await town.mo.press(asked, label="Say why")).showed()
    await town.mo.submit(form, {"words": "Too dark."})
    await town.is_(Status.REJECTED)


async def test_a_question_that_reached_nobody_is_asked_later_and_once(town: Town) -> None:
    async with running(town):
        card = await town.in_review()
        faults = [
            town.slack.faults.next(method, error="channel_not_found", times=None)
            for method in ("chat.postEphemeral", "conversations.open")
        ]
        await town.mo.react(card, NO)
        await town.slack.until(lambda: all(fault.hit for fault in faults))
        await town.quiet()
        assert why([*town.mo.dm.messages, *town.mo.whispers]) == []
    town.slack.faults.clear()
    for _ in range(2):
        async with running(town):
            await town.told(town.mo, 0, town.review)
            await town.quiet()
            assert len(why(town.mo.whispers)) == 1
            assert why(town.mo.dm.messages) == []


@live
async def test_a_no_of_which_two_signs_speak_is_asked_about_once(town: Town) -> None:
    card = await town.in_review()
    await town.mo.react(card, NO)
    await town.told(town.mo, 0, town.review)
    await town.mo.react(card, "heavy_multiplication_x")
    await town.quiet()
    assert len(why(town.mo.whispers)) == 1


async def test_a_late_comparison_takes_away_no_card_that_is_shown_again(town: Town) -> None:
    async with running(town):
        card = await town.in_review()
        await town.settled()
        hold = town.slack.faults.hold("reactions.get")
        await town.slack.faults.drop_socket("close")
        await hold.arrived.wait()
        await town.host.delete(card)
        again = await early_again(town)
        hold.release()
        await town.quiet()
        async with town.db.read() as s:
            post = await posts.by_message(s, ROOM, again)
        assert post is not None


async def early_again(town: Town) -> str:
    """The card is shown once more under another message."""
    async with town.db.begin() as s:
        (post,) = [p for p in await posts.of(s, ROOM, 1) if p.purpose is Purpose.REVIEW]
        again = f"{post.place}/1.000000"
        await posts.note_painted(s, post, again, post.digest, None)
    return again
