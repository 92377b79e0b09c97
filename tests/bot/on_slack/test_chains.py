"""A chain in Slack: begun and joined by command, gone on with from the card of one's turn."""

from __future__ import annotations

import pytest

from db import jobs
from db.states import Task
from moderation.sweep import sweep
from tests.bot.on_slack.town import Town
from tests.support.whole import until


async def rendered(town: Town) -> int:
    job = await town.render()
    await sweep(town.db, town.studio.desk.broker)
    return job.id


@pytest.mark.usefixtures("slack_room")
async def test_a_chain_of_two(town: Town) -> None:
    begun = await town.says(town.ada, "/studio", "chain start a fox at night")
    assert "Chain 1 begins with job 1" in begun
    joined = await town.says(town.bo, "/studio", "chain join 1")
    assert "You have a seat in chain 1" in joined
    assert "Ada's turn" in await town.says(town.mo, "/studio", "chain list")
    assert await rendered(town) == 1
    glimpse = await rendered(town)
    assert (await town.studio.job(glimpse)).task is Task.GLIMPSE

    found = await town.slack.until(lambda: [m for m in town.bo.dm.messages if m.buttons()])
    card = found[-1]
    assert "Your turn in chain 1" in card.text()
    form = await (await town.bo.press(card, f"press:go_on:{glimpse}:0")).showed()
    await (await town.bo.submit(form, {"words": "it finds a door --seed 7"})).acked()

    async def asked() -> bool:
        async with town.db.read() as s:
            return await jobs.get(s, 3) is not None

    await until(asked)
    job = await town.studio.job(3)
    assert (job.prompt, job.seed, job.source_id) == ("it finds a door", 7, glimpse)
    await rendered(town)
    assert "Clip 2: Bo." in await town.says(town.ada, "/studio", "chain show 1")
    assert "The film is job 4" in await town.says(town.ada, "/studio", "chain close 1")
