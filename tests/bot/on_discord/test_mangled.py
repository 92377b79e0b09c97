"""Whatever of an interaction somebody may make up is answered or said in a sentence, and changes nothing that
they may not change."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import strategies as st

from bot.on_discord.client import StudioClient
from bot.press import OF_ANOTHER_VERSION, Step
from bot.signs import Sign
from db import clips
from tests.bot.on_discord.town import Town
from tests.bot.test_pictures import picture
from tests.doubles.on_discord import Upload
from tests.doubles.on_discord.acts import send_interaction
from tests.doubles.on_discord.interactions import COMPONENT, Interaction
from tests.support.logged import logged
from tests.support.mangled import broken, drawn, mangled

PATIENCE = 60.0
AT_ONCE = 10


@asynccontextmanager
async def unbroken(town: Town, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Nothing that is begun within has to be written down, and the bot is there afterwards."""
    with logged() as lines:
        yield
        await alive(town)
    assert {line["exc_info"][:200] for line in lines if line.get("exc_info")} == set()
    assert broken(caplog) == []


async def alive(town: Town) -> None:
    """The bot answers, and has answered what came before."""
    asked = await town.bo.slash(town.general, "studio", "queue", cancel="9")
    await asked.finished(PATIENCE)


async def some_of_everything(town: Town) -> list[Interaction]:
    """What people did."""
    card = await town.published()
    image = await town.ada.send(town.general, "look", [Upload("a.png", picture("PNG"))])
    await (await town.ada.slash(town.general, "sora", prompt="a", seed=7, private=True)).answered()
    await (await town.ada.slash(town.general, "studio", "queue", cancel="9")).answered()
    await (await town.ada.slash(town.general, "studio", "report", job=1, reason="spam")).answered()
    await (await town.bo.click(card, label="Report")).answered()
    form = await (await town.bo.message_menu(image, "Animate this image")).answered()
    await (await town.bo.submit_modal(form, {"words": "it turns"})).answered()
    return list(town.discord.interactions)


async def test_what_is_mangled_breaks_nothing(
    town: Town, client: StudioClient, caplog: pytest.LogCaptureFixture
) -> None:
    known = await some_of_everything(town)
    numbers = st.sampled_from(range(len(known)))
    some = drawn(numbers.flatmap(lambda n: st.tuples(st.just(n), mangled(known[n].data))))
    async with unbroken(town, caplog):
        for count, (number, data) in enumerate(some):
            if count % AT_ONCE == 0:
                await alive(town)
            one = known[number]
            send_interaction(one.user, one.channel, one.type, data, one.message)


async def test_what_nobody_offers_any_more_is_said(town: Town, client: StudioClient) -> None:
    card = await town.published()
    data = {"component_type": 2, "custom_id": "press:dance:1:0", "id": 1}
    asked = send_interaction(town.bo, card.channel, COMPONENT, data, card)
    assert OF_ANOTHER_VERSION in said(await asked.finished(PATIENCE))
    known = await town.bo.slash(town.general, "sora", prompt="a")
    old = copy.deepcopy(known.data) | {"name": "dream"}
    asked = send_interaction(town.bo, town.general, known.type, old)
    assert OF_ANOTHER_VERSION in said(await asked.finished(PATIENCE))


async def test_ids_that_somebody_else_made_up_change_no_row_of_others(
    town: Town, client: StudioClient, caplog: pytest.LogCaptureFixture
) -> None:
    await town.wish()
    await town.render()
    card = await town.until_shown(town.review)
    before = await rows(town)
    made_up = st.builds(
        "{}:{}:{}:{}".format,
        st.sampled_from([*Step, "save"]),
        st.sampled_from([*Sign, "rule"]),
        st.sampled_from(["1", "0", "9999999999", "٣", "1/2"]),
        st.sampled_from(["0", "1", "4", "5"]),
    )
    async with unbroken(town, caplog):
        for custom_id in drawn(made_up):
            data = {"component_type": 2, "custom_id": custom_id, "id": 1}
            send_interaction(town.bo, card.channel, COMPONENT, data, card)
    assert await rows(town) == before


def said(asked: Interaction) -> str:
    return asked.text().replace("\\", "")


async def rows(town: Town) -> list[Any]:
    async with town.db.read() as s:
        return [(await town.job()).model_dump(), [c.model_dump() for c in await clips.of(s, 1)]]
