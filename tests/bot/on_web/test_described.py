"""What the site says of itself, to whoever writes a program from that alone."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
import schemathesis
from aiohttp import web

from bot.on_web import described, openapi
from bot.on_web.app import make_app
from bot.on_web.guard import PROBES
from db.lending import BASE, SESSION, SHA256


def mocks() -> list[Any]:
    """In place of what only answers need."""
    return [mock.Mock() for _ in range(4)]


def test_an_address_that_nobody_described_is_noticed() -> None:
    async def new(_: web.Request) -> web.Response:
        return web.Response()

    db, desk, media, hub = mocks()
    app = make_app(db, desk, media, hub, metrics=mock.Mock())
    said = openapi.describe(app)
    assert all(of["summary"] for path in said["paths"].values() for of in path.values())
    app.router.add_get("/new", new)
    with pytest.raises(LookupError, match="new"):
        openapi.describe(app)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Of a site where people sign in, with all that there can be."""
    login: Any = mock.Mock(url="https://sora.example.org")
    db, desk, media, hub = mocks()
    app = make_app(db, desk, media, hub, metrics=mock.Mock(), login=login)
    found: dict[str, Any] = json.loads(openapi.Described(app).text)
    return found


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_probes_need_no_session_and_come_by_any_name(document: dict[str, Any]) -> None:
    for path in PROBES:
        probe = document["paths"][path]["get"]
        assert "security" not in probe, path
        assert probe["responses"].keys() & {"403", "421"} == set(), path


def lent(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What lent workers ask for, by the end of its address."""
    return {
        path.rpartition("/")[2]: operation
        for path, of in document["paths"].items()
        if path.startswith(f"{BASE}/")
        for operation in of.values()
    }


def test_a_clip_is_sent_with_its_hash(document: dict[str, Any]) -> None:
    sent = lent(document)["{number}"]
    assert sent["requestBody"] == {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
    (declared,) = (one for one in sent["parameters"] if one["in"] == "query")
    assert (declared["name"], declared["required"]) == ("sha256", True)
    assert declared["schema"]["pattern"] == SHA256


def test_a_lent_worker_says_its_session_in_all_but_its_announcement(
    document: dict[str, Any],
) -> None:
    headers = {
        end: [(one["name"], one["required"]) for one in of["parameters"] if one["in"] == "header"]
        for end, of in lent(document).items()
    }
    assert headers.pop("announce") == []
    assert len(headers) > 5
    assert set(map(tuple, headers.values())) == {((SESSION, True),)}


def test_a_lent_worker_is_refused_in_json_alone(document: dict[str, Any]) -> None:
    for end, of in lent(document).items():
        for status, answer in of["responses"].items():
            if int(status) >= 400 and status != "416":
                assert answer["content"].keys() == {described.JSON}, (end, status)


def test_parts_are_told_of_where_a_file_is_served_and_nowhere_else(
    document: dict[str, Any],
) -> None:
    of = {path: one["get"]["responses"] for path, one in document["paths"].items() if "get" in one}
    assert {path.rpartition("/")[2] for path, told in of.items() if "206" in told} == {
        "preview.jpg",
        "{number}.{kind}",
        "{which}",
    }
    assert of["/yours.zip"].keys() == {"200", "403", "421", "429"}
