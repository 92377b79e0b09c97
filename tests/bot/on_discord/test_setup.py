"""`/studio setup`: who may, what it shows and changes, and that waiting cards come at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord
from discord import app_commands
from simcord.actors import MemberActor
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle
from simcord.enums import OverwriteType

from bot.feed import Feed
from bot.on_discord import setup
from bot.on_discord.courier import Message
from bot.on_discord.ids import ROOM, Channel, Sent
from db import workspaces
from db.models import Workspace
from db.states import Purpose
from tests.bot.on_discord.world import World, text

THERE = "✓ I may do there all that I need."


async def opened(world: World, who: MemberActor | None = None) -> simcord.InteractionResult:
    """The panel, by a command of the test's own."""
    if "panel" not in {command.name for command in world.client.tree.get_commands()}:

        async def panel(interaction: discord.Interaction[Any]) -> None:
            await setup.open_setup(world.client, interaction)

        made: Any = app_commands.Command(name="panel", description="-", callback=panel)
        world.client.tree.add_command(made)
        await world.client._sync()
    return await (who or world.host).slash(world.general, "panel")


async def house(world: World) -> Workspace:
    async with world.db.read() as s:
        found = await workspaces.get(s, ROOM, str(world.guild.id))
    assert found is not None
    return found


def panel(world: World, result: simcord.InteractionResult) -> Any:
    """The panel as it stands now."""
    assert result.response is not None
    return result.response


def component(message: Any, custom_id: str) -> dict[str, Any]:
    def walk(components: Any) -> Any:
        for one in components:
            raw = one if isinstance(one, dict) else one.to_dict()
            yield raw
            yield from walk(raw.get("components", ()))

    (found,) = [raw for raw in walk(message.components) if raw.get("custom_id") == custom_id]
    return dict(found)


def defaults(message: Any, custom_id: str) -> list[str]:
    return [str(d["id"]) for d in component(message, custom_id).get("default_values", ())]


def place(world: World, channel: ChannelHandle) -> str:
    return str(Channel(world.guild.id, channel.id))


def deny(world: World, channel: ChannelHandle, who: int, kind: int, *flags: str) -> None:
    """An overwrite of a channel, as a host makes one; kind 0 is a role, 1 a member."""
    denied = discord.Permissions(**dict.fromkeys(flags, True))
    overwrite = Overwrite(target_id=who, type=OverwriteType(kind), allow=0, deny=denied.value)
    world.env.backend.set_overwrite(channel.id, overwrite)


# ── who may ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["ada", "mo"])
async def test_only_hosts_set_up(world: World, who: str) -> None:
    result = await opened(world, getattr(world, who))
    assert result.ephemeral
    assert text(panel(world, result)) == setup.NOT_A_HOST


async def test_in_a_direct_message_it_says_where_it_belongs(world: World) -> None:
    await opened(world)
    result = await world.host.user.slash("panel")
    assert text(result.response) == setup.NOT_IN_A_SERVER


async def test_whoever_is_no_host_any_more_changes_nothing(world: World) -> None:
    result = await opened(world)
    before = await house(world)
    guild = world.env.backend.get_guild(world.guild.id)
    guild.members[world.host.id].role_ids.clear()
    for custom_id, values in (
        ("setup:review", [world.general]),
        ("setup:moderators", []),
        ("setup:rules", None),
        ("setup:again", None),
    ):
        if values is None:
            pressed = await world.host.click(panel(world, result), custom_id=custom_id)
            assert pressed.modal is None
        else:
            pressed = await world.host.select(panel(world, result), values, custom_id=custom_id)
        assert text(pressed.response) == setup.NOT_A_HOST
    assert await house(world) == before


# ── what it shows ────────────────────────────────────────────────────────────────────────


async def test_it_shows_what_is_set(world: World) -> None:
    result = await opened(world)
    assert result.ephemeral
    shown = panel(world, result)
    assert defaults(shown, "setup:showcase") == [str(world.showcase.id)]
    assert defaults(shown, "setup:review") == [str(world.review.id)]
    assert defaults(shown, "setup:moderators") == [str(world.moderators.id)]
    said = text(shown)
    assert said.count(THERE) == 2
    assert "Reviews that decide about a job: 1, as everywhere in the studio" in said
    assert "Hours that a ballot lasts: 24, as everywhere" in said
    assert "⚠️ Everybody in this server can see this channel" in said
    assert "Pick another" not in said


async def test_a_review_channel_that_not_everybody_sees_is_no_cause_for_a_warning(
    world: World,
) -> None:
    deny(world, world.review, world.guild.id, 0, "view_channel")
    (own,) = [r for r in world.env.backend.get_guild(world.guild.id).roles.values() if r.managed]
    seeing = discord.Permissions(view_channel=True).value
    allowed = Overwrite(target_id=own.id, type=OverwriteType.ROLE, allow=seeing, deny=0)
    world.env.backend.set_overwrite(world.review.id, allowed)
    said = text(panel(world, await opened(world)))
    assert "Everybody in this server" not in said
    assert said.count(THERE) == 2


async def test_exactly_what_is_missing_is_named(world: World) -> None:
    me = world.client.own_id
    deny(world, world.review, me, 1, "view_channel", "attach_files")
    deny(world, world.showcase, me, 1, "send_messages")
    result = await opened(world)
    said = text(panel(world, result))
    assert "⚠️ I lack View Channel and Attach Files there." in said
    assert "⚠️ I lack Send Messages there." in said
    deny(world, world.review, me, 1)
    await world.host.click(panel(world, result), custom_id="setup:again")
    assert text(panel(world, result)).count(THERE) == 1


async def test_what_the_bot_lacks_everywhere_is_said(world: World) -> None:
    roles = world.env.backend.get_guild(world.guild.id).roles
    (own,) = [role for role in roles.values() if role.managed]
    own.permissions &= ~discord.Permissions(create_private_threads=True).value
    world.env.backend.edit_role(world.guild.id, own.id, {})
    said = text(panel(world, await opened(world)))
    assert "In the whole server I lack Create Private Threads" in said


async def test_a_bot_whose_own_role_was_deleted_says_what_it_lacks(world: World) -> None:
    guild = world.env.backend.get_guild(world.guild.id)
    (own,) = [role for role in guild.roles.values() if role.managed]
    for role in guild.roles.values():
        role.permissions &= ~discord.Permissions(manage_messages=True).value
    guild.members[world.client.own_id].role_ids.remove(own.id)
    del guild.roles[own.id]
    said = text(panel(world, await opened(world)))
    assert said.count("⚠️ I lack Manage Messages there.") == 2


async def test_what_is_gone_is_said_and_not_preselected(world: World) -> None:
    async with world.db.begin() as s:
        await workspaces.change(
            s, ROOM, str(world.guild.id), review=f"{world.guild.id}/5", moderators="6"
        )
    shown = panel(world, await opened(world))
    assert "⚠️ The channel that was picked is gone; pick another." in text(shown)
    assert "⚠️ The role that was picked is gone: only hosts decide." in text(shown)
    assert defaults(shown, "setup:review") == defaults(shown, "setup:moderators") == []


# ── what it changes ──────────────────────────────────────────────────────────────────────


async def test_picking_and_clearing_is_kept_and_painted(world: World) -> None:
    result = await opened(world)
    await world.host.select(panel(world, result), [world.general], custom_id="setup:showcase")
    assert (await house(world)).showcase == place(world, world.general)
    assert defaults(panel(world, result), "setup:showcase") == [str(world.general.id)]
    await world.host.select(panel(world, result), [], custom_id="setup:showcase")
    await world.host.select(panel(world, result), [], custom_id="setup:moderators")
    changed = await house(world)
    assert (changed.showcase, changed.moderators) == ("", "")
    assert changed.review == place(world, world.review)
    assert "No role is picked: only hosts decide" in text(panel(world, result))
    assert "None is picked yet." in text(panel(world, result))


async def test_everybody_can_not_be_moderators(world: World) -> None:
    result = await opened(world)
    everybody = world.guild.default_role
    said = await world.host.select(panel(world, result), [everybody], custom_id="setup:moderators")
    assert text(said.response) == setup.NOT_EVERYBODY
    assert (await house(world)).moderators == str(world.moderators.id)


async def test_a_new_channel_makes_its_troubles_news(world: World) -> None:
    async with world.db.begin() as s:
        await workspaces.change(s, ROOM, str(world.guild.id), trouble="told before")
    result = await opened(world)
    await world.host.select(panel(world, result), [world.general], custom_id="setup:review")
    assert (await house(world)).trouble == ""


async def test_the_panel_works_after_a_restart(world: World) -> None:
    result = await opened(world)
    shown = panel(world, result)
    world.client._connection._view_store._views.clear()
    world.client._connection._view_store._synced_message_views.clear()
    await world.host.select(shown, [world.general], custom_id="setup:review")
    assert (await house(world)).review == place(world, world.general)


async def test_cards_that_wait_come_to_the_new_channel(world: World) -> None:
    await world.rendered()
    old = world.card(world.review)
    feed = asyncio.create_task(Feed(world.db, world.studio.desk.broker, world.client.room).run())
    try:
        await asyncio.sleep(0.3)  # until it listens
        result = await opened(world)
        await world.host.select(panel(world, result), [world.general], custom_id="setup:review")
        async with asyncio.timeout(10):
            while world.general.last_message is None:
                await asyncio.sleep(0.05)
            while any(message.id == old.id for message in world.review.history()):
                await asyncio.sleep(0.05)
        assert "a red circle" in text(world.card(world.general))
    finally:
        feed.cancel()
        await asyncio.gather(feed, return_exceptions=True)
    await world.env.settle()


async def test_only_what_people_still_act_on_is_brought(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread: list[int] = []

    async def heard(job_id: int) -> bool:
        spread.append(job_id)
        return True

    monkeypatch.setattr(world.studio.desk.broker, "spread", heard)
    await world.published()
    await world.wish()
    await world.tell(2)
    result = await opened(world)
    spread.clear()
    await world.host.select(panel(world, result), [], custom_id="setup:moderators")
    assert spread == []
    await world.host.select(panel(world, result), [world.general], custom_id="setup:showcase")
    assert spread == [1]
    await world.studio.change(1, winner=1)
    await world.host.click(panel(world, result), custom_id="setup:again")
    assert spread == [1]


# ── troubles ─────────────────────────────────────────────────────────────────────────────


async def test_hosts_hear_of_both_uses_of_one_channel(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Channel(world.guild.id, world.review.id)
    async with world.db.begin() as s:
        await workspaces.change(s, ROOM, str(where.guild), showcase=str(where))
    nonces: list[str] = []  # a second message under the same one is lost
    send = world.client.courier.send

    async def sending(channel: int, message: Message, nonce: str) -> Sent:
        nonces.append(nonce)
        return await send(channel, message, nonce)

    monkeypatch.setattr(world.client.courier, "send", sending)
    answer: Any = SimpleNamespace(status=403, reason="Forbidden")
    refused = discord.Forbidden(answer, {"code": 50013, "message": "Missing Permissions"})
    for _ in range(2):
        for purpose in (Purpose.REVIEW, Purpose.SHOWCASE):
            await world.client.room.hosts.tell(where, purpose, refused)
    said = [text(message) for message in world.guild.owner.dm_channel.history()]
    assert len(said) == 2
    assert len(set(nonces)) == 2
    assert all(len(nonce) <= 25 for nonce in nonces)


# ── rules ────────────────────────────────────────────────────────────────────────────────


async def rules(world: World, result: simcord.InteractionResult, **typed: str) -> Any:
    form = await world.host.click(panel(world, result), custom_id="setup:rules")
    return await world.host.submit_modal(form, typed)


async def test_rules_are_kept_and_empty_means_the_studios_own(world: World) -> None:
    result = await opened(world)
    typed = {"quorum": "3", "newcomer_publications": "0", "queued_cap": " 5 "}
    await rules(world, result, **typed, ballot_hours="1,5")
    own = await house(world)
    assert (own.quorum, own.newcomer_publications) == (3, 0)
    assert (own.queued_cap, own.ballot_hours) == (5, 1.5)
    assert "Hours that a ballot lasts: 1.5\n" in text(panel(world, result))
    form = await world.host.click(panel(world, result), custom_id="setup:rules")
    assert form.modal is not None
    assert [c["component"]["value"] for c in form.modal["components"]] == ["3", "0", "5", "1.5"]
    assert [c["description"] for c in form.modal["components"]] == [
        "Empty: the studio's own, 1.",
        "Empty: the studio's own, 0.",
        "Empty: the studio's own, 8.",
        "Empty: the studio's own, 24.",
    ]
    await world.host.submit_modal(form, dict.fromkeys([*typed, "ballot_hours"], ""))
    own = await house(world)
    assert (own.quorum, own.newcomer_publications) == (None, None)
    assert (own.queued_cap, own.ballot_hours) == (None, None)


@pytest.mark.parametrize(
    ("column", "typed", "allowed"),
    [
        ("quorum", "0", "a whole number from 1 to 20"),
        ("quorum", "21", "a whole number from 1 to 20"),
        ("quorum", "1.5", "a whole number from 1 to 20"),
        ("quorum", "two", "not “two”"),
        ("queued_cap", "101", "a whole number from 1 to 100"),
        ("queued_cap", "-1", "a whole number from 1 to 100"),
        ("ballot_hours", "0", "a number from 0.1 to 8784"),
        ("ballot_hours", "9000", "a number from 0.1 to 8784"),
        ("ballot_hours", "inf", "a number from 0.1 to 8784"),
        ("ballot_hours", "1e3", "a number from 0.1 to 8784"),
    ],
)
async def test_a_bad_rule_is_one_sentence_and_changes_nothing(
    world: World, column: str, typed: str, allowed: str
) -> None:
    result = await opened(world)
    said = await rules(world, result, **({"quorum": "2", "queued_cap": "2"} | {column: typed}))
    sentence = text(said.response)
    assert allowed in sentence
    assert "or empty for the studio's own" in sentence
    own = await house(world)
    assert (own.quorum, own.queued_cap, own.ballot_hours) == (None, None, None)


# ── hello ────────────────────────────────────────────────────────────────────────────────


async def test_a_new_server_is_greeted_once(world: World) -> None:
    owner = world.env.create_user("olga")
    made = world.env.create_guild("Second", owner=owner)
    await world.env.settle()
    # simcord says of a new server what Discord says of one that was there before.
    world.client.dispatch("guild_join", world.client.get_guild(made.id))
    await world.env.settle()
    (greeting,) = owner.dm_channel.history()
    assert "/studio setup" in text(greeting)


async def test_the_system_channel_comes_first_where_the_bot_may_write(world: World) -> None:
    guild = world.client.get_guild(world.guild.id)
    assert guild is not None
    guild._system_channel_id = world.general.id
    owned = world.guild.owner.dm_channel
    before = len(owned.history())
    await setup.hello(world.client, guild)
    assert text(world.card(world.general)) == setup.HELLO
    deny(world, world.general, world.client.own_id, 1, "send_messages")
    await setup.hello(world.client, guild)
    assert len(owned.history()) == before + 1
