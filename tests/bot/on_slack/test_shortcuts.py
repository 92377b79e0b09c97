"""The entries in a message's menu: animate its image, remix a clip of the showcase, report it."""

from __future__ import annotations

import pytest

from bot.on_slack.listening import ANIMATE, NO_CARD, NO_IMAGE, REMIX, REPORT
from db.states import Purpose
from tests.bot.on_slack.town import Town, picture
from tests.doubles.on_slack import Upload

pytestmark = pytest.mark.usefixtures("slack_room")


async def test_an_image_is_animated(town: Town) -> None:
    files = [Upload("notes.txt", b"text"), Upload("a.png", picture())]
    message = await town.bo.send(town.general, "look", files)
    form = await (await town.ada.shortcut(message, ANIMATE)).showed()
    assert "image" not in form.inputs()
    assert form.title == "Animate this image"
    assert "What should happen in it?" in form.text()
    act = await (await town.ada.submit(form, {"prompt": "it turns"})).acked()
    assert not act.errors
    job = await town.studio.job(1)
    assert (job.prompt, bool(job.first_key)) == ("it turns", True)


async def test_what_is_no_image_is_said(town: Town) -> None:
    plain = await town.bo.send(town.general, "look", [Upload("notes.txt", b"text")])
    await town.ada.shortcut(plain, ANIMATE)
    assert (await town.told(town.ada, 0)).text() == NO_IMAGE
    fake = await town.bo.send(town.general, "look", [Upload("a.png", b"no")])
    form = await (await town.ada.shortcut(fake, ANIMATE)).showed()
    act = await (await town.ada.submit(form, {"prompt": "it turns"})).acked()
    assert "no picture" in act.errors["prompt"]


async def test_an_image_that_is_gone_is_said(town: Town) -> None:
    message = await town.bo.send(town.general, "look", [Upload("a.png", picture())])
    form = await (await town.ada.shortcut(message, ANIMATE)).showed()
    await town.bo.delete_file(message.files[0])
    act = await (await town.ada.submit(form, {"prompt": "it turns"})).acked()
    assert "send it again" in act.errors["prompt"]


async def test_a_channel_where_the_app_is_not(town: Town) -> None:
    outside = town.team.channel("elsewhere", private=True, bot=False)
    message = await town.bo.send(outside, "look", [Upload("a.png", picture())])
    act = await town.ada.shortcut(message, ANIMATE)
    await town.slack.until(lambda: [*town.ada.whispers, *town.ada.dm.messages])
    assert "I'm not in this channel" in [*town.ada.whispers, *town.ada.dm.messages][-1].text()
    assert not act.opened


async def test_a_file_that_is_not_told_of_in_time_is_looked_for_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.on_slack.attachments.LOOK_SECONDS", 0.0)
    outside = town.team.channel("elsewhere", private=True, bot=False)
    message = await town.bo.send(outside, "look", [Upload("a.png", picture())])
    form = await (await town.ada.shortcut(message, ANIMATE)).showed()
    act = await (await town.ada.submit(form, {"prompt": "it turns"})).acked()
    assert "send it again" in act.errors["prompt"]


@pytest.mark.parametrize("entry", [REMIX, REPORT])
async def test_what_is_no_card_is_said(town: Town, entry: str) -> None:
    message = await town.bo.send(town.general, "look")
    await town.ada.shortcut(message, entry)
    assert (await town.told(town.ada, 0)).text() == NO_CARD
    card = await town.in_review()
    await town.bo.shortcut(card, entry)
    assert (await town.told(town.bo, 0)).text() == NO_CARD


async def test_a_card_is_reported_also_by_its_clips(town: Town) -> None:
    card = await town.published()
    await town.slack.until(lambda: card.replies)
    form = await (await town.bo.shortcut(card.replies[0], REPORT)).showed()
    await town.bo.submit(form, {"reason": "spam"})
    await town.slack.until(
        lambda: [m for m in town.review.messages if "Reported: job 1" in m.text()], 60
    )
    assert await town.place(Purpose.SHOWCASE)


async def test_a_card_is_remixed_where_its_artist_lets(town: Town) -> None:
    card = await town.published()
    act = await town.bo.shortcut(card, REMIX)
    assert "hasn't allowed remixes" in (await town.told(town.bo, 0)).text()
    assert not act.opened
