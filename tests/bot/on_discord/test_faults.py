"""Over real sockets, with a Discord that is slow, away, forgetful or says things twice: nothing lost,
nothing double."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot import cards
from bot.announce import announce
from bot.on_discord import room
from bot.on_discord.acting import BROKEN
from bot.on_discord.client import StudioClient
from bot.on_discord.ids import ORIGINAL
from bot.view import view
from db import clips, events, reviews, votes
from db.broker import Broker
from db.models import Job, Post, Reply, Telling, utcnow
from db.states import Purpose, Status
from tests.bot.on_discord.town import Town, running
from tests.doubles.on_discord import Interaction
from tests.support.whole import until

POST = ("POST", "/channels/*/messages")


@pytest.mark.parametrize(
    ("status", "times"), [(429, 2), (500, 1), (502, 1), (503, 3)], ids=lambda value: str(value)
)
async def test_what_discord_refuses_for_a_while_is_posted_once(
    town: Town, client: StudioClient, status: int, times: int
) -> None:
    town.discord.faults.next(*POST, status=status, times=times, retry_after=0.05)
    await town.wish()
    await town.render()
    await town.until_shown(town.review)
    await town.settled()
    assert len(town.review.history) == 1


async def test_a_discord_that_is_away_costs_no_card_its_tries(
    town: Town, client: StudioClient
) -> None:
    fault = town.discord.faults.next(*POST, status=503, times=None)
    await town.wish()
    await town.render()
    await town.discord.until(lambda: fault.hit > 2 * events.MAX_TRIES, 30)
    fault.remove()
    await town.until_shown(town.review)
    await town.settled()
    async with town.db.read() as s:
        assert not await events.set_aside(s)


async def test_an_answer_that_is_lost_makes_no_second_message(
    town: Town, client: StudioClient
) -> None:
    town.discord.faults.lose_answer(*POST, times=2)
    await town.wish()
    await town.render()
    await town.until_shown(town.review)
    await town.settled()
    assert len(town.review.history) == 1


async def test_a_message_whose_sender_was_killed_long_ago_is_found_again(
    town: Town, client: StudioClient
) -> None:
    await town.wish()
    await town.render()
    card = await town.until_shown(town.review)
    await town.settled()
    town.discord.later(minutes=30)  # the nonce is forgotten
    async with town.db.begin() as s:
        await s.execute(
            update(Post)
            .where(col(Post.purpose) == Purpose.REVIEW)
            .values(message="", created_at=utcnow() - timedelta(minutes=30))
        )
        await s.execute(update(Telling).values(told_at=None, not_before=utcnow()))
    await town.settled()
    assert [m.id for m in town.review.history] == [card.id]
    assert (await town.until_shown(town.review)).id == card.id


async def test_a_receipt_that_two_processes_send_anew_at_once_is_one_message(
    town: Town, client: StudioClient
) -> None:
    """One of them found that the answer to the command is over, and hadn't seen yet that it shows the
    receipt, as the other has."""
    await town.wish()

    async def shown() -> Post | None:
        async with town.db.read() as s:
            return await s.scalar(select(Post).filter_by(message=ORIGINAL))

    post = await until(shown, 30)
    assert post is not None
    async with town.db.begin() as s:
        await s.execute(update(Reply).values(expires_at=utcnow()))
        seen = await view(s, post.job_id)
    assert seen is not None
    sent = await client.room.show(post.place, cards.receipt(seen), f"post-{post.id}", utcnow())

    async def moved() -> bool:
        await announce(town.db, client.room, post.job_id)  # which may have to wait for a while
        async with town.db.read() as s:
            return (await s.get_one(Post, post.id)).message != ORIGINAL

    await until(moved, 30)
    async with town.db.read() as s:
        assert (await s.get_one(Post, post.id)).message == sent
    assert len(town.ada.dm.messages) == 1


@pytest.mark.parametrize("fault", ["lost", "refused once", "told twice"])
async def test_a_wish_whose_answer_is_unsure_is_one_job(
    town: Town, client: StudioClient, fault: str
) -> None:
    callback = ("POST", "/interactions/*/callback")
    if fault == "lost":
        town.discord.faults.lose_answer(*callback)
    elif fault == "refused once":
        town.discord.faults.next(*callback, status=502)
    else:
        town.discord.faults.twice("INTERACTION_CREATE")
    await town.wish()
    await town.render()
    await town.until_shown(town.review)
    async with town.db.read() as s:
        assert len((await s.scalars(select(Job))).all()) == 1


async def test_what_breaks_once_a_wish_is_taken_leaves_its_card(
    town: Town, client: StudioClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, submit = town.studio.desk, town.studio.desk.submit
    asked: list[Interaction] = []

    def is_card() -> bool:
        return bool(asked and asked[0].original and asked[0].original.buttons())

    async def breaks(*wish: Any) -> None:
        await submit(*wish)
        await town.discord.until(is_card, 60)
        raise RuntimeError("the answer to a commit is lost")

    monkeypatch.setattr(desk, "submit", breaks)
    asked.append(await town.ada.slash(town.general, "sora", prompt="a red circle"))
    (said,) = await asked[0].followed_up()
    assert said.text().replace("\\", "") == BROKEN
    assert is_card()


@pytest.mark.parametrize("resumable", [True, False])
async def test_reactions_while_the_gateway_is_away_count_once(
    town: Town, client: StudioClient, resumable: bool
) -> None:
    shown = await town.published()
    assert client.is_connected()
    async with town.discord.faults.gateway_away(resumable=resumable):
        await town.bo.react(shown, "2️⃣")
        await town.discord.until(lambda: not client.is_connected())

    async def voted() -> bool:
        async with town.db.read() as s:
            return await votes.tally(s, 1) == {2: 1}

    await until(voted, 30)
    await town.discord.until(client.is_connected)


async def test_events_told_twice_are_acted_on_once(town: Town, client: StudioClient) -> None:
    town.discord.faults.twice("MESSAGE_REACTION_ADD")
    await town.published()
    async with town.db.read() as s:
        assert len(await reviews.of(s, 1)) == 1
    assert len(town.showcase.history) == 1


async def test_two_bot_processes_share_the_outbox_and_post_once(town: Town, valkey: str) -> None:
    town.discord.shards = 2
    brokers = Broker(valkey), Broker(valkey)
    async with (
        running(town, brokers[0], ([0], 2)) as first,
        running(town, brokers[1], ([1], 2)) as second,
    ):
        assert {len(first.guilds), len(second.guilds)} == {0, 1}
        for _ in range(6):
            await town.wish()
        for _ in range(6):
            await town.render()
        await town.discord.until(lambda: len(town.review.messages) >= 6, 30)
        await town.settled()
        assert len(town.review.history) == 6
        card = await town.until_shown(town.review, 6)
        await town.mo.react(card, "✅")
        await town.until_shown(town.showcase)
    for broker in brokers:
        await broker.close()


async def test_a_file_too_large_for_the_server_is_never_sent(
    town: Town, client: StudioClient
) -> None:
    town.guild.file_limit = 9 * 2**20
    await town.wish()
    job = await town.render()
    async with town.db.read() as s:
        made = await clips.of(s, job.id)
    for clip in made:
        town.media.path(clip.video_key).write_bytes(b"\0" * (11 * 2**20))
    await town.studio.desk.broker.spread(job.id)
    card = await town.until_shown(town.review)
    assert {a.filename.rpartition(".")[2] for a in card.attachments} <= {"webp", "mp4"}
    assert (await town.job()).status is Status.IN_REVIEW
    assert not [
        r
        for r in town.discord.requested(*POST)
        if isinstance(r.answer, dict) and r.answer.get("code") == 40005
    ]


async def test_a_channel_that_hangs_holds_up_nobody_else(town: Town, client: StudioClient) -> None:
    await town.wish()
    await town.render()
    fault = town.discord.faults.hold("POST", f"/channels/{town.review.id}/messages")
    await fault.arrived.wait()
    asked = await town.bo.slash(town.general, "sora", prompt="another")
    shown = await town.discord.until(
        lambda: asked.original is not None and "Job 2" in asked.original.text(), 10
    )
    fault.release()
    assert shown


async def test_two_processes_repaint_a_receipt_no_more_often_than_one(
    town: Town, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room.PACE, Purpose.RECEIPT, 0.5)
    town.discord.shards = 2
    brokers = Broker(valkey), Broker(valkey)
    async with running(town, brokers[0], ([0], 2)), running(town, brokers[1], ([1], 2)):
        await town.wish()

        async def claimed() -> Job | None:
            return await town.studio.claim(running_cap=100)

        assert await until(claimed) is not None
        await town.settled()
        edits = ("PATCH", "/webhooks/*/*/messages/@original")
        before, began = len(town.discord.requested(*edits)), time.monotonic()
        for step in range(1, 17):
            await town.studio.change(1, step=step, steps=20)
            await town.studio.desk.broker.spread(1)
            await asyncio.sleep(0.1)
        repainted = len(town.discord.requested(*edits)) - before
        assert 1 <= repainted <= 1 + (time.monotonic() - began) / 0.5
    for broker in brokers:
        await broker.close()
