"""Limits in Slack, where roles are asked for only if they matter."""

from __future__ import annotations

import pytest

from moderation.limits import read
from moderation.rules import Rules
from tests.bot.on_slack.town import Town


@pytest.mark.usefixtures("slack_room")
async def test_in_slack_the_roles_count_that_somebody_has_there(town: Town) -> None:
    town.studio.desk.rules = Rules(
        limits=read("[artist]\njobs_per_day = 1\n[host]\njobs_per_day = 2")
    )
    await town.wish(town.ada)
    assert "1 of 1 jobs" in await town.says(town.ada, "/sora", "another one")
    await town.wish(town.host)
    await town.wish(town.host)
    assert "2 of 2 jobs" in await town.says(town.host, "/sora", "another one")
    assert "2 of 2 jobs a day" in await town.says(town.host, "/studio", "queue")
