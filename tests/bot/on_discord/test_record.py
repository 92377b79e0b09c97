"""The record in Discord: what somebody is told who asks, and the head in the review channel."""

from __future__ import annotations

from bot.heads import post_heads
from bot.on_discord.client import StudioClient
from db import notes, record
from db.states import Reason, Verdict
from moderation.chronicle import chronicle
from tests.bot.on_discord.test_studio import said
from tests.bot.on_discord.town import Town
from tests.bot.on_discord.world import World
from tests.support.studio import MODERATOR, person


async def test_whoever_asks_is_told_the_head_and_what_came_last(world: World) -> None:
    assert "0 entries" in await said(world, "record")
    job = await world.rendered()
    mo = await person(world.db, "mo", *MODERATOR)
    await world.studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    await chronicle(world.db)
    async with world.db.begin() as s:
        head = await record.head(s)
        await notes.put(s, notes.PAGE, "https://sora.example.org")
    answer = await said(world, "record")
    assert f"4 entries, head {head.hash}." in answer
    assert "Job 1 was rejected after a few seconds, for: spam." in answer
    assert "https://sora.example.org/record" in answer


async def test_the_head_is_posted_once_a_day(town: Town, client: StudioClient) -> None:
    await town.published()
    await chronicle(town.db)
    before = len(town.review.messages)
    for _ in range(2):
        await post_heads(town.db, [client.room])
    async with town.db.read() as s:
        head = await record.head(s)
    (posted,) = town.review.messages[before:]
    assert head.hash in posted.text()
    await town.mo.react(posted, "✅")  # it is nothing to decide about
    await town.settled()
