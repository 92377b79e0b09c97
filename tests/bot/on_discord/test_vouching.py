"""What Discord says of somebody who signs in on the web, at that moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.on_discord import vouching
from bot.on_discord.client import StudioClient
from bot.vouching import Silent
from db.models import utcnow
from moderation.people import Role
from tests.bot.on_discord.town import Town
from tests.doubles.on_discord import User, payloads

MODERATES, HOSTS = frozenset({Role.MODERATOR}), frozenset({Role.HOST})
MEMBER = "/guilds/*/members/*"


async def says(client: StudioClient, user: User, *, fresh: bool = True) -> frozenset[Role] | None:
    return await client.room.vouching.vouch("", str(user.id), fresh=fresh)


async def test_one_is_what_one_is_in_any_of_our_servers(town: Town, client: StudioClient) -> None:
    other = town.discord.guild("Annex")
    stranger = town.discord.user("Eve")
    visitor = other.member("Vi")
    await town.discord.until(lambda: len(client.guilds) == 2, 60)
    assert await says(client, town.ada) == frozenset()
    assert await says(client, town.mo) == MODERATES
    assert await says(client, town.guild.owner) == HOSTS
    assert await says(client, visitor) == frozenset()
    assert await says(client, stranger) is None


async def test_a_role_that_was_taken_away_is_gone_at_once(town: Town, client: StudioClient) -> None:
    assert await says(client, town.mo) == MODERATES
    town.guild.take(town.mo, town.role)
    assert await says(client, town.mo, fresh=False) == MODERATES
    assert await says(client, town.mo) == frozenset()
    assert await says(client, town.mo, fresh=False) == frozenset()


async def test_whoever_has_nothing_to_lose_is_asked_about_seldom(
    town: Town, client: StudioClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        assert await says(client, town.ada) == frozenset()
    assert len(town.discord.requested("GET", MEMBER)) == 1
    town.guild.loses(town.ada)
    monkeypatch.setattr(vouching, "BELIEVED_SECONDS", 0.0)
    assert await says(client, town.ada) is None


async def test_whom_a_server_has_silenced_does_not_speak_here(
    town: Town, client: StudioClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    until, member = utcnow() + timedelta(hours=1), payloads.member
    monkeypatch.setattr(
        payloads,
        "member",
        lambda *a, **m: member(*a, **m) | {"communication_disabled_until": until.isoformat()},
    )
    assert await says(client, town.mo) is None


async def test_no_answer_is_no_role(town: Town, client: StudioClient) -> None:
    town.discord.faults.next("GET", MEMBER, status=503, times=None)
    with pytest.raises(Silent):
        await says(client, town.mo)
