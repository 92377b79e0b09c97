"""Everybody is answered in time, also by a database that hangs, and also when something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.on_discord import forms
from bot.on_discord.acting import BROKEN
from bot.on_discord.forms import SLOW
from bot.press import OF_ANOTHER_VERSION
from tests.bot.on_discord.test_menus import allow_remixes
from tests.bot.on_discord.world import World, buttons, text


class Slow:
    """A database whose reads tell how far the bot had answered by then, and may hang."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[bool] = []
        self.hangs = 0.0
        self._world = world
        self._read = world.db.read
        monkeypatch.setattr(world.db, "read", self.read)
        self.since = len(world.env.http_requests)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        asked = self._world.env.http_requests[self.since :]
        self.answers.append(any(request.path.endswith("/callback") for request in asked))
        if self.hangs:
            await asyncio.sleep(self.hangs)
        async with self._read() as s:
            yield s


async def shown(world: World) -> Any:
    """Ada's own published job, shown to her with all its buttons."""
    await world.published(variations=2)
    answer = await world.ada.slash(world.general, "studio show", job=1)
    assert answer.response is not None
    return answer.response


@pytest.mark.parametrize("sign", ["vary", "extend", "final"])
async def test_what_opens_no_form_is_answered_before_anything_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    card = await shown(world)
    slow = Slow(world, monkeypatch)
    if f"press:{sign}:1:0" in buttons(card).values():
        pressed = await world.ada.click(card.message, custom_id=f"press:{sign}:1:0")
    else:
        pressed = await world.ada.slash(world.general, f"studio {sign}", job=1)
    assert slow.answers
    assert all(slow.answers)
    assert text(pressed.response) == "Which clip?"


async def slow_form(world: World, what: str) -> Any:
    """Whatever opens a form after a look at the database."""
    menus = {"remix": "Remix this clip", "report": "Report"}
    card = world.card(world.showcase)
    if what in menus:
        return await world.bo.context_menu(world.showcase, menus[what], card)
    if what == "button":
        return await world.bo.click(card, label="Remix")
    panel = await world.host.slash(world.general, "studio setup")
    assert panel.response is not None
    return await world.host.click(panel.response, custom_id="setup:rules")


@pytest.mark.parametrize("what", ["remix", "report", "button", "rules"])
async def test_a_form_opens_in_time_or_one_sentence_says_why_not(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await world.rendered(variations=2)
    await allow_remixes(world)
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    opened = await slow_form(world, what)
    assert opened.modal is not None
    monkeypatch.setattr(forms, "READ_SECONDS", 0.2)
    slow = Slow(world, monkeypatch)
    slow.hangs = 1.0
    refused = await slow_form(world, what)
    assert refused.modal is None
    assert text(refused.response) == SLOW


async def test_all_that_is_read_before_a_form_shares_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.published(variations=2)
    await allow_remixes(world)
    monkeypatch.setattr(forms, "READ_SECONDS", 0.5)
    Slow(world, monkeypatch).hangs = 0.3
    refused = await slow_form(world, "remix")
    assert text(refused.response) == SLOW


async def test_what_breaks_in_a_form_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.published(variations=2)
    card = world.card(world.showcase)

    async def breaks(interaction: Any, custom_id: str, fields: Mapping[str, str]) -> None:
        raise KeyError("a bug")

    opened = await world.bo.context_menu(world.showcase, "Report", card)
    monkeypatch.setitem(world.client.acting.forms, "say", breaks)
    sent = await world.bo.submit_modal(opened, {"reason": ["other"], "words": "x"})
    assert text(sent.response) == BROKEN
    opened = await world.bo.context_menu(world.showcase, "Report", card)
    monkeypatch.delitem(world.client.acting.forms, "say")
    sent = await world.bo.submit_modal(opened, {"reason": ["other"], "words": "x"})
    assert text(sent.response) == OF_ANOTHER_VERSION


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (413, 40005), (404, 10008)])
async def test_nobody_is_left_thinking(world: World, status: int, code: int) -> None:
    await world.rendered()
    path = "/webhooks/*/*/messages/@original"
    times = 2 if code == 40005 else 1
    world.env.inject_error("PATCH", path, status=status, code=code, times=times)
    answer = await world.ada.slash(world.general, "studio show", job=1)
    assert text(answer.response) == BROKEN


async def test_an_interaction_that_is_over_is_left_alone(world: World) -> None:
    await world.rendered()
    path = "/webhooks/*/*/messages/@original"
    world.env.inject_error("PATCH", path, status=401, code=50027, times=1)
    before = len(world.env.http_requests)
    await world.ada.slash(world.general, "studio show", job=1)
    asked = [r for r in world.env.http_requests[before:] if r.path.endswith("@original")]
    assert len(asked) == 1


async def test_a_whisper_that_is_lost_breaks_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(world.client.courier, "edit_original", away)
    await world.ada.slash(world.general, "studio show", job=9)
    await world.env.settle()
