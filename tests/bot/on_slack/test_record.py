"""The record in Slack: what somebody is told who asks, and the head in the review channel."""

from __future__ import annotations

import pytest

from bot.heads import post_heads
from bot.on_slack.room import SlackRoom
from db import notes, record
from moderation.chronicle import chronicle
from tests.bot.on_slack.town import Town


@pytest.mark.usefixtures("slack_room")
async def test_whoever_asks_is_told_the_head_and_what_came_last(town: Town) -> None:
    assert "0 entries" in await town.says(town.ada, "/studio", "record")
    await town.in_review()
    await chronicle(town.db)
    async with town.db.begin() as s:
        head = await record.head(s)
        await notes.put(s, notes.PAGE, "https://sora.example.org")
    answer = await town.says(town.ada, "/studio", "record")
    assert f"2 entries, head {head.hash}." in answer
    assert "The artist of job 1 sent it to review." in answer
    assert "https://sora.example.org/record" in answer


async def test_the_head_is_posted_once_a_day(town: Town, slack_room: SlackRoom) -> None:
    await town.in_review()
    await chronicle(town.db)
    before = len(town.review.messages)
    for _ in range(2):
        await post_heads(town.db, [slack_room])
    async with town.db.read() as s:
        head = await record.head(s)
    (posted,) = town.review.messages[before:]
    assert head.hash in posted.text()
    assert "The record has 2 entries" in posted.text()
