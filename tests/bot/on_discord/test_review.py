"""Review by reaction: one tap decides, only moderators' taps count, and none is lost or counted twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import reviews, workspaces
from db.models import Job, Review
from db.states import Purpose, Reason, Status, Verdict
from moderation.people import Role
from tests.bot.on_discord.world import World, buttons, gallery, markdown, text
from tests.support.studio import person

ALL_SIGNS = ["✅", "❌", "🔞", "🩸", "👤", "©️", "🚫", "🗑️", "👀", "1️⃣", "2️⃣"]


async def said(world: World) -> list[Review]:
    async with world.db.read() as s:
        return list(await reviews.of(s, 1))


async def quorum(world: World, reviews_needed: int) -> None:
    async with world.db.begin() as s:
        await workspaces.change(s, "discord", str(world.guild.id), quorum=reviews_needed)


def signs(world: World) -> dict[str, list[int]]:
    """Emoji -> who has put it on the card, the bot not counted."""
    message = world.env.backend.get_message(world.review.id, world.card(world.review).id)
    found = {}
    for reaction in message.reactions:
        people = [u for u in reaction.user_ids if u != world.client.own_id]
        if people:
            found[reaction.emoji] = people
    return found


async def test_the_card_hides_its_clips_and_offers_every_sign(world: World) -> None:
    await world.rendered(variations=2)
    card = world.card(world.review)
    assert "Review: job 1" in text(card)
    assert "by ada" in text(card)
    assert [reaction.emoji for reaction in card.reactions] == ALL_SIGNS
    assert [item["spoiler"] for item in gallery(card)] == [True, True]
    assert buttons(card) == {
        "❌ Reject …": "press:reject:1:0",
        "My limits": "press:duty:1:0",
    }


async def test_one_tap_publishes(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    assert (await world.studio.job(1)).status is Status.PUBLISHED
    assert "mo approved" in text(world.card(world.review))
    assert "by ada" in text(world.card(world.showcase))


@pytest.mark.parametrize(
    ("emoji", "reason"),
    [
        ("🔞", Reason.SEXUAL),
        ("🩸", Reason.GORE),
        ("👤", Reason.LIKENESS),
        ("©️", Reason.COPYRIGHT),
        ("🚫", Reason.HATE),
        ("🗑️", Reason.SPAM),
    ],
)
async def test_a_reason_in_one_tap(world: World, emoji: str, reason: Reason) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), emoji)
    job = await world.studio.job(1)
    assert job.status is Status.REJECTED
    assert [(r.verdict, r.reason) for r in await said(world)] == [(Verdict.REJECT, reason)]
    await world.tell()
    (told,) = [m for m in world.direct(world.ada) if "Rejected" in text(m)]
    assert "press:appeal:1:0" in buttons(told).values()


async def test_who_is_no_moderator_decides_nothing(world: World) -> None:
    await world.rendered()
    for somebody in (world.bo, world.ada):
        await somebody.react(world.card(world.review), "✅")
    assert await said(world) == []
    assert signs(world) == {}


async def test_hosts_moderate_too(world: World) -> None:
    await world.rendered()
    await world.host.react(world.card(world.review), "✅")
    assert (await world.studio.job(1)).status is Status.PUBLISHED


async def test_nobody_decides_about_their_own_work_and_is_told_so(world: World) -> None:
    await world.wish(world.mo)
    await world.tell()
    await world.render()
    await world.mo.react(world.card(world.review), "✅")
    assert await said(world) == []
    assert signs(world) == {}
    assert any("Nobody reviews their own work" in text(m) for m in world.direct(world.mo))


async def test_a_sign_that_means_nothing_is_taken_off(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "🍕")
    assert signs(world) == {}
    assert (await world.studio.job(1)).status is Status.IN_REVIEW


async def test_numbers_limit_the_decision_to_those_clips(world: World) -> None:
    await world.rendered(variations=2)
    card = world.card(world.review)
    await world.mo.react(card, "2️⃣")
    await world.mo.react(card, "✅")
    await world.tell()
    shown = world.card(world.showcase)
    assert "press:vote_2:1:2" in buttons(shown).values()
    assert "press:vote_1:1:1" not in buttons(shown).values()
    assert [a.filename for a in shown.attachments] == ["job-1-clip-2.mp4"]


async def test_a_no_without_a_reason_asks_for_its_sentence(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "❌")
    assert (await world.studio.job(1)).status is Status.IN_REVIEW
    asked = world.card(world.review)
    assert f"<@{world.mo.id}>" in text(asked)
    form = await world.mo.click(asked, custom_id="why:reject:1:0")
    assert form.modal is not None
    await world.mo.submit_modal(form, {"words": "Too *dark* to see @everyone."})
    (review,) = await said(world)
    assert (review.reason, review.sentence) == (Reason.OTHER, "Too *dark* to see @everyone.")
    await world.tell()
    (told,) = [m for m in world.direct(world.ada) if "Rejected" in text(m)]
    assert "Too \\*dark\\* to see \\@everyone\\." in markdown(told)


async def test_a_no_taken_back_takes_its_question_with_it(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "❌")
    assert world.card(world.review).id != card.id
    await world.mo.unreact(card, "❌")
    assert world.card(world.review).id == card.id


async def test_before_the_quorum_a_review_is_taken_back_with_its_sign(world: World) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "✅")
    assert len(await said(world)) == 1
    await world.mo.unreact(card, "✅")
    assert await said(world) == []
    await world.lin.react(card, "✅")
    assert (await world.studio.job(1)).status is Status.IN_REVIEW
    await world.mo.react(card, "✅")
    assert (await world.studio.job(1)).status is Status.PUBLISHED


async def test_taking_one_sign_off_leaves_what_another_said(world: World) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "✅")
    await world.mo.react(card, "🔞")
    await world.mo.unreact(card, "✅")
    assert [r.reason for r in await said(world)] == [Reason.SEXUAL]


async def test_after_the_decision_a_sign_changes_nothing(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "✅")
    await world.tell()
    await world.lin.react(card, "🔞")
    await world.mo.unreact(card, "✅")
    assert (await world.studio.job(1)).status is Status.PUBLISHED
    assert len(await said(world)) == 1


async def test_what_happened_while_the_bot_was_away_is_done_once(world: World) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    await world.lin.react(card, "✅")
    await while_away(world, card.id, add=[(world.mo.id, "🔞"), (world.bo.id, "🩸")])
    assert {r.reason for r in await said(world)} == {None, Reason.SEXUAL}
    assert world.bo.id not in [who for people in signs(world).values() for who in people]
    count = len(await said(world))
    await while_away(world, card.id)
    assert len(await said(world)) == count
    await while_away(world, card.id, remove=[(world.lin.id, "✅")])
    assert [r.reason for r in await said(world)] == [Reason.SEXUAL]


@pytest.mark.parametrize("found_by", ["a repaint", "the next start"])
async def test_a_review_card_that_somebody_deleted_comes_back(world: World, found_by: str) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    world.env.backend.delete_message(world.review.id, card.id)
    if found_by == "a repaint":
        lin = await person(world.db, "lin", Role.MODERATOR)
        await world.studio.desk.review(lin, 1, Verdict.APPROVE)
    else:
        await world.client.watching.missed.catch_up(0)
        await quorum(world, 1)
    await world.later()
    again = world.card(world.review)
    assert again.id != card.id
    await world.mo.react(again, "✅")
    assert (await world.studio.job(1)).status is Status.PUBLISHED


async def test_hosts_are_told_once_of_each_channel_where_the_bot_may_not_post(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.on_discord.room.IN_FLIGHT", timedelta())
    for channel in (world.review, world.showcase):
        world.env.inject_error(
            "POST", f"/channels/{channel.id}/messages", status=403, code=50013, times=None
        )
    await world.rendered()
    assert (await world.studio.job(1)).status is Status.IN_REVIEW
    await quorum(world, 2)
    mo = await person(world.db, "mo", Role.MODERATOR)
    lin = await person(world.db, "lin", Role.MODERATOR)
    for moderator in (mo, lin):
        await world.studio.desk.review(moderator, 1, Verdict.APPROVE)
        await world.tell()
    await world.tell()
    told = sorted(text(m).split("(")[0] for m in world.guild.owner.dm_channel.history())
    assert told == [
        "I may not post in the review channel ",
        "I may not post in the showcase channel ",
    ]
    world.env.backend.faults.clear()
    async with world.db.begin() as s:
        (await s.get_one(Job, 1)).status = Status.IN_REVIEW
    await world.tell()
    assert "Review: job 1" in text(world.card(world.review))
    assert (await world.post(Purpose.REVIEW)).message


async def while_away(
    world: World,
    message: int,
    add: list[tuple[int, str]] | None = None,
    remove: list[tuple[int, str]] | None = None,
) -> None:
    """Reactions that come and go while no bot is connected, and then its start."""
    backend = world.env.backend
    stored = backend.get_message(world.review.id, message)
    for user, emoji in add or []:
        for reaction in stored.reactions:
            if reaction.emoji == emoji:
                reaction.user_ids.append(user)
    for user, emoji in remove or []:
        for reaction in stored.reactions:
            if reaction.emoji == emoji:
                reaction.user_ids.remove(user)
    await world.client.watching.missed.catch_up(0)
    await world.env.settle()
