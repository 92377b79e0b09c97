"""The double of Discord, as an unmodified discord.py meets it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import discord
import pytest

from tests.doubles.discord_bot import Bot, running
from tests.doubles.on_discord import Channel, Discord, Guild, Upload, User

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord(shards=2) as double:
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
    return guild.member("Ada", permissions=["manage_guild"])


@pytest.fixture
async def bot(double: Discord, ada: User) -> AsyncIterator[Bot]:
    async with running(double) as bot:
        yield bot


async def text_channel(bot: Bot, channel: Channel) -> discord.TextChannel:
    found = await bot.fetch_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


# ── coming in ────────────────────────────────────────────────────────────────────────────


async def test_each_guild_is_on_its_shard(double: Discord, room: Channel, bot: Bot) -> None:
    other = double.guild("Other")
    there = other.member("Bo")
    await double.until(lambda: bot.get_guild(other.id))
    assert [guild.shard_id for guild in bot.guilds] == [0, 1]
    assert double.sockets.identifies[1]["shard"] == [1, 2]

    asked = await there.slash(other.channel("elsewhere"), "hello", name="Bo")
    await asked.answered()
    assert [session.shard for session in double.sockets.connected] == [0, 1]


async def test_a_wrong_token_is_refused(double: Discord) -> None:
    double.token = "another"
    bot = Bot()
    discord.http.Route.BASE, before = double.api, discord.http.Route.BASE
    try:
        with pytest.raises(discord.LoginFailure):
            await bot.login("test-token")
    finally:
        discord.http.Route.BASE = before
        await bot.close()


async def test_privileged_intents_are_off_unless_granted(double: Discord) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(double, intents=discord.Intents.all()):
            pass


async def test_a_bot_in_another_process(double: Discord, room: Channel, ada: User) -> None:
    arguments = ["-m", "tests.doubles.discord_bot", double.api, double.gateway, double.token]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await double.synced("hello")
        await double.connected()
        asked = await ada.slash(room, "hello", name="you")
        await asked.answered()
        assert asked.text() == "hello you ×1"
    finally:
        process.terminate()
        await process.wait()


# ── interactions ─────────────────────────────────────────────────────────────────────────


async def test_a_command_is_answered_to_one_person(room: Channel, ada: User, bot: Bot) -> None:
    asked = await ada.slash(room, "hello", name="Bo", times=2)
    await asked.answered(within=3)
    assert asked.took < 3
    assert asked.ephemeral
    assert not asked.deferred
    assert asked.text() == "hello Bo ×2"
    assert not room.messages


async def test_what_a_person_could_not_type_is_the_tests_mistake(
    room: Channel, ada: User, bot: Bot
) -> None:
    with pytest.raises(AssertionError, match="required"):
        await ada.slash(room, "hello")
    with pytest.raises(AssertionError, match="no options"):
        await ada.slash(room, "hello", name="Bo", colour="red")
    with pytest.raises(AssertionError, match="has synced"):
        await ada.slash(room, "goodbye")


async def test_commands_of_one_guild_and_for_some_people(
    double: Discord, guild: Guild, room: Channel, ada: User, bot: Bot
) -> None:
    body = {"name": "hello", "description": "x", "default_member_permissions": 32}
    await bot.http.upsert_guild_command(double.app_id, guild.id, body)
    asked = await ada.slash(room, "hello")
    assert asked.data["guild_id"] == str(guild.id)
    with pytest.raises(AssertionError, match="may not"):
        await guild.member("Bo").slash(room, "hello")


async def test_autocomplete(room: Channel, ada: User, bot: Bot) -> None:
    typed = await ada.autocomplete(room, "hello", focused="name", name="bo")
    await typed.answered()
    assert typed.choices == [{"name": "Bo", "value": "bo"}]


async def test_a_deferred_answer_with_files_and_components(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    asked = await ada.slash(room, "draw", text="a cat")
    await asked.answered()
    assert asked.deferred
    await asked.finished()
    card = asked.original
    assert card is not None
    assert card.ephemeral
    assert card.v2
    assert not card.loading
    assert card.text() == "**a cat**"
    assert card.media() == ["attachment://clip.png"]
    assert card.file("clip.png").data == b"\x89PNG clip"
    assert [button.label for button in card.buttons()] == ["Good"]
    assert [m.content for m in await asked.followed_up()] == ["and more"]

    thanked = await ada.click(card, "good:1")
    await thanked.answered()
    assert thanked.text() == "thanks for good:1"
    assert card.custom_ids() == ["good:1"]


async def test_uploads_forms_subcommands_and_menus(room: Channel, ada: User, bot: Bot) -> None:
    shown = await ada.slash(room, "show", picture=Upload("a b.png", b"\x89PNG.."))
    await shown.answered()
    assert room.last.text() == "a_b.png 6 b'\\x89PNG'"

    opened = await ada.slash(room, "ask")
    await opened.answered()
    sent = await ada.submit_modal(opened, {"prompt": "a red circle"})
    await sent.answered()
    assert sent.text() == "heard a red circle"

    set_up = await ada.slash(room, "studio", "setup", room=room)
    await set_up.answered()
    assert set_up.text() == "room True"

    said = await ada.send(room, "look at this")
    described = await ada.message_menu(said, "Describe")
    await described.answered()
    assert described.text() == "it says look at this"


# ── messages ─────────────────────────────────────────────────────────────────────────────


async def test_messages_are_sent_edited_and_deleted(room: Channel, ada: User, bot: Bot) -> None:
    channel = await text_channel(bot, room)
    message = await channel.send("one", file=discord.File(__file__))
    assert room.last.file("test_discord.py").data == Path(__file__).read_bytes()
    await message.edit(content="two")
    assert (room.last.text(), len(room.last.edits)) == ("two", 1)
    assert len(room.last.attachments) == 1
    await message.edit(attachments=[])
    assert not room.last.attachments
    await message.delete()
    assert not room.messages
    assert room.history[0].deleted
    with pytest.raises(discord.NotFound) as refused:
        await channel.fetch_message(message.id)
    assert refused.value.code == 10008


async def test_files_are_at_signed_addresses_for_a_day(
    double: Discord, room: Channel, ada: User, bot: Bot
) -> None:
    said = await ada.send(room, "this", files=[Upload("one.txt", b"text")])
    message = await (await text_channel(bot, room)).fetch_message(said.id)
    assert await message.attachments[0].read() == b"text"
    put = double.picture("there.png", b"\x89PNG")
    double.later(days=2)
    async with aiohttp.ClientSession() as session:
        async with session.get(message.attachments[0].url) as answer:
            assert answer.status == 404
        async with session.get(put) as answer:
            assert await answer.read() == b"\x89PNG"


async def test_a_private_conversation(double: Discord, ada: User, bot: Bot) -> None:
    user = await bot.fetch_user(ada.id)
    await user.send("psst")
    assert [m.content for m in ada.dm.messages] == ["psst"]
    asked = await ada.slash(ada.dm, "hello", name="there")
    await asked.answered()
    await ada.react(ada.dm.messages[0], "👍")
    await ada.send(ada.dm, "hi")
    await double.until(lambda: ("message", ada.id, "hi") in bot.heard)
    assert ("add", ada.id, "👍") in bot.heard
    ada.close_dms()
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("still there?")
    assert refused.value.code == 50007


async def test_reactions(double: Discord, guild: Guild, room: Channel, ada: User, bot: Bot) -> None:
    message = await (await text_channel(bot, room)).send("vote")
    await message.add_reaction("❤")
    assert room.last.reactions == {"❤️": [double.bot.id]}
    await ada.react(room.last, "❤️")
    await ada.react(room.last, "👍")
    await ada.unreact(room.last, "👍")
    await double.until(lambda: ("remove", ada.id, "👍") in bot.heard)
    assert ("add", ada.id, "❤️") in bot.heard

    seen = await message.channel.fetch_message(message.id)
    assert [(str(r.emoji), r.count, r.me) for r in seen.reactions] == [("❤️", 2, True)]
    assert {user.id async for user in seen.reactions[0].users()} == {double.bot.id, ada.id}
    await message.remove_reaction("❤️", discord.Object(ada.id))
    await message.remove_reaction("❤️", discord.Object(double.bot.id))
    assert room.last.reactions == {}
    with pytest.raises(discord.HTTPException) as refused:
        await message.add_reaction("nonsense")
    assert refused.value.code == 10014


async def test_a_private_thread(guild: Guild, room: Channel, ada: User, bot: Bot) -> None:
    channel = await text_channel(bot, room)
    thread = await channel.create_thread(name="appeal", type=discord.ChannelType.private_thread)
    await thread.add_user(discord.Object(ada.id))
    bo, cy = guild.member("Bo"), guild.member("Cy")
    nobody = discord.AllowedMentions.none()
    await thread.send(f"<@{bo.id}> comes too")
    await thread.send(f"without <@{cy.id}>", allowed_mentions=nobody)
    (made,) = room.threads
    assert [user.name for user in made.members] == ["Studio Bot", "Ada", "Bo"]
    assert [message.mentions for message in made.messages] == [[bo.id], []]
    await thread.edit(archived=True)
    assert made.archived


async def test_what_the_bot_may_not_do(double: Discord, room: Channel, ada: User, bot: Bot) -> None:
    channel = await text_channel(bot, room)
    room.deny_bot("send_messages")
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("?")
    assert refused.value.code == 50013
    room.deny_bot("view_channel")
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("?")
    assert refused.value.code == 50001
    room.delete()
    with pytest.raises(discord.NotFound) as missing:
        await channel.send("?")
    assert missing.value.code == 10003


async def test_requests_are_written_down_and_checked(double: Discord, bot: Bot) -> None:
    (synced,) = double.requested("PUT", "/applications/*/commands")
    assert synced.status == 200
    assert {command["name"] for command in synced.payload} >= {"hello", "Describe"}
    route = discord.http.Route("POST", "/users/@me/channels")
    with pytest.raises(discord.HTTPException):
        await bot.http.request(route, json={"recipient_id": "nobody"})
    if double.rest.description.present:
        assert "recipient_id" in double.violations[0]
    double.violations.clear()


async def test_a_thousand_guilds_and_two_hundred_at_once() -> None:
    async with Discord(shards=4) as double:
        rooms = [double.guild(f"Guild {n}").channel("room") for n in range(1000)]
        people = [room.guild.member("Somebody") for room in rooms if room.guild]
        async with running(double) as bot:
            await double.until(lambda: len(bot.guilds) == 1000)
            began = time.monotonic()
            asked = [await people[n].slash(rooms[n], "draw", text="x") for n in range(200)]
            for one in asked:
                await one.answered(within=10)
                await one.followed_up(within=20)
            assert time.monotonic() - began < 15
        assert not double.violations
