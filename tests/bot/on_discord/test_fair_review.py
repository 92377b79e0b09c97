"""Review where more than one look, in Discord: second opinions, who looks, who is called, reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from db.models import utcnow
from db.states import Purpose, Status
from moderation.waiting import called
from tests.bot.on_discord.world import World, buttons, markdown, text


@pytest.fixture(autouse=True)
def fair(world: World) -> None:
    desk = world.studio.desk
    desk.rules = replace(desk.rules, second_opinion=True, appeal_quorum=2)


async def test_one_no_waits_and_a_host_decides_where_moderators_do_not_agree(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "🩸")
    await world.later()
    assert "One no; a second opinion decides." in text(world.card(world.review))
    assert (await world.studio.job(1)).status is Status.IN_REVIEW
    await world.lin.react(card, "✅")
    await world.later()
    assert "No agreement: job 1" in text(world.card(world.review))
    await world.host.react(card, "✅")
    await world.later()
    assert (await world.studio.job(1)).status is Status.PUBLISHED
    assert "Published: job 1" in text(world.card(world.review)), "the notice is gone"


async def test_who_looks_is_shown_until_they_take_their_eyes_off(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "👀")
    await world.later()
    assert "mo is looking until <t:" in markdown(world.card(world.review))
    await world.mo.unreact(card, "👀")
    await world.later()
    assert "looking" not in text(world.card(world.review)).replace("I'm looking", "")
    await world.bo.react(card, "👀")
    await world.later()
    assert "bo is looking" not in text(world.card(world.review))


async def test_the_moderators_role_is_pinged_and_then_the_owner(world: World) -> None:
    await world.rendered()
    pinged = []
    for hours in (0.6, 3, 13):
        past = utcnow() - timedelta(hours=hours)
        await world.studio.change(1, status_since=past)
        await called(world.db)
        await world.tell()
        message = world.card(world.review)
        pinged.append(([role.id for role in message.role_mentions], message.mentions))
        assert "job 1" in text(message)
        assert buttons(message) == {"Show it": "press:show:1:0"}
    assert [roles for roles, _ in pinged] == [[], [world.moderators.id], []]
    assert [[who.id for who in people] for _, people in pinged][:2] == [[], []]
    assert f"<@{world.guild.owner.id}>" in markdown(world.card(world.review))
    standing = await world.post(Purpose.NOTICE)
    assert standing.removed_at is None


async def test_a_notice_that_was_never_confirmed_is_found_and_the_card_stays(world: World) -> None:
    await world.rendered()
    await world.studio.change(1, status_since=utcnow() - timedelta(hours=3))
    await called(world.db)
    await world.tell()
    review, notice = await world.post(Purpose.REVIEW), await world.post(Purpose.NOTICE)
    for post in (review, notice):
        old = post.model_copy(update={"painted_at": utcnow() - timedelta(minutes=5)})
        assert await world.client.room.find(old, "key") == post.message


async def test_a_no_comes_with_its_reasons_and_an_appeal_is_heard(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    for who in (world.mo, world.lin):
        await who.react(card, "🩸")
    await world.later()
    (told,) = [m for m in world.direct(world.ada) if "Rejected" in text(m)]
    for words in (
        "The rule: blood and cruelty aren't shown.",
        "mo rejected it: gore.",
        "Decided by people (mo and lin), not by a machine.",
        "You may appeal once, to moderators who never reviewed it, until <t:",
    ):
        assert words in text(told)
    await world.ada.slash(world.general, "studio appeal", job=1, sentence="it is paint")
    await world.tell()
    notice = text(world.card(world.review))
    assert "Appeal: job 1" in notice
    assert "asks moderators who never reviewed it for a second look" in notice
