"""What somebody's act in Discord leads to carries one request in the logs."""

from __future__ import annotations

import pytest

from tests.bot.on_discord.town import Town
from tests.support.logged import logged


@pytest.mark.usefixtures("client")
async def test_a_command_and_its_job_carry_one_request(town: Town) -> None:
    with logged() as lines:
        for _ in range(2):
            await town.wish()
            await town.render()
    taken = [line for line in lines if line["event"] == "wish.taken"]
    submitted = [line for line in lines if line["event"] == "job.submitted"]
    assert [line["room"] for line in taken + submitted] == ["discord"] * 4
    requests = [line["request"] for line in taken]
    assert [line["request"] for line in submitted] == requests
    assert len(set(requests)) == 2
