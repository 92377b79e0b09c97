"""What Discord refuses: each card stands by itself, nothing stays public by mistake, and what was
refused comes once it may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord
import pytest
from sqlalchemy import update
from sqlmodel import col

from bot import cards
from bot.announce import announce
from bot.by_sign import seeds
from bot.room import Away
from bot.view import view
from db.models import Job, Post, utcnow
from db.states import Purpose, Reason, Status
from moderation.people import Person
from moderation.sweep import closed_ballots
from tests.bot.on_discord.test_receipt import closed, expires_in
from tests.bot.on_discord.world import World, text
from tests.support.studio import person

CLOSED_CHANNEL: dict[str, Any] = {"status": 403, "code": 50001}
NO_THREADS_HERE: dict[str, Any] = {"status": 400, "code": 50024}


async def votes_for_two(world: World) -> None:
    await world.bo.click(world.card(world.showcase), custom_id="press:vote_2:1:2")


async def withdraw(world: World) -> None:
    job = await world.studio.job(1)
    await world.studio.desk.withdraw(Person(job.person_id, "ada"), 1)


# ── one card's failure is its own ────────────────────────────────────────────────────────


async def test_an_artist_who_is_out_of_reach_keeps_nothing_from_the_showcase(world: World) -> None:
    await world.rendered()
    closed(world, times=99)
    world.env.inject_error("POST", "/channels/*/threads", times=None, **NO_THREADS_HERE)
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    assert "by ada" in text(world.card(world.showcase))


async def test_a_card_that_breaks_keeps_no_other_from_being_shown(world: World) -> None:
    await world.rendered()
    world.env.inject_error(
        "POST",
        f"/channels/{world.ada.user.dm_channel.id}/messages",
        status=400,
        code=50035,
        times=9,
    )
    await world.mo.react(world.card(world.review), "✅")
    with pytest.raises(discord.HTTPException):  # it is counted, and tried again
        await world.tell()
    assert "by ada" in text(world.card(world.showcase))
    await withdraw(world)
    await world.tell()
    assert world.showcase.history() == []


async def test_what_the_platform_refuses_for_a_while_is_no_cards_fault(world: World) -> None:
    await world.rendered()
    world.env.inject_error(
        "POST", f"/channels/{world.showcase.id}/messages", status=429, times=None
    )
    await world.mo.react(world.card(world.review), "✅")
    with pytest.raises(Away):
        await announce(world.db, world.client.room, 1)


# ── what must not stay, and what must not be forgotten ───────────────────────────────────


async def test_a_withdrawn_clip_that_could_not_be_deleted_is_deleted_later(world: World) -> None:
    await world.published()
    world.env.inject_error(
        "DELETE", f"/channels/{world.showcase.id}/messages/*", times=None, **CLOSED_CHANNEL
    )
    await withdraw(world)
    await world.tell()
    assert len(world.showcase.history()) == 1
    assert any("showcase channel" in text(m) for m in world.guild.owner.dm_channel.history())
    world.env.backend.faults.clear()
    await world.later()
    assert world.showcase.history() == []


async def test_an_edit_that_was_refused_is_made_once_it_may(world: World) -> None:
    await world.published(variations=2)
    await votes_for_two(world)
    world.env.inject_error(
        "PATCH", f"/channels/{world.showcase.id}/messages/*", times=None, **CLOSED_CHANNEL
    )
    await world.later()
    world.env.backend.faults.clear()
    await world.later()
    assert "2️⃣ 1 vote" in text(world.card(world.showcase))


async def test_a_file_that_turns_out_too_large_is_sent_smaller(world: World) -> None:
    asked = await world.wish()
    await world.tell()
    world.env.inject_error("PATCH", "/webhooks/*/*/messages/@original", status=413, code=40005)
    await world.render()
    assert asked.response is not None
    assert "is ready" in text(asked.response)


# ── the ways to an artist ────────────────────────────────────────────────────────────────


async def test_a_thread_that_was_deleted_is_made_anew(world: World) -> None:
    await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=-1))
    closed(world, times=99)
    await world.render()
    (thread,) = world.general.threads
    world.env.inject_error(
        "POST", f"/channels/{thread.id}/messages", status=404, code=10003, times=None
    )
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    newest = max(world.general.threads, key=lambda one: one.id)
    assert newest.id != thread.id
    assert any("Published: job 1" in text(message) for message in newest.history())


async def test_somebody_who_left_is_given_one_thread_at_most(world: World) -> None:
    await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=-1))
    closed(world, times=99)
    world.env.inject_error(
        "PUT", "/channels/*/thread-members/*", status=404, code=10007, times=None
    )
    assert await world.studio.claim() is not None
    refused = 0
    for step in (1, 2, 3, 4):
        await world.studio.change(1, step=step, steps=8)
        await world.later()
        refused = len(world.requests("POST", f"{world.ada.user.dm_channel.id}/messages"))
    assert len(world.general.threads) <= 1
    assert refused <= 2  # not at every step: Discord counts what it refuses


async def test_a_receipt_whose_time_is_nearly_over_moves_though_nothing_happened(
    world: World,
) -> None:
    asked = await world.wish()
    await world.tell()
    await expires_in(world, timedelta(seconds=30))
    await world.later()
    assert asked.response is not None
    assert "This goes on in your direct messages" in text(asked.response)
    (direct,) = world.direct(world.ada)
    assert "Job 1" in text(direct)


async def test_the_final_of_a_winner_is_a_card_of_its_own(world: World) -> None:
    asked = await world.wish(variations=2)
    await world.tell()
    await world.render()
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    await votes_for_two(world)
    async with world.db.begin() as s:
        (await s.get_one(Job, 1)).ballot_closes_at = utcnow() - timedelta(seconds=1)
    changed = await closed_ballots(world.db)
    assert changed == [1, 2]
    for job_id in changed:
        await world.tell(job_id)
    assert asked.response is not None
    assert "Job 1" in text(asked.response)
    assert any("Job 2" in text(message) for message in world.direct(world.ada))


async def test_progress_that_overtook_the_result_is_mended(world: World) -> None:
    """As another process would, which looked before the result was there and wrote after it."""
    asked = await world.wish()
    await world.tell()
    await world.render()
    private = world.client.room.private
    looked = private._has_result
    answers = [False]

    async def as_before(place: str, job_id: int) -> bool:
        return answers.pop() if answers else await looked(place, job_id)

    receipt = await world.post(Purpose.RECEIPT)
    async with world.db.begin() as s:
        await s.execute(update(Post).where(col(Post.id) == receipt.id).values(digest="as before"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private, "_has_result", as_before)
        await world.later()
    assert asked.response is not None
    assert "is ready" not in text(asked.response)
    await world.later()
    assert "is ready" in text(asked.response)


# ── how often ────────────────────────────────────────────────────────────────────────────


async def test_old_cards_of_one_channel_are_edited_one_after_the_other(world: World) -> None:
    await world.published(variations=2)
    post = await world.post(Purpose.SHOWCASE)
    long_ago = utcnow() - timedelta(hours=2)
    post.created_at = post.painted_at = long_ago
    room = world.client.room
    assert room.pause(post) == 0
    room._old_edits[int(post.message.split("/")[0])] = utcnow() - timedelta(seconds=4)
    assert 5 < room.pause(post) <= 6


async def test_a_reported_card_has_no_signs_to_decide_by(world: World) -> None:
    await world.published(variations=2)
    await world.studio.desk.report(await person(world.db, "vera"), 1, Reason.GORE)
    async with world.db.read() as s:
        seen = await view(s, 1)
    assert seen is not None
    assert seen.job.status is Status.PUBLISHED
    assert seeds(cards.review(seen)) == []
