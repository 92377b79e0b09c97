"""Over real sockets, with a Slack that is slow, away, forgetful or says things twice: nothing lost,
nothing double."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.on_slack import room as module
from bot.on_slack.room import SlackRoom
from db import events
from db.models import Job, Telling, utcnow
from db.states import Status
from tests.bot.on_slack.town import Town, running
from tests.doubles.on_slack import Message
from tests.support.whole import until

METHODS = (
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "conversations.open",
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "reactions.add",
    "users.info",
)


@pytest.fixture
def _soon_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may still be on its way is waited for for less than a second."""
    monkeypatch.setattr(module, "IN_FLIGHT", timedelta(seconds=0.7))


async def once(town: Town) -> None:
    """From a wish to the showcase: every card is there once, and so are its clips."""
    shown = await town.published()
    await town.settled()
    for channel in (town.review, town.showcase):
        cards = [m for m in channel.history if not m.is_reply]
        assert len(cards) == 1, cards
        await replied(town, cards[0])
        files = [f for m in cards[0].replies for f in m.files]
        assert [f.name for f in files] == ["job-1-clip-1.mp4", "job-1-clip-2.mp4"]
    titles = [m.text().splitlines()[0] for m in town.ada.dm.messages]
    assert len(titles) == len(set(titles)) == 3, titles
    await town.slack.until(lambda: set(shown.reactions) == {"one", "two"})


async def replied(town: Town, card: Message) -> None:
    """The clips are there a moment after Slack's answer."""
    await town.slack.until(lambda: card.replies)


@pytest.mark.usefixtures("slack_room")
@pytest.mark.parametrize("method", METHODS)
async def test_429_is_honoured_and_nothing_is_double(town: Town, method: str) -> None:
    fault = town.slack.faults.ratelimited(method, 1.0, retry_after=1)
    await once(town)
    assert fault.hit <= 5


@pytest.mark.usefixtures("slack_room", "_soon_sure")
@pytest.mark.parametrize("method", [*METHODS, "upload"])
async def test_a_bad_gateway_is_tried_again(town: Town, method: str) -> None:
    town.slack.faults.next(method, status=502)
    await once(town)


@pytest.mark.usefixtures("slack_room", "_soon_sure")
@pytest.mark.parametrize(
    "method", ["chat.postMessage", "chat.update", "files.completeUploadExternal", "upload"]
)
async def test_an_answer_that_is_lost_makes_nothing_double(town: Town, method: str) -> None:
    fault = town.slack.faults.lose_answer(method, times=2)
    await once(town)
    assert fault.hit == 2


@pytest.mark.usefixtures("_soon_sure")
async def test_a_sender_that_was_killed_leaves_no_second_card(town: Town) -> None:
    hold = town.slack.faults.hold("files.completeUploadExternal")
    async with running(town):
        await town.wish()
        await town.render()
        await hold.arrived.wait()
    hold.release()
    async with town.db.begin() as s:  # what it had begun to tell is due again, a while later
        await s.execute(update(Telling).values(not_before=utcnow()))
    async with running(town):
        await town.card(town.review)
        await town.settled()
    assert len([m for m in town.review.history if not m.is_reply]) == 1


async def test_two_processes_post_once(town: Town) -> None:
    async with running(town), running(town):
        for _ in range(5):
            await town.wish()
        for _ in range(5):
            await town.render()
        await town.slack.until(lambda: len(town.review.messages) >= 5, 30)
        await town.settled()
    assert len([m for m in town.review.history if not m.is_reply]) == 5


@pytest.mark.usefixtures("slack_room", "_soon_sure")
async def test_a_slack_that_is_away_costs_no_card_its_tries(town: Town) -> None:
    await town.wish()
    fault = town.slack.faults.next("chat.postMessage", status=503, times=None)
    await town.render()
    await town.slack.until(lambda: fault.hit > 2 * events.MAX_TRIES, 40)
    fault.remove()
    await town.card(town.review)
    await town.settled()
    async with town.db.read() as s:
        assert not await events.set_aside(s)


@pytest.mark.usefixtures("slack_room")
@pytest.mark.parametrize("how", ["close", "abort", "warning"])
async def test_a_sign_put_on_around_a_cut_counts_once(town: Town, how: str) -> None:
    shown = await town.published()
    await town.slack.faults.drop_socket(how)
    await town.bo.react(shown, "two")
    await town.votes({2: 1})


async def test_it_is_connected_while_slack_can_reach_it(town: Town, slack_room: SlackRoom) -> None:
    await town.slack.until(slack_room.is_connected)
    held = town.slack.faults.hold("apps.connections.open")
    await town.slack.faults.drop_socket("close")
    await held.arrived.wait()
    assert not slack_room.is_connected()
    held.release()
    await town.slack.until(slack_room.is_connected)


async def test_signs_of_which_nobody_heard_are_found_at_the_start(town: Town) -> None:
    await town.set_up(quorum=2)
    async with running(town):
        card = await town.in_review()
        await town.lin.react(card, "white_check_mark")
        await town.reviews(1)
        await town.settled()
    hear, town.slack.deliver = town.slack.deliver, lambda _: None
    await town.mo.react(card, "underage")
    await town.bo.react(card, "wastebasket")
    town.slack.deliver = hear
    async with running(town):
        await town.reviews(2)
        await town.told(town.bo, 0, town.review)
    async with running(town):
        await town.quiet()
        assert len(await town.reviews()) == 2
        assert len(town.bo.ephemerals(town.review)) == 1
    town.slack.deliver = lambda _: None
    await town.lin.unreact(card, "white_check_mark")
    town.slack.deliver = hear
    async with running(town):
        await town.reviews(1)


async def test_a_review_card_that_was_deleted_meanwhile_comes_back(town: Town) -> None:
    async with running(town):
        card = await town.in_review()
        await town.settled()
    await town.host.delete(card)
    async with running(town):
        await town.slack.until(lambda: town.review.messages, 60)
        again = await town.card(town.review)
        await town.mo.react(again, "white_check_mark")
        await town.is_(Status.PUBLISHED)


@pytest.mark.usefixtures("slack_room")
async def test_a_sign_on_which_every_try_failed_is_acted_on_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await town.in_review()
    monkeypatch.setattr("bot.on_slack.watching.TRIES", 1)
    town.slack.faults.next("users.info", status=503, times=2)
    await town.mo.react(card, "white_check_mark")
    await town.is_(Status.PUBLISHED)


@pytest.mark.usefixtures("slack_room")
@pytest.mark.parametrize("at_once", [True, False])
async def test_events_told_twice_are_acted_on_once(town: Town, at_once: bool) -> None:
    town.slack.faults.twice("reaction_added", at_once=at_once)
    await once(town)
    assert len(await town.reviews()) == 1


@pytest.mark.usefixtures("slack_room")
async def test_a_command_and_a_press_told_twice_are_one_job(town: Town) -> None:
    act = await town.ada.slash(town.general, "/sora", "a red circle")
    await act.acked()
    town.slack.send(act)
    await town.render()
    result = await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "is ready" in m.text()]
    )
    pressed = await town.presses(town.ada, result[0], "press:again:1:0")
    town.slack.send(pressed)
    await town.slack.until(lambda: len(town.ada.whispers) >= 4)
    async with town.db.read() as s:
        assert len((await s.scalars(select(Job))).all()) == 2


@pytest.mark.usefixtures("slack_room")
@pytest.mark.parametrize("how", ["archived", "bot removed", "deleted", "read only"])
async def test_a_channel_that_is_shut_holds_up_nobody_else(town: Town, how: str) -> None:
    if how == "archived":
        town.review.archive()
    elif how == "bot removed":
        town.review.remove_bot()
    elif how == "deleted":
        town.review.delete()
    else:
        town.review.read_only = True
    await town.wish()
    await town.render()
    await town.slack.until(lambda: [m for m in town.ada.dm.messages if "is ready" in m.text()])
    await town.settled()
    assert town.review.messages == []
    if how == "deleted":
        town.review = town.team.channel("review-again")
    town.review.archived = town.review.read_only = False
    town.review.invite_bot()
    await town.set_up()
    async with town.db.begin() as s:
        await events.tell_again(s, "slack", [1])
    await town.studio.desk.broker.spread(1)
    card = await town.card(town.review)
    await town.mo.react(card, "white_check_mark")
    await town.card(town.showcase)


@pytest.mark.usefixtures("slack_room")
async def test_a_workspace_that_is_full_of_files_has_its_cards(town: Town) -> None:
    town.slack.faults.next("files.*", error="storage_limit_reached", times=None)
    card = await town.in_review()
    await town.settled()
    assert card.replies == []
    await town.mo.react(card, "white_check_mark")
    await town.card(town.showcase)


@pytest.mark.usefixtures("slack_room")
async def test_a_picture_that_somebody_deleted_keeps_no_card(town: Town) -> None:
    card = await town.published()
    for file in town.slack.files.values():
        if file.mimetype == "image/jpeg":
            town.slack.delete_file(file)
    await town.bo.react(card, "one")
    await town.slack.until(lambda: "1️⃣ 1 vote" in card.text())
    refused = [v for v in town.slack.violations if "invalid slack file" in v]
    assert refused == town.slack.violations
    town.slack.violations.clear()
    await town.mo.react(card, "one")
    await town.slack.until(lambda: "1️⃣ 2 votes" in card.text())
    assert [b for b in card.blocks if b["type"] == "image"]


async def test_what_hangs_ends_with_the_room(town: Town) -> None:
    hold = town.slack.faults.hold("views.open")
    async with running(town) as room:
        await town.ada.slash(town.general, "/sora", "")
        await hold.arrived.wait()
        assert isinstance(room, SlackRoom)
        assert room.doing
    hold.release()
    await until(lambda: asyncio.sleep(0, not room.doing), 5)
