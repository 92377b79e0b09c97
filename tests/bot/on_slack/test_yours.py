"""`/studio export` and `/studio delete` in Slack: what only Slack does with them."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest

from db import people
from tests.bot.on_slack.town import PATIENCE, Town

pytestmark = pytest.mark.usefixtures("slack_room")


async def test_what_is_ones_own_comes_to_ones_direct_messages(town: Town) -> None:
    await town.wish()
    before = len(town.ada.ephemerals(town.general))
    await (await town.ada.slash(town.general, "/studio", "export")).acked()
    await town.slack.until(lambda: len(town.ada.ephemerals(town.general)) > before + 1, PATIENCE)
    first, last = [m.text() for m in town.ada.ephemerals(town.general)[before:]]
    assert "Putting it together" in first
    assert "direct messages" in last
    (file,) = [f for f in town.slack.files.values() if f.name.endswith(".zip")]
    with ZipFile(io.BytesIO(file.data)) as archive:
        assert b"a red circle" in archive.read("jobs.json")


async def test_whoever_types_that_they_are_sure_is_forgotten(town: Town) -> None:
    await town.wish()
    said = await town.says(town.ada, "/studio", "delete")
    assert "You have 1 job" in said
    assert "/studio delete forget me" in said
    assert "Nothing was deleted" in await town.says(town.ada, "/studio", "delete yes")
    assert "You are forgotten" in await town.says(town.ada, "/studio", "delete forget me")
    async with town.studio.db.read() as s:
        assert await people.find(s, "slack", town.team.id, town.ada.id) is None
