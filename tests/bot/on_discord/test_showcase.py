"""The public card: votes by button and by number, few repaints, and gone when it's withdrawn."""

from __future__ import annotations

from datetime import timedelta

from db import votes
from db.models import Job, utcnow
from db.states import Purpose
from moderation.sweep import closed_ballots
from tests.bot.on_discord.world import World, buttons, gallery, text
from tests.support.studio import person


async def tally(world: World) -> dict[int, int]:
    async with world.db.read() as s:
        return await votes.tally(s, 1)


async def test_the_card_shows_credit_and_says_its_prompt_to_those_who_cannot_see(
    world: World,
) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    said = text(card)
    assert "by ada" in said
    assert "model Toy" in said
    assert "licence Apache-2.0" in said
    assert [item["description"] for item in gallery(card)] == [
        "Clip 1: a red circle",
        "Clip 2: a red circle",
    ]
    assert not any(item["spoiler"] for item in gallery(card))
    assert [reaction.emoji for reaction in card.reactions] == ["1️⃣", "2️⃣"]


async def test_a_button_and_a_number_mean_the_same_vote(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    pressed = await world.bo.click(card, custom_id="press:vote_1:1:1")
    assert pressed.ephemeral
    assert await tally(world) == {1: 1}
    await world.bo.react(card, "2️⃣")
    assert await tally(world) == {2: 1}
    await world.mo.react(card, "2️⃣")
    assert await tally(world) == {2: 2}
    await world.later()
    assert "2️⃣ 2 votes" in text(world.card(world.showcase))


async def test_another_number_takes_the_first_one_off(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    await world.bo.react(card, "1️⃣")
    await world.bo.react(card, "2️⃣")
    assert await tally(world) == {2: 1}
    stored = world.env.backend.get_message(world.showcase.id, card.id)
    standing = {r.emoji: r.user_ids for r in stored.reactions}
    assert world.bo.id not in standing["1️⃣"]
    assert world.bo.id in standing["2️⃣"]
    await world.bo.unreact(card, "2️⃣")
    assert await tally(world) == {}


async def test_artists_cannot_vote_for_themselves(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    await world.ada.react(card, "1️⃣")
    pressed = await world.ada.click(card, custom_id="press:vote_1:1:1")
    assert pressed.followups == []
    assert pressed.response is not None
    assert "don't vote on their own" in text(pressed.response)
    assert await tally(world) == {}


async def test_people_may_put_anything_else_under_a_clip(world: World) -> None:
    await world.published()
    card = world.card(world.showcase)
    await world.bo.react(card, "❤️")
    stored = world.env.backend.get_message(world.showcase.id, card.id)
    assert world.bo.id in {r.emoji: r.user_ids for r in stored.reactions}["❤️"]


async def test_many_votes_are_few_edits(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    await world.later()
    before = len(world.requests("PATCH", f"/messages/{card.id}"))
    for voter in (world.bo, world.mo, world.lin, world.host):
        await voter.click(card, custom_id="press:vote_2:1:2")
        pause = await world.tell()
    assert 0 < pause <= 5
    assert len(world.requests("PATCH", f"/messages/{card.id}")) <= before + 1
    await world.later()
    assert "4 votes" in text(world.card(world.showcase))


async def test_an_old_card_is_repainted_once_a_minute(world: World) -> None:
    await world.published(variations=2)
    post = await world.post(Purpose.SHOWCASE)
    post.created_at = utcnow() - timedelta(hours=2)
    post.painted_at = utcnow() - timedelta(seconds=20)
    assert 30 < world.client.room.pause(post) <= 40


async def test_the_winner_is_shown_and_voting_is_over(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    await world.bo.react(card, "2️⃣")
    async with world.db.begin() as s:
        (await s.get_one(Job, 1)).ballot_closes_at = utcnow() - timedelta(seconds=1)
    await closed_ballots(world.db)
    await world.later()
    card = world.card(world.showcase)
    assert "🏆 2️⃣ 1 vote" in text(card)
    assert not [one for one in buttons(card).values() if "vote" in one]


async def test_withdrawing_takes_the_message_away(world: World) -> None:
    await world.published()
    shown = world.card(world.showcase)
    told = next(m for m in world.direct(world.ada) if "Published" in text(m))
    result = await world.ada.user.click(told, custom_id="press:show:1:0")
    assert result.response is not None
    sure = await world.ada.user.click(result.response.message, custom_id="press:withdraw:1:0")
    confirm = (sure.followups or [sure.response])[-1]
    assert confirm is not None
    assert "Take it out of everything public?" in text(confirm)
    await world.ada.user.click(confirm.message, custom_id="sure:withdraw:1:0")
    await world.tell()
    assert shown.id not in [m.id for m in world.showcase.history()]


async def test_a_showcase_card_that_a_host_deleted_stays_away(world: World) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)
    world.env.backend.delete_message(world.showcase.id, card.id)
    await world.studio.desk.vote(await person(world.db, "vera"), 1, 1)
    await world.later()
    assert world.showcase.history() == []
