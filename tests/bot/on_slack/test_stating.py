"""Statements of who is in a clip in Slack, and what moderators take on."""

from __future__ import annotations

import pytest

from db.states import Status
from tests.bot.on_slack.test_showcase import result
from tests.bot.on_slack.town import Town

pytestmark = pytest.mark.usefixtures("slack_room")


async def test_who_is_named_is_stated_on_a_form_and_moderators_read_it(town: Town) -> None:
    await town.wish(None, "Angela Merkel as an astronaut")
    await town.render()
    shown = await result(town)
    assert "Publish" not in [button.label for button in shown.buttons()]
    form = await (await town.ada.press(shown, label="Say who is in it")).showed()
    await town.ada.submit(form, {"depicts": "agreed", "words": "She wrote me."})
    await town.is_(Status.IN_REVIEW)
    card = await town.card(town.review)
    assert "stated that the person in it agreed" in card.text()
    assert "She wrote me." in card.text()


async def test_a_moderator_sets_limits_on_the_review_card(town: Town) -> None:
    card = await town.in_review()
    form = await (await town.mo.press(card, label="My limits")).showed()
    await town.mo.submit(form, {"words": "20, gore"})
    await town.slack.until(
        lambda: town.mo.whispers and "spared gore" in town.mo.whispers[-1].text()
    )
