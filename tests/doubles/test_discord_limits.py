"""What the double refuses, in Discord's numbers and at Discord's places."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from tests.doubles.on_discord import Channel, Discord
from tests.doubles.on_discord.messages import V2
from tests.doubles.on_discord.model import MIB

Json = dict[str, Any]


class Raw:
    """A client that sends what discord.py would not."""

    def __init__(self, double: Discord, session: aiohttp.ClientSession) -> None:
        self.double = double
        self.session = session
        self.room = double.guild().channel("room")

    async def send(
        self, body: Json, files: dict[str, bytes] | None = None, edit: int | None = None
    ) -> tuple[int, Any]:
        url = f"{self.double.api}/channels/{self.room.id}/messages" + (f"/{edit}" if edit else "")
        method = "PATCH" if edit else "POST"
        headers = {"Authorization": f"Bot {self.double.token}"}
        if files is None:
            call = self.session.request(method, url, json=body, headers=headers)
        else:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body))
            for number, (name, data) in enumerate(files.items()):
                form.add_field(f"files[{number}]", BytesIO(data), filename=name)
            call = self.session.request(method, url, data=form, headers=headers)
        async with call as answer:
            assert answer.headers["Content-Type"] == "application/json"
            return answer.status, await answer.json()


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    async with Discord() as double, aiohttp.ClientSession() as session:
        yield Raw(double, session)


def text(content: str) -> Json:
    return {"type": 10, "content": content}


def button(custom_id: str, **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "x", "custom_id": custom_id, **more}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def gallery(*items: Json) -> Json:
    return {"type": 12, "items": list(items)}


def picture(url: str = "https://example.org/a.png", **more: Any) -> Json:
    return {"media": {"url": url}, **more}


def select(count: int) -> Json:
    options = [{"label": f"{n}", "value": f"{n}"} for n in range(count)]
    return {"type": 3, "custom_id": "menu", "options": options}


def v2(*components: Json, **more: Any) -> Json:
    return {"flags": V2, "components": list(components), **more}


REFUSED: dict[str, tuple[Json, str]] = {
    "long content": ({"content": "x" * 2001}, "content"),
    "content beside components": (v2(text("a"), content="b"), "content"),
    "41 components": (v2(*[text("a")] * 41), "components"),
    "41 nested": (
        v2({"type": 17, "components": [text("a")] * 20}, *[text("a")] * 20),
        "components",
    ),
    "4,001 characters": (v2(text("a" * 2001), text("b" * 2000)), "components"),
    "two of one id": (v2(row(button("a"), button("a"))), "components"),
    "long id": (v2(row(button("a" * 101))), "components.0.components.0.custom_id"),
    "no id": (v2(row(button(""))), "components.0.components.0.custom_id"),
    "long label": (v2(row(button("a", label="x" * 81))), "components.0.components.0.label"),
    "six buttons": (v2(row(*(button(str(n)) for n in range(6)))), "components.0.components"),
    "26 options": (v2(row(select(26))), "components.0.components.0.options"),
    "no picture": (v2(gallery()), "components.0.items"),
    "11 pictures": (v2(gallery(*[picture()] * 11)), "components.0.items"),
    "long description": (
        v2(gallery(picture(description="x" * 1025))),
        "components.0.items.0.description",
    ),
    "unknown attachment": (
        v2(gallery(picture("attachment://a.png"))),
        "components.0.items.0.media.url",
    ),
    "v2 without its flag": ({"components": [text("a")]}, "components.0.type"),
    "a box in a box": (
        v2({"type": 17, "components": [{"type": 17, "components": [text("a")]}]}),
        "components.0.components.0.type",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_message_beyond_a_limit(raw: Raw, name: str) -> None:
    body, place = REFUSED[name]
    status, answer = await raw.send(body)
    assert (status, answer["code"]) == (400, 50035), answer
    found = answer["errors"]
    for key in place.split("."):
        found = found[key]
    assert found["_errors"][0]["code"]
    assert not raw.room.messages


ALLOWED: dict[str, Json] = {
    "content": {"content": "x" * 2000},
    "40 components": v2({"type": 17, "components": [text("a")] * 19}, *[text("a")] * 20),
    "4,000 characters": v2(text("a" * 2000), text("b" * 2000)),
    "five buttons": v2(row(*(button(str(n), label="x" * 80) for n in range(5)))),
    "25 options": v2(row(select(25))),
    "ten pictures": v2(gallery(*[picture(description="x" * 1024)] * 10)),
}


@pytest.mark.parametrize("name", ALLOWED)
async def test_a_message_at_its_limits(raw: Raw, name: str) -> None:
    status, _ = await raw.send(ALLOWED[name])
    assert status == 200
    assert not raw.double.violations


async def test_files(raw: Raw) -> None:
    large = {"a.mp4": b"x" * (10 * MIB + 1)}
    assert await raw.send({}, large) == (
        413,
        {"message": "Request entity too large", "code": 40005},
    )
    guild = raw.double.guild("Boosted", premium_tier=2)
    raw.room = guild.channel("room")
    assert (await raw.send({}, large))[0] == 200
    several = {f"{n}.mp4": b"x" * 9 * MIB for n in range(3)}
    assert (await raw.send({}, several))[1]["code"] == 40005
    status, answer = await raw.send({}, {f"{n}.txt": b"" for n in range(11)})
    assert (status, list(answer["errors"])) == (400, ["attachments"])


async def test_shown_files_are_not_listed(raw: Raw) -> None:
    body = v2(gallery(picture("attachment://a.png")))
    status, answer = await raw.send(body, {"a.png": b"1"})
    assert status == 200
    assert answer["attachments"] == []
    media = answer["components"][0]["items"][0]["media"]
    assert media["url"].startswith(raw.double.cdn)
    assert media["attachment_id"] == str(room_file(raw.room).id)
    # The new text names the file that is there already.
    edited = v2(text("b"), gallery(picture("attachment://a.png")))
    assert (await raw.send(edited, edit=int(answer["id"])))[0] == 200
    assert raw.room.last.file("a.png").data == b"1"


def room_file(room: Channel) -> Any:
    return room.last.attachments[0]


async def test_components_v2_are_for_good(raw: Raw) -> None:
    _, answer = await raw.send(v2(text("a")))
    status, refused = await raw.send({"flags": 0, "content": "b"}, edit=int(answer["id"]))
    assert (status, list(refused["errors"])) == (400, ["flags"])


async def test_an_empty_message(raw: Raw) -> None:
    status, answer = await raw.send({"content": ""})
    assert (status, answer["code"]) == (400, 50006)


async def test_twenty_reactions(raw: Raw) -> None:
    await raw.send({"content": "vote"})
    headers = {"Authorization": f"Bot {raw.double.token}"}
    base = f"{raw.double.api}/channels/{raw.room.id}/messages/{raw.room.last.id}/reactions"
    statuses = []
    for number in range(21):
        emoji = chr(0x1F600 + number)
        async with raw.session.put(f"{base}/{emoji}/@me", headers=headers) as answer:
            statuses.append(answer.status)
    assert statuses == [204] * 20 + [400]


@pytest.mark.parametrize(("emoji", "status"), [("party:123456", 204), ("<:party:123456>", 400)])
async def test_an_emoji_of_ones_own_is_named_without_brackets(
    raw: Raw, emoji: str, status: int
) -> None:
    await raw.send({"content": "vote"})
    headers = {"Authorization": f"Bot {raw.double.token}"}
    path = f"{raw.room.id}/messages/{raw.room.last.id}/reactions/{quote(emoji)}/@me"
    url = URL(f"{raw.double.api}/channels/{path}", encoded=True)
    async with raw.session.put(url, headers=headers) as answer:
        assert answer.status == status
        if status == 400:
            assert (await answer.json())["code"] == 10014
