"""Statements of who is in a clip in Discord, and what moderators take on."""

from __future__ import annotations

from bot.on_discord.press import mending
from db.states import Status
from moderation.rules import Refused
from moderation.stating import Unstated
from tests.bot.on_discord.world import World, buttons, text

NAMED = "Angela Merkel as an astronaut"


async def test_who_is_named_is_stated_on_a_form_and_moderators_read_it(world: World) -> None:
    await world.rendered(prompt=NAMED)
    shown = await world.ada.slash(world.general, "studio show", job=1)
    assert shown.response is not None
    assert "Say who is in it" in buttons(shown.response)
    assert "Publish" not in buttons(shown.response)
    form = await world.ada.click(shown.response, label="Say who is in it")
    sent = await world.ada.submit_modal(form, {"depicts": ["agreed"], "words": "She wrote me."})
    assert "went to the moderators" in text(sent.followups[0])
    await world.tell()
    card = text(world.card(world.review))
    assert "stated that the person in it agreed" in card
    assert "She wrote me." in card


async def test_an_old_publish_button_offers_to_state_it() -> None:
    (give,) = mending(Unstated(7))
    assert (str(give.press), give.item.label) == ("list:state:7:0", "Say who is in it")
    assert mending(Refused("No.")) == []


async def test_a_moderator_sets_limits_on_the_review_card(world: World) -> None:
    await world.rendered()
    form = await world.mo.click(world.card(world.review), custom_id="press:duty:1:0")
    sent = await world.mo.submit_modal(form, {"words": "20, gore"})
    assert sent.response is not None
    assert "20 jobs an hour at most, and are spared gore" in text(sent.response)
    assert (await world.studio.job(1)).status is Status.IN_REVIEW
