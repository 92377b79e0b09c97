"""What goes wrong on demand, and what discord.py makes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.doubles.discord_bot import Bot, running
from tests.doubles.on_discord import Channel, Discord, Guild, User


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord() as double:
        yield double
        assert not double.violations


@pytest.fixture
def guild(double: Discord) -> Guild:
    return double.guild("Studio")


@pytest.fixture
def room(guild: Guild) -> Channel:
    return guild.channel("room")


@pytest.fixture
def ada(guild: Guild) -> User:
    return guild.member("Ada")


@pytest.fixture
async def bot(double: Discord, room: Channel, ada: User) -> AsyncIterator[Bot]:
    async with running(double) as bot:
        yield bot


def channel_of(bot: Bot, room: Channel) -> discord.TextChannel:
    found = bot.get_channel(room.id)
    assert isinstance(found, discord.TextChannel)
    return found


# ── the gateway ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["close", "reconnect", "abort"])
async def test_a_dropped_session_is_resumed(
    double: Discord, room: Channel, ada: User, bot: Bot, how: str
) -> None:
    message = await ada.send(room, "look")
    await double.faults.drop_gateway(how=how)
    await ada.react(message, "👍")
    await double.until(lambda: double.sockets.resumes)
    await double.connected()
    await ada.react(message, "🎉")
    await double.until(lambda: ("add", ada.id, "🎉") in bot.heard)
    assert bot.heard.count(("add", ada.id, "👍")) == 1
    assert len(double.sockets.identifies) == 1


async def test_what_happens_while_it_is_away_arrives_once(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    message = await ada.send(room, "look")
    async with double.faults.gateway_away():
        await asyncio.sleep(0.05)
        assert not double.sockets.connected
        await ada.react(message, "👍")
        asked = await ada.slash(room, "hello", name="Bo")
    await asked.answered()
    assert bot.heard.count(("add", ada.id, "👍")) == 1


async def test_a_forgotten_session_is_begun_anew(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    message = await ada.send(room, "look")
    await double.faults.drop_gateway(resumable=False)
    await ada.react(message, "👍")
    await double.until(lambda: len(double.sockets.identifies) == 2)
    await double.connected()
    await ada.react(message, "🎉")
    await double.until(lambda: ("add", ada.id, "🎉") in bot.heard)
    assert ("add", ada.id, "👍") not in bot.heard


async def test_a_refused_connection_costs_the_session(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    message = await ada.send(room, "look")
    async with double.faults.gateway_away(refuse=True):
        await asyncio.sleep(0.05)
        await ada.react(message, "👍")
    await double.until(lambda: len(double.sockets.identifies) == 2)
    await double.connected()
    assert not double.sockets.resumes
    assert ("add", ada.id, "👍") not in bot.heard


async def test_events_can_come_twice(double: Discord, room: Channel, ada: User, bot: Bot) -> None:
    double.faults.twice("MESSAGE_REACTION_ADD")
    await ada.react(await ada.send(room, "look"), "👍")
    await double.until(lambda: bot.heard.count(("add", ada.id, "👍")) == 2)


async def test_heartbeats_are_answered() -> None:
    async with Discord(heartbeat=0.1) as double, running(double) as bot:
        await double.until(lambda: double.sockets.heartbeats > 3)
        assert 0 < bot.latency < 5


# ── requests ─────────────────────────────────────────────────────────────────────────────


async def test_a_429_is_retried(double: Discord, room: Channel, bot: Bot) -> None:
    double.faults.next("POST", "/channels/*/messages", status=429, retry_after=0.05, times=2)
    await channel_of(bot, room).send("hello")
    assert [r.status for r in double.requested("POST", "*/messages")] == [429, 429, 200]
    assert len(room.messages) == 1


async def test_a_5xx_is_retried(double: Discord, room: Channel, bot: Bot) -> None:
    double.faults.next("POST", "/channels/*/messages", status=502)
    await channel_of(bot, room).send("hello")
    assert [r.status for r in double.requested("POST", "*/messages")] == [502, 200]


async def test_a_lost_answer_and_a_nonce_make_one_message(
    double: Discord, room: Channel, bot: Bot
) -> None:
    double.faults.lose_answer("POST", "/channels/*/messages")
    channel = channel_of(bot, room)
    with pytest.raises(aiohttp.ClientError):
        await channel.send("hello", nonce="job-1")
    sent = await channel.send("hello", nonce="job-1")
    assert [message.id for message in room.messages] == [sent.id]
    double.later(minutes=10)
    assert (await channel.send("hello", nonce="job-1")).id != sent.id


async def test_a_lost_request_does_nothing(double: Discord, room: Channel, bot: Bot) -> None:
    double.faults.lose_request("POST", "/channels/*/messages")
    with pytest.raises(aiohttp.ClientError):
        await channel_of(bot, room).send("hello")
    assert not room.messages


async def test_requests_can_be_slow_or_held(double: Discord, room: Channel, bot: Bot) -> None:
    slow = double.faults.slow("POST", "/channels/*/messages", 0.1)
    began = time.monotonic()
    await channel_of(bot, room).send("slowly")
    assert time.monotonic() - began >= 0.1
    slow.remove()
    held = double.faults.hold("POST", "/channels/*/messages")
    sending = asyncio.create_task(channel_of(bot, room).send("hello"))
    await held.arrived.wait()
    assert len(room.messages) == 1
    held.release()
    await sending
    assert len(room.messages) == 2


async def test_real_buckets_hold_a_client_back() -> None:
    limits = {"POST /channels/{channel_id}/messages": (2, 0.3)}
    async with Discord(rate_limits=limits) as double:
        room = double.guild().channel("room")
        async with running(double) as bot:
            began = time.monotonic()
            channel = channel_of(bot, room)
            await asyncio.gather(*(channel.send(str(n)) for n in range(5)))
            assert time.monotonic() - began > 0.5
    assert len(room.messages) == 5


# ── time ─────────────────────────────────────────────────────────────────────────────────


async def test_a_token_lives_a_quarter_of_an_hour(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    asked = await ada.slash(room, "hello", name="Bo")
    await asked.answered()
    hook = discord.Webhook.partial(double.app_id, asked.token, client=bot)
    double.later(minutes=14)
    await hook.send("in time")
    double.later(minutes=2)
    with pytest.raises(discord.HTTPException) as refused:
        await hook.send("too late")
    assert (refused.value.status, refused.value.code) == (401, 50027)
    assert [message.text() for message in asked.followups] == ["in time"]


async def test_an_answer_after_three_seconds_is_to_nobody(room: Channel, ada: User) -> None:
    room.world.answer_within = 0
    double = room.world
    assert isinstance(double, Discord)
    async with running(double):
        asked = await ada.slash(room, "hello", name="Bo")
        await double.until(lambda: double.requested("POST", "*/callback"))
        (request,) = double.requested("POST", "*/callback")
        assert (request.status, request.answer["code"]) == (404, 10062)
    assert asked.response_type is None


async def test_old_messages_are_edited_seldom(double: Discord, room: Channel, bot: Bot) -> None:
    double.old_edits = (1, 0.5)
    message = await channel_of(bot, room).send("old")
    double.later(hours=2)
    await message.edit(content="once")
    await message.edit(content="twice")
    answers = [r.answer.get("code") for r in double.requested("PATCH", "*/messages/*")]
    assert answers == [None, 30046, None]
