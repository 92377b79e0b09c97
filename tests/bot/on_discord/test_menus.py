"""The menus of messages, and the forms that they open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from simcord.backend import cdn
from sqlalchemy import select
from sqlmodel import col

from bot.on_discord import menus
from bot.on_discord.ids import ROOM
from db import notes, people, reports
from db.models import Note, utcnow
from db.states import Descent, Flag, Reason, Status, Task
from moderation.people import Person
from tests.bot.on_discord.world import World, text
from tests.bot.test_pictures import picture

ANIMATE, REMIX, REPORT = "Animate this image", "Remix this clip", "Report"


def plain(message: Any) -> str:
    return text(message).replace("\\", "")


def fields(modal: Any) -> dict[str, Any]:
    """Id -> what each field of a form is, whatever it is wrapped in."""
    inner = [component["component"] for component in modal["components"]]
    return {field["custom_id"]: field for field in inner}


@pytest.fixture
async def images(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Attachments can be fetched, from a server of this machine that plays Discord's."""

    async def give(request: web.Request) -> web.Response:
        data = world.env.backend.cdn.get(f"{cdn.CDN_BASE}{request.path}")
        return web.Response(body=data) if data is not None else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{tail:.*}", give)
    async with serving(app) as address:
        monkeypatch.setattr(cdn, "CDN_BASE", address)
        monkeypatch.setattr(world.client, "cdn", address)
        yield


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


async def shared_image(world: World, *names: str) -> Any:
    """A message of Bo's with attachments of these names."""
    data = picture("PNG")
    return await world.bo.send(world.general, "look", attachments=[(name, data) for name in names])


# ── Animate this image ───────────────────────────────────────────────────────────────────


async def test_an_image_of_any_message_is_animated(world: World, images: None) -> None:
    message = await shared_image(world, "notes.txt", "cat.png")
    chosen = await world.ada.context_menu(world.general, ANIMATE, message)
    assert chosen.modal is not None
    assert fields(chosen.modal)["words"]["max_length"] == 2000
    sent = await world.ada.submit_modal(chosen, {"words": "it waves --seed 7 --variations 1"})
    assert sent.ephemeral
    await world.tell()
    job = await world.studio.job(1)
    assert (job.prompt, job.seed, job.task) == ("it waves", 7, Task.IMAGE)
    assert world.media.path(job.first_key).read_bytes() == picture("PNG")
    assert "Job 1" in text(sent.response)


async def test_two_forms_at_once_keep_their_own_images(world: World, images: None) -> None:
    first = await world.bo.send(world.general, attachments=[("a.png", picture("PNG", 40, 20))])
    second = await world.bo.send(world.general, attachments=[("b.png", picture("PNG", 20, 40))])
    one = await world.ada.context_menu(world.general, ANIMATE, first)
    other = await world.ada.context_menu(world.general, ANIMATE, second)
    await world.ada.submit_modal(one, {"words": "one"})
    await world.ada.submit_modal(other, {"words": "other"})
    keys = [(await world.studio.job(number)).first_key for number in (1, 2)]
    given = [world.media.path(key).read_bytes() for key in keys]
    assert given == [picture("PNG", 40, 20), picture("PNG", 20, 40)]


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("moving.gif",)])
async def test_without_an_image_there_is_no_form(world: World, names: tuple[str, ...]) -> None:
    chosen = await world.ada.context_menu(world.general, ANIMATE, await shared_image(world, *names))
    assert chosen.modal is None
    assert chosen.ephemeral
    assert plain(chosen.response) == menus.NO_IMAGE


async def test_too_large_an_image_opens_no_form(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pictures.LARGEST_BYTES", 10)
    chosen = await world.ada.context_menu(
        world.general, ANIMATE, await shared_image(world, "c.png")
    )
    assert chosen.modal is None
    assert "A picture has at most" in plain(chosen.response)


async def test_what_only_looks_like_an_image_is_refused(world: World, images: None) -> None:
    message = await world.bo.send(world.general, attachments=[("cat.png", b"no picture")])
    chosen = await world.ada.context_menu(world.general, ANIMATE, message)
    sent = await world.ada.submit_modal(chosen, {"words": "it waves"})
    assert "That is no picture" in plain(sent.response)


async def test_a_refused_wish_leaves_no_picture_behind(world: World, images: None) -> None:
    chosen = await world.ada.context_menu(
        world.general, ANIMATE, await shared_image(world, "c.png")
    )
    sent = await world.ada.submit_modal(chosen, {"words": "it waves --duration 99"})
    assert "1 to 4" in plain(sent.response)
    assert not list(world.media.path("0" * 64 + ".png").parents[1].rglob("*.png"))


async def test_the_picture_comes_from_the_message_alone(world: World, images: None) -> None:
    chosen = await world.ada.context_menu(
        world.general, ANIMATE, await shared_image(world, "c.png")
    )
    sent = await world.ada.submit_modal(chosen, {"words": "it waves --image http://elsewhere/"})
    assert "it can't be typed" in plain(sent.response)


async def test_an_image_is_forgotten_after_a_day(world: World, images: None) -> None:
    old = await world.ada.context_menu(world.general, ANIMATE, await shared_image(world, "c.png"))
    async with world.db.begin() as s:
        (name,) = [key for key in await remembered(world) if key.startswith("discord:animate:")]
        (await s.get_one(Note, name)).at = utcnow() - timedelta(days=1, minutes=1)
    young = await world.ada.context_menu(world.general, ANIMATE, await shared_image(world, "d.png"))
    assert name not in await remembered(world)
    sent = await world.ada.submit_modal(old, {"words": "it waves"})
    assert plain(sent.response) == menus.FORGOTTEN
    await world.ada.submit_modal(young, {"words": "it waves"})
    assert (await world.studio.job(1)).prompt == "it waves"


async def test_an_image_is_for_whoever_was_shown_the_form(world: World, images: None) -> None:
    chosen = await world.ada.context_menu(
        world.general, ANIMATE, await shared_image(world, "c.png")
    )
    (name,) = [key for key in await remembered(world) if key.startswith("discord:animate:")]
    assert name.endswith(f":{world.ada.id}")
    assert chosen.modal is not None
    async with world.db.begin() as s:
        await s.delete(await s.get_one(Note, name))
        forged = name.removesuffix(str(world.ada.id)) + str(world.bo.id)
        await notes.put(s, forged, "https://cdn.discordapp.com/x.png")
    sent = await world.ada.submit_modal(chosen, {"words": "it waves"})
    assert plain(sent.response) == menus.FORGOTTEN


async def test_no_form_waits_in_memory(world: World, images: None) -> None:
    chosen = await world.ada.context_menu(
        world.general, ANIMATE, await shared_image(world, "c.png")
    )
    assert chosen.modal is not None
    assert not world.client._connection._view_store._modals


async def remembered(world: World) -> list[str]:
    async with world.db.read() as s:
        return list(await s.scalars(select(col(Note.name))))


# ── Remix this clip ──────────────────────────────────────────────────────────────────────


async def test_a_clip_of_the_showcase_is_remixed(world: World) -> None:
    await world.published()
    await allow_remixes(world)
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    assert chosen.modal is not None
    picks = [option["value"] for option in fields(chosen.modal)["clip"]["options"]]
    assert picks == ["1", "2"]
    sent = await world.bo.submit_modal(
        chosen, {"words": "a blue dot --strength 0.5", "clip": ["2"]}
    )
    await world.tell(2)
    job = await world.studio.job(2)
    assert (job.parent_id, job.parent_clip, job.descent) == (1, 2, Descent.REMIX)
    assert (job.prompt, job.strength) == ("a blue dot", 0.5)
    assert sent.ephemeral
    assert "Job 2" in text(sent.response)


async def test_of_a_single_clip_only_the_words_are_asked(world: World) -> None:
    await world.published(variations=1)
    await allow_remixes(world)
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    assert chosen.modal is not None
    assert list(fields(chosen.modal)) == ["words"]
    await world.bo.submit_modal(chosen, {"words": "a blue dot"})
    assert (await world.studio.job(2)).parent_clip == 1


async def test_only_what_is_shown_can_be_picked(world: World) -> None:
    await world.rendered()
    await world.mo.react(world.card(world.review), "2️⃣")
    await world.mo.react(world.card(world.review), "✅")
    await world.lin.react(world.card(world.review), "🩸")
    await world.tell()
    assert (await world.studio.job(1)).status is Status.PUBLISHED
    await allow_remixes(world)
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    assert chosen.modal is not None
    assert list(fields(chosen.modal)) == ["words"]
    await world.bo.submit_modal(chosen, {"words": "a blue dot"})
    assert (await world.studio.job(2)).parent_clip == 2


async def test_without_the_artists_leave_there_is_no_form(world: World) -> None:
    await world.published()
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    assert chosen.modal is None
    assert "hasn't allowed remixes" in plain(chosen.response)


async def test_leave_that_was_taken_back_meanwhile_counts(world: World) -> None:
    await world.published()
    await allow_remixes(world)
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    await world.studio.desk.consent(await ada(world), 1, {Flag.REMIX: False})
    sent = await world.bo.submit_modal(chosen, {"words": "a blue dot", "clip": ["1"]})
    assert "hasn't allowed remixes" in plain(sent.response)


async def test_the_button_asks_the_same(world: World) -> None:
    await world.rendered()
    await allow_remixes(world)
    await world.mo.react(world.card(world.review), "✅")
    await world.tell()
    pressed = await world.bo.click(world.card(world.showcase), label="Remix")
    chosen = await world.bo.context_menu(world.showcase, REMIX, world.card(world.showcase))
    assert pressed.modal == chosen.modal


# ── Report ───────────────────────────────────────────────────────────────────────────────


async def test_a_card_of_the_showcase_is_reported(world: World) -> None:
    await world.published()
    chosen = await world.bo.context_menu(world.showcase, REPORT, world.card(world.showcase))
    assert chosen.modal is not None
    reasons = [option["value"] for option in fields(chosen.modal)["reason"]["options"]]
    assert set(reasons) == {reason.value for reason in Reason}
    assert not fields(chosen.modal)["words"]["required"]
    sent = await world.bo.submit_modal(chosen, {"reason": ["copyright"]})
    assert "The moderators will look at job 1" in plain(sent.response)
    async with world.db.read() as s:
        (report,) = await reports.of(s, 1)
    assert (report.reason, report.sentence) == (Reason.COPYRIGHT, "")


async def test_more_may_be_said(world: World) -> None:
    await world.published()
    chosen = await world.bo.context_menu(world.showcase, REPORT, world.card(world.showcase))
    await world.bo.submit_modal(chosen, {"reason": ["other"], "words": "it is mine"})
    async with world.db.read() as s:
        (report,) = await reports.of(s, 1)
    assert (report.reason, report.sentence) == (Reason.OTHER, "it is mine")


async def test_ones_own_isnt_reported(world: World) -> None:
    await world.published()
    chosen = await world.ada.context_menu(world.showcase, REPORT, world.card(world.showcase))
    assert chosen.modal is None
    assert "withdraw it instead" in plain(chosen.response)


# ── messages that are no cards of the showcase ───────────────────────────────────────────


@pytest.mark.parametrize("menu", [REMIX, REPORT])
async def test_other_messages_are_answered_with_a_sentence(world: World, menu: str) -> None:
    await world.rendered()
    talk = await world.bo.send(world.general, "hello")
    chosen = await world.ada.context_menu(world.general, menu, talk)
    assert chosen.modal is None
    assert plain(chosen.response) == menus.NO_CARD
    chosen = await world.mo.context_menu(world.review, menu, world.card(world.review))
    assert plain(chosen.response) == menus.NO_CARD


@pytest.mark.parametrize("menu", [REMIX, REPORT])
async def test_what_was_withdrawn_meanwhile_is_there_no_more(world: World, menu: str) -> None:
    await world.published()
    card = world.card(world.showcase)
    await world.studio.desk.withdraw(await ada(world), 1)
    chosen = await world.bo.context_menu(world.showcase, menu, card)
    assert plain(chosen.response) == "Job 1 isn't in the showcase any more."


async def ada(world: World) -> Person:
    async with world.db.begin() as s:
        row = await people.known(s, ROOM, "", str(world.ada.id), "ada")
    return Person(row.id, "ada")


async def allow_remixes(world: World) -> None:
    await world.studio.desk.consent(await ada(world), 1, {Flag.REMIX: True})
