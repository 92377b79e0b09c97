"""Review where more than one look, in Slack: second opinions, who looks, who is called, reasons."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.on_slack.hosts import HOST
from db import notes
from db.models import utcnow
from db.states import Status
from moderation.waiting import called
from tests.bot.on_slack.town import Town
from tests.doubles.on_slack import Message

pytestmark = pytest.mark.usefixtures("slack_room")


@pytest.fixture(autouse=True)
def fair(town: Town) -> None:
    desk = town.studio.desk
    desk.rules = replace(desk.rules, second_opinion=True, appeal_quorum=2)


async def notice(town: Town, title: str) -> Message:
    found = await town.slack.until(
        lambda: [m for m in town.review.messages if title in m.text()], 60
    )
    return found[-1]


async def waited(town: Town, hours: float) -> None:
    await town.studio.change(1, status_since=utcnow() - timedelta(hours=hours))
    for job in await called(town.db):
        await town.studio.desk.broker.spread(job)


async def test_one_no_waits_and_a_host_decides_where_moderators_do_not_agree(town: Town) -> None:
    card = await town.in_review()
    await town.mo.react(card, "drop_of_blood")
    await town.slack.until(lambda: "One no; a second opinion decides." in card.text(), 60)
    await town.is_(Status.IN_REVIEW)
    await town.lin.react(card, "white_check_mark")
    await notice(town, "No agreement: job 1")
    await town.host.react(card, "white_check_mark")
    await town.is_(Status.PUBLISHED)
    await town.slack.until(
        lambda: not [m for m in town.review.messages if "No agreement" in m.text()], 60
    )


async def test_who_looks_is_shown_until_they_take_their_eyes_off(town: Town) -> None:
    card = await town.in_review()
    await town.mo.react(card, "eyes")
    await town.slack.until(lambda: "Mo is looking until" in card.text(), 60)
    await town.mo.unreact(card, "eyes")
    await town.slack.until(lambda: "Mo is looking" not in card.text(), 60)
    await town.bo.react(card, "eyes")
    assert "Only moderators" in (await town.told(town.bo, 0, town.review)).text()


async def test_moderators_are_pinged_and_then_who_set_it_up(town: Town) -> None:
    async with town.db.begin() as s:
        await notes.put(s, HOST + town.team.id, town.host.id)
    await town.in_review()
    for hours, title, pings in (
        (0.6, "Waiting: job 1", []),
        (3, "Still waiting: job 1", [f"<@{town.mo.id}>", f"<@{town.lin.id}>"]),
        (13, "Waiting for hosts: job 1", [f"<@{town.host.id}>"]),
    ):
        await waited(town, hours)
        message = await notice(town, title)
        assert message.pings() == pings
        standing = [m for m in town.review.messages if "aiting" in m.text()]
        assert standing == [message], "the one before is gone"


async def test_a_no_comes_with_its_reasons_and_an_appeal_is_heard(town: Town) -> None:
    card = await town.in_review()
    for who in (town.mo, town.lin):
        await who.react(card, "drop_of_blood")
    told = await town.slack.until(
        lambda: [m for m in town.ada.dm.messages if "Rejected" in m.text()], 60
    )
    for words in (
        "The rule: blood and cruelty aren't shown.",
        "Mo rejected it: gore.",
        "You may appeal once, to moderators who never reviewed it, until",
    ):
        assert words in told[-1].text()
    # Their two reactions arrive in either order.
    decided = r"Decided by people \((Mo and Lin|Lin and Mo)\), not by a machine\."
    assert re.search(decided, told[-1].text())
    form = await (await town.ada.press(told[-1], "press:appeal:1:0")).showed()
    await town.ada.submit(form, {"words": "it is paint"})
    await notice(town, "Appeal: job 1")
