"""The sentence that a no needs: asked for once for each ❌, and gone when it isn't needed any more."""

from __future__ import annotations

from bot.on_discord.client import StudioClient
from bot.on_discord.courier import Courier, Message
from bot.on_discord.paint import sentence
from bot.on_discord.press import PressButton
from bot.press import Press
from bot.signs import Sign
from db import votes
from db.states import Status
from tests.bot.on_discord.test_review import quorum, said
from tests.bot.on_discord.town import Town
from tests.bot.on_discord.world import World, buttons, text
from tests.support.whole import until


async def say_why(world: World, job: int = 1) -> str:
    """Mo's sentence, by the newest question; the answer."""
    form = await world.mo.click(world.card(world.review), custom_id=f"why:reject:{job}:0")
    sent = await world.mo.submit_modal(form, {"words": "too dark"})
    assert sent.response is not None
    return text(sent.response)


async def test_a_number_limits_the_no_that_is_said_in_a_sentence(world: World) -> None:
    await world.rendered(variations=2)
    card = world.card(world.review)
    await world.mo.react(card, "2️⃣")
    await world.mo.react(card, "❌")
    await say_why(world)
    assert [r.clips for r in await said(world)] == [[2]]
    assert (await world.studio.job(1)).status is Status.IN_REVIEW


async def test_a_number_limits_the_no_of_the_cards_own_button(world: World) -> None:
    await world.rendered(variations=2)
    card = world.card(world.review)
    await world.lin.react(card, "2️⃣")
    await world.mo.react(card, "1️⃣")
    form = await world.mo.click(card, custom_id="press:reject:1:0")
    await world.mo.submit_modal(form, {"words": "too dark"})
    assert [r.clips for r in await said(world)] == [[1]]


async def test_a_question_goes_when_it_is_answered(world: World) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    await world.lin.react(card, "❌")
    of_lin = world.card(world.review)
    await world.mo.react(card, "❌")
    await say_why(world)
    assert [m.id for m in world.review.history()] == [card.id, of_lin.id]


async def test_all_questions_go_with_the_decision(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.lin.react(card, "❌")
    await world.mo.react(card, "❌")
    assert len(world.review.history()) == 3
    await world.mo.react(card, "🔞")
    assert [m.id for m in world.review.history()] == [card.id]


async def test_a_no_taken_back_and_given_again_asks_again(town: Town, client: StudioClient) -> None:
    await town.wish()
    await town.render()
    card = await town.until_shown(town.review)
    await town.mo.react(card, "❌")
    await town.discord.until(lambda: len(town.review.messages) == 2, 60)
    first = town.review.messages[-1]
    await town.mo.unreact(card, "❌")
    await town.discord.until(lambda: first.deleted, 60)
    await town.mo.react(card, "❌")
    await town.discord.until(lambda: len(town.review.messages) == 2, 60)


async def test_a_no_told_twice_asks_once(town: Town, client: StudioClient) -> None:
    town.discord.faults.twice("MESSAGE_REACTION_ADD")
    await town.wish()
    await town.render()
    card = await town.until_shown(town.review)
    await town.mo.react(card, "❌")
    await town.discord.until(lambda: len(town.review.messages) == 2, 60)
    question = town.review.messages[-1]
    await town.mo.unreact(card, "❌")  # comes in turn, after both
    await town.discord.until(lambda: question.deleted, 60)
    assert len(town.review.history) == 2


async def test_a_question_is_not_taken_for_the_card(world: World) -> None:
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "❌")
    pressed = [PressButton(Press(sign, 1), sign) for sign in (Sign.REJECT, Sign.DUTY)]
    same = Message(sentence("", *pressed))
    found = await Courier(world.client).find(world.review.id, same)
    assert found is not None
    assert found.id == card.id


async def test_a_no_by_button_is_taken_back_by_button(world: World) -> None:
    await quorum(world, 2)
    await world.rendered()
    form = await world.mo.click(world.card(world.review), custom_id="press:reject:1:0")
    sent = await world.mo.submit_modal(form, {"words": "too dark"})
    assert sent.response is not None
    assert len(await said(world)) == 1
    undo = buttons(sent.response)["Take my review back"]
    undone = await world.mo.click(sent.response.message, custom_id=undo)
    assert undone.response is not None
    assert "taken back" in text(undone.response)
    assert await said(world) == []


async def test_what_is_decided_is_not_taken_back(world: World) -> None:
    await world.rendered()
    form = await world.mo.click(world.card(world.review), custom_id="press:reject:1:0")
    sent = await world.mo.submit_modal(form, {"words": "too dark"})
    assert sent.response is not None
    assert buttons(sent.response) == {}


async def test_a_vote_by_button_is_taken_back_by_button(world: World) -> None:
    await world.published(variations=2)
    pressed = await world.bo.click(world.card(world.showcase), custom_id="press:vote_1:1:1")
    assert pressed.response is not None
    undo = buttons(pressed.response)["Take my vote back"]
    await world.bo.click(pressed.response.message, custom_id=undo)
    async with world.db.read() as s:
        assert await votes.tally(s, 1) == {}


async def test_cards_in_a_thread_are_reviewed_like_others(town: Town, client: StudioClient) -> None:
    made = await client.http.start_thread_without_message(
        town.review.id, name="cards", auto_archive_duration=1440, type=11
    )
    (thread,) = town.review.threads
    assert thread.id == int(made["id"])
    town.review = thread
    await town.set_up()
    await town.wish()
    await town.render()
    card = await town.until_shown(thread)
    await town.mo.react(card, "✅")

    async def decided() -> bool:
        return (await town.job()).status is Status.PUBLISHED

    await until(decided, 30)
