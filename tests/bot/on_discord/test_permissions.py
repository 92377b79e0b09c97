"""What the bot asks to be allowed: exactly what it uses, as the guide for hosts says."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from sqlalchemy import delete

from bot.on_discord import permissions
from bot.on_discord.permissions import NEEDS, Use, missing
from db.models import Reply
from db.states import Purpose
from tests.bot.on_discord.world import World

ROOMS = Path(__file__).parents[3] / "docs" / "rooms.md"
WHERE = {
    frozenset(Use): "everywhere",
    frozenset({Use.REVIEW, Use.SHOWCASE}): "review, showcase",
    frozenset({Use.ASKING}): "where people ask",
}


def test_what_is_missing_is_named_in_discords_own_words() -> None:
    held = discord.Permissions(view_channel=True, send_messages=True, add_reactions=True)
    assert missing(held, Use.REVIEW) == ["Attach Files", "Read Message History", "Manage Messages"]
    assert missing(held, Use.ASKING) == [
        "Attach Files",
        "Read Message History",
        "Create Private Threads",
        "Send Messages in Threads",
    ]
    assert not missing(discord.Permissions.all(), Use.SHOWCASE)


def test_the_invite_asks_for_exactly_what_is_needed() -> None:
    parts = urlsplit(permissions.invite(42))
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "discord.com", "/oauth2/authorize")
    assert asked["client_id"] == ["42"]
    assert asked["scope"] == ["bot applications.commands"]
    granted = discord.Permissions(int(asked["permissions"][0]))
    assert granted == discord.Permissions(**{need.flag: True for need in NEEDS})
    assert not granted.administrator


def test_the_guide_says_what_each_permission_is_for() -> None:
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| (.+) \| (.+) \|$", ROOMS.read_text(), re.MULTILINE)
    assert rows == [(need.name, need.why, WHERE[need.uses]) for need in NEEDS]


# ── what the code does, with just these ──────────────────────────────────────────────────


async def test_everything_works_with_just_these(world: World) -> None:
    refused = allow(world, {need.flag for need in NEEDS})
    await story(world)
    assert refused == []
    assert (await world.post(Purpose.RESULT)).message.split("/")[0] not in {"-", "0"}
    counted = world.card(world.showcase).reactions
    assert [(str(r.emoji), r.count) for r in counted] == [("1️⃣", 1), ("2️⃣", 1)]


# simcord lets everybody attach files.
@pytest.mark.parametrize("flag", [n.flag for n in NEEDS if n.flag != "attach_files"])
async def test_each_of_them_is_needed(world: World, flag: str) -> None:
    refused = allow(world, {need.flag for need in NEEDS} - {flag})
    await story(world)
    assert refused, f"nothing that the bot does needs {flag}"


async def story(world: World) -> None:
    """All that the bot does in a server: cards, signs, taking one off, and a thread of Ada's own."""
    closed = f"/channels/{world.ada.user.dm_channel.id}/messages"
    world.env.inject_error("POST", closed, status=403, code=50007, times=None)
    await world.wish(variations=2)
    await world.tell()
    async with world.db.begin() as s:
        await s.execute(delete(Reply))  # the private answer's time is over
    await world.render()
    job = await world.studio.job(1)
    if world.review.last_message is None:
        return
    await world.mo.react(world.card(world.review), "✅")
    await world.tell(job.id)
    if world.showcase.last_message is not None:
        await world.ada.react(world.card(world.showcase), "1️⃣")
        await world.env.settle()


def allow(world: World, flags: set[str]) -> list[str]:
    """Allow the bot these alone; returns what it is refused from now on."""
    guild = world.env.backend.get_guild(world.guild.id)
    people = discord.Permissions(guild.everyone_role.permissions)
    for role in guild.roles.values():
        role.permissions |= people.value  # what everybody may, the bot would inherit
    guild.everyone_role.permissions = 0
    (own,) = [role for role in guild.roles.values() if role.managed]
    own.permissions = discord.Permissions(**dict.fromkeys(flags, True)).value
    everybody = world.guild.create_role("People", permissions=people)
    guild.members[world.ada.id].role_ids.append(everybody.id)
    return watch(world)


def watch(world: World) -> list[str]:
    refused: list[str] = []
    http = world.client.http
    request: Callable[..., Awaitable[Any]] = http.request

    async def watching(route: Any, **more: Any) -> Any:
        try:
            return await request(route, **more)
        except discord.Forbidden as error:
            if error.code != 50007:
                refused.append(f"{route.method} {route.path}: {error.text}")
            raise

    http.request = watching  # type: ignore[method-assign]
    return refused
