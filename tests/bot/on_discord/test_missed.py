"""Signs that nobody heard, or on which acting failed: found again, and never undone or done twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot import reactions
from bot.on_discord import missed, watching
from bot.on_discord.client import StudioClient
from db import posts, reviews
from db import reactions as known
from db.states import Purpose
from tests.bot.on_discord.test_review import ALL_SIGNS, quorum, said, signs, while_away
from tests.bot.on_discord.town import Town
from tests.bot.on_discord.world import World
from tests.support.whole import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(missed, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(watching, "TRIES", 1)
    monkeypatch.setattr(watching, "TRY_SECONDS", 0.0)


def once(error: Exception, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A call that fails the first time."""
    left = [error]

    async def failing(*args: Any, **more: Any) -> Any:
        if left:
            raise left.pop()
        return await call(*args, **more)

    return failing


def put_on(world: World, emoji: str, message: int = 0) -> None:
    """Mo's sign, of which the bot hears nothing."""
    card = message or world.card(world.review).id
    stored = world.env.backend.get_message(world.review.id, card)
    next(r for r in stored.reactions if r.emoji == emoji).user_ids.append(world.mo.id)


async def reviewed(world: World, job: int = 1) -> int:
    """How many reviews a job has, once it has any."""

    async def any_() -> int:
        async with world.db.read() as s:
            return len(await reviews.of(s, job))

    return await until(any_, 10)


async def test_a_card_that_cannot_be_read_holds_up_no_other_and_is_read_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    first = world.card(world.review).id
    await world.wish()
    await world.tell(2)
    await world.render(2)
    put_on(world, "✅", first)
    put_on(world, "✅")
    read = world.client.http.get_message
    gone = {first}

    async def unless_gone(channel: int, message: int) -> Any:
        if message in gone:
            raise aiohttp.ServerDisconnectedError
        return await read(channel, message)

    monkeypatch.setattr(world.client.http, "get_message", unless_gone)
    await world.client.on_shard_ready(0)
    assert await reviewed(world, 2) == 1
    gone.clear()
    assert await reviewed(world, 1) == 1


async def test_a_database_that_is_away_at_the_start_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    put_on(world, "✅")
    away = once(OSError("away"), posts.with_signs)
    monkeypatch.setattr(posts, "with_signs", away)
    await world.client.on_shard_ready(0)
    assert await reviewed(world) == 1


async def test_a_sign_whose_every_try_failed_is_acted_on_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    monkeypatch.setattr(reactions, "added", once(OSError("away"), reactions.added))
    await world.mo.react(world.card(world.review), "✅")
    assert await reviewed(world) == 1


async def test_a_sign_taken_off_whose_every_try_failed_is_undone_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    await world.mo.react(world.card(world.review), "✅")
    assert await reviewed(world) == 1
    monkeypatch.setattr(reactions, "removed", once(OSError("away"), reactions.removed))
    await world.mo.unreact(world.card(world.review), "✅")

    async def undone() -> bool:
        return not await said(world)

    await until(undone, 10)


async def test_a_question_that_never_got_through_is_asked_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.rendered()
    card = world.card(world.review)
    courier = world.client.courier
    monkeypatch.setattr(courier, "send", once(aiohttp.ClientOSError(), courier.send))
    await world.mo.react(card, "❌")

    async def asked() -> bool:
        return len(world.review.history()) == 2

    await until(asked, 10)


async def test_a_sign_counts_that_nobody_heard_on_a_card_that_is_known_only_later(
    world: World,
) -> None:
    """Whoever sent the card was killed before it was noted, and so was who heard of the sign."""
    await quorum(world, 2)
    await world.rendered()
    post = await world.post(Purpose.REVIEW)
    async with world.db.begin() as s:
        await posts.note_painted(s, post, "", post.digest, None)
    put_on(world, "✅")
    await world.client.watching.missed.catch_up(0)
    assert await said(world) == []
    async with world.db.begin() as s:
        await posts.note_painted(s, post, post.message, post.digest, None)
    assert await reviewed(world) == 1


async def test_what_is_no_card_is_not_looked_for_for_ever(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "❌")
    question = world.card(world.review)
    await world.mo.react(question, "✅")
    work = world.client.watching.missed._work
    assert work is not None

    async def over() -> bool:
        return work.done()

    await until(over, 10)


async def test_what_comes_while_it_catches_up_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    read = world.client.http.get_reaction_users
    came: list[str] = []

    async def meanwhile(channel: int, message: int, emoji: str, *more: Any) -> Any:
        page = await read(channel, message, emoji, *more)
        if emoji == "✅" and not came:
            came.append(emoji)
            await world.mo.react(card, "✅")
        return page

    monkeypatch.setattr(world.client.http, "get_reaction_users", meanwhile)
    await world.client.watching.missed.catch_up(0)
    await world.env.settle()
    assert len(await said(world)) == 1


async def test_what_goes_while_it_catches_up_does_not_count(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    put_on(world, "✅")
    read = world.client.http.get_reaction_users
    went: list[str] = []

    async def meanwhile(channel: int, message: int, emoji: str, *more: Any) -> Any:
        page = await read(channel, message, emoji, *more)
        if emoji == "✅" and not went:
            went.append(emoji)
            await world.mo.unreact(card, "✅")
        return page

    monkeypatch.setattr(world.client.http, "get_reaction_users", meanwhile)
    await world.client.watching.missed.catch_up(0)
    await world.env.settle()
    assert await said(world) == []


async def test_numbers_given_while_the_bot_was_away_limit_the_decision(world: World) -> None:
    await quorum(world, 2)
    await world.rendered(variations=2)
    put_on(world, "2️⃣")
    put_on(world, "✅")
    await world.client.watching.missed.catch_up(0)
    assert [review.clips for review in await said(world)] == [[2]]


async def test_signs_of_the_bots_own_that_are_missing_are_put_there(world: World) -> None:
    path = "/channels/*/messages/*/reactions/*/@me"
    world.env.inject_error("PUT", path, status=403, code=50013, times=1)
    await world.rendered(variations=2)
    world.env.backend.faults.clear()
    assert world.card(world.review).reactions == []
    await while_away(world, world.card(world.review).id)
    assert {r.emoji for r in world.card(world.review).reactions} == set(ALL_SIGNS)


@pytest.mark.parametrize("how", ["all", "one kind"])
async def test_signs_that_somebody_clears_are_taken_back(world: World, how: str) -> None:
    await quorum(world, 2)
    await world.rendered()
    card = world.card(world.review)
    await world.mo.react(card, "✅")
    assert await reviewed(world) == 1
    if how == "all":
        world.env.backend.clear_reactions(world.review.id, card.id)
    else:
        world.env.backend.clear_reaction(world.review.id, card.id, "✅")
    await world.env.settle()
    assert await said(world) == []
    assert "✅" in {str(r.emoji) for r in world.card(world.review).reactions}


async def test_a_refused_sign_that_cannot_be_taken_off_is_answered_once(world: World) -> None:
    await quorum(world, 2)
    await world.wish(world.mo)
    await world.tell()
    await world.render()
    card = world.card(world.review)
    world.env.inject_error(
        "DELETE", "/channels/*/messages/*/reactions/*", status=403, code=50013, times=None
    )
    await world.mo.react(card, "✅")
    asked = len(world.requests("POST", "/messages"))
    for _ in range(2):
        await while_away(world, card.id)
    assert len(world.requests("POST", "/messages")) == asked
    assert await said(world) == []
    assert "✅" in signs(world)
    await world.mo.unreact(card, "✅")
    post = await world.post(Purpose.REVIEW)
    async with world.db.read() as s:
        assert await known.on(s, "discord", post.message) == []


async def test_a_servers_own_emoji_is_taken_off_a_review_card(
    town: Town, client: StudioClient
) -> None:
    await town.wish()
    await town.render()
    card = await town.until_shown(town.review)
    await town.discord.until(lambda: "🗑️" in card.reactions, 60)
    await town.mo.react(card, "party:123456")
    await town.discord.until(lambda: "party:123456" not in card.reactions, 10)
