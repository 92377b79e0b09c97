"""A chain in Discord: begun and joined by command, gone on with from the card of one's turn."""

from __future__ import annotations

from typing import Any

from db.models import Job
from db.states import Status, Task
from moderation.sweep import sweep
from tests.bot.on_discord.world import World, text
from tests.support.studio import ABLE


async def said(world: World, who: Any, **options: Any) -> str:
    result = await who.slash(world.general, "studio chain", **options)
    assert result.ephemeral
    assert result.response is not None
    return text(result.response).replace("\\", "")


async def rendered(world: World, job_id: int) -> Job:
    job = await world.render(job_id)
    await sweep(world.db, world.studio.desk.broker)
    return job


async def test_a_chain_of_two(world: World) -> None:
    await world.studio.open([ABLE])
    begun = await said(world, world.ada, action="start", about="a fox at night")
    assert "Chain 1 begins with job 1" in begun
    joined = await world.bo.slash(world.general, "studio chain", action="join", about="1")
    assert joined.response is not None
    assert "You have a seat in chain 1" in text(joined.response)
    assert "it is ada's turn" in await said(world, world.lin, action="list")
    assert "There is no chain 9" in await said(world, world.lin, action="join", about="9")
    await rendered(world, 1)
    glimpse = await rendered(world, 2)
    assert (glimpse.task, glimpse.status) == (Task.GLIMPSE, Status.READY)

    # Bo is shown the second where he joined, and goes on from it in his own words.
    assert "Your turn in chain 1" in text(joined.response)
    form = await world.bo.click(joined.response.message, label="Go on")
    await world.bo.submit_modal(form, {"words": "it finds a door --seed 7"})
    job = await world.studio.job(3)
    assert (job.prompt, job.seed, job.source_id) == ("it finds a door", 7, 2)
    await rendered(world, 3)
    assert "Clip 2: bo." in await said(world, world.ada, action="show", about="1")
    assert "The film is job 4" in await said(world, world.ada, action="close", about="1")
    film = await world.render(4)
    assert film.status is Status.IN_REVIEW
