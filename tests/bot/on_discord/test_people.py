"""What people are called: as it can be shown, and as it was known where nothing is known now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.on_discord.people import named, who
from tests.bot.on_discord.world import World, markdown


@pytest.mark.parametrize(
    ("global_name", "name", "shown"),
    [
        ("Ada L.", "ada", "Ada L."),
        (None, "ada", "ada"),
        ("e\u202evil", "ada", "evil"),
        ("\u202e\u200b", "ada", "ada"),
        ("\u3164 \u2800", "ada", "ada"),
        ("a\nb", "ada", "a b"),
        ("\u202e", "\u200b", ""),
    ],
)
def test_a_name_is_shown_as_it_can_be(global_name: Any, name: str, shown: str) -> None:
    assert named(SimpleNamespace(global_name=global_name, name=name)) == shown


async def test_a_name_that_turns_the_text_around_does_not_reach_a_card(world: World) -> None:
    evil = world.guild.add_member(world.env.create_user("e\u202evil"))
    await world.wish(evil)
    await world.tell()
    await world.render()
    assert "evil" in markdown(world.card(world.review))
    assert "\u202e" not in markdown(world.card(world.review))


async def test_whoever_left_keeps_their_name(world: World) -> None:
    await world.wish()
    seen = await who(world.db, discord.Object(world.ada.id), world.guild.id)
    assert (seen.name, seen.roles) == ("ada", frozenset())
    again = await who(world.db, discord.Object(world.ada.id), world.guild.id)
    assert again == seen


async def test_whoever_was_never_seen_is_somebody_until_they_are(world: World) -> None:
    unknown = await who(world.db, discord.Object(world.bo.id), world.guild.id)
    assert unknown.name == "somebody"
    await world.wish(world.bo)
    assert (await who(world.db, discord.Object(world.bo.id), 0)).name == "bo"
