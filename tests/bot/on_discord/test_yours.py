"""`/studio export` and `/studio delete` in Discord: what only Discord does with them."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

from db import people
from db.people import LEFT
from moderation.leaving import forget_leavers
from moderation.sweep import sweep
from tests.bot.on_discord.world import World, text


async def asked(world: World, command: str, **options: Any) -> Any:
    result = await world.ada.slash(world.general, f"studio {command}", **options)
    assert result.ephemeral
    return result


async def test_what_is_ones_own_comes_as_a_file_that_nobody_else_sees(world: World) -> None:
    await world.rendered()
    result = await asked(world, "export")
    assert "Putting it together" in text(result.response)
    (sent,) = result.followups
    assert "all that is yours" in text(sent)
    (attached,) = sent.attachments
    with ZipFile(io.BytesIO(await attached.read())) as archive:
        assert b"a red circle" in archive.read("jobs.json")


async def test_whoever_types_that_they_are_sure_is_forgotten(world: World) -> None:
    await world.rendered()
    words = text((await asked(world, "delete")).response)
    for said in ("You have 1 job", "What goes.", "What stays.", "/studio export", "forget me"):
        assert said in words
    assert "Nothing was deleted" in text((await asked(world, "delete", sure="yes")).response)
    assert "You are forgotten" in text((await asked(world, "delete", sure="Forget me")).response)
    for _ in range(3):
        await sweep(world.db, world.studio.desk.broker)
        await world.tell()
        await forget_leavers(world.db, world.studio.desk.broker, world.media)
    async with world.db.read() as s:
        assert await people.find(s, "discord", "", str(world.ada.id)) is None
        assert (await people.names(s, [1]))[1] == LEFT
    assert "asked for nothing yet" in text((await asked(world, "mine")).response)
