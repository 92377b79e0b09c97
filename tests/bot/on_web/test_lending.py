"""The way in for lent workers: what it answers to whatever comes, and that it is no way round the pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot import redact
from bot.on_web import guard
from bot.on_web.lending_door import ONCE, TAKEN
from db import lender_keys, lent_claims, workers
from db.lending import BASE, SESSION
from tests.bot.on_web.served import Served
from tests.bot.on_web.signing import HOST
from tests.support.studio import OFFER, person
from tests.support.whole import until

OFFERED = OFFER.model_dump(mode="json")
SESSION_ID = "a" * 32
ANNOUNCEMENT = {"session": SESSION_ID, "state": "ready", "offers": [OFFERED]}
CARD = {"number": 0, "name": "x", "used": 1, "total": 2, "busy": 0.5}
ODD: dict[str, list[Any]] = {
    "name": ["", "x" * 41, "a b"],
    "title": ["x" * 100_000],
    "about": ["x" * 501],
    "licence_url": ["javascript:alert(1)", "http://example.org"],
    "fps": [0, 121],
    "frames_rule": [[0, 0], [1, -1], [10**9, 0]],
    "tasks": [[]],
    "sizes": [{}, {"1:1": [0, 64]}, {"1:1": [64, 10**6]}, {"x": [64, 64]}],
    "seconds": [
        {"low": 1, "high": 1e18, "default": 2},
        {"low": 0, "high": 4, "default": 2},
        {"low": 1, "high": 4, "default": 5},
        {"low": float("nan"), "high": 4, "default": 2},
    ],
    "steps": [{"low": 1, "high": float("inf"), "default": 4}],
    "draft": [{"steps": 99}, {"steps": 4, "scale": 0.001}],
    "approximations": [["x"] * 65],
}
BAD: dict[str, tuple[str, Any]] = {
    "no JSON": ("/announce", b"{"),
    "no text": ("/announce", b"\xff\xfe"),
    "a list": ("/announce", []),
    "nothing": ("/announce", {}),
    "what nobody knows": ("/announce", {**ANNOUNCEMENT, "roles": ["host"]}),
    "a short session": ("/announce", {**ANNOUNCEMENT, "session": "a"}),
    "too many offers": ("/announce", {**ANNOUNCEMENT, "offers": [OFFERED] * 65}),
    "half an offer": ("/announce", {**ANNOUNCEMENT, "offers": [{"name": "toy"}]}),
    "colours for a terminal": ("/announce", {**ANNOUNCEMENT, "state": "\x1b[31mready"}),
    "the same in an offer": (
        "/announce",
        {**ANNOUNCEMENT, "offers": [{**OFFERED, "title": "a\x1b[2J"}]},
    ),
    **{
        f"an offer whose {name} is {str(value)[:30]}": (
            "/announce",
            {**ANNOUNCEMENT, "offers": [{**OFFERED, name: value}]},
        )
        for name, values in ODD.items()
        for value in values
    },
    "a long state": ("/beat", {"state": "x" * 201}),
    "a card that is too busy": ("/beat", {"state": "ready", "cards": [{**CARD, "busy": 2}]}),
    "for ever": ("/claim", {"wait": 10**6}),
    "less than nothing": ("/renders/1/1/hold", {"done": -1, "total": 1}),
    "of nothing": ("/renders/1/1/hold", {"done": 1, "total": 0}),
    "no seconds": ("/renders/1/1/done", {"seconds": "NaN"}),
    "why not": ("/renders/1/1/fail", {"why": "<b>you</b>"}),
}


class Lender:
    def __init__(self, served: Served, session: aiohttp.ClientSession, token: str) -> None:
        self.served, self.session, self.token = served, session, token

    async def post(
        self, path: str, said: Any, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        known = {"Authorization": f"Bearer {self.token}", SESSION: SESSION_ID}
        url = f"{self.served.url}{BASE}{path}"
        async with self.session.post(url, data=body, headers=known | (headers or {})) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else {}

    async def waits(self) -> tuple[int, dict[str, Any]]:
        """Wait for a job, however often another claim of the test's was just then there before."""
        while (answer := await self.post("/claim", {"wait": 20})) == (429, {"said": ONCE}):
            pass
        return answer


@pytest.fixture
async def lender(served: Served) -> AsyncIterator[Lender]:
    async with served.db.begin() as s:
        token = await lender_keys.make(s, "bo", "", ["toy"])
    async with aiohttp.ClientSession() as session:
        made = Lender(served, session, token)
        assert await made.post("/announce", ANNOUNCEMENT) == (
            200,
            {"name": "lent/bo", "models": ["toy"]},
        )
        yield made


async def test_whatever_comes_is_answered_by_a_sentence(lender: Lender) -> None:
    for name, (path, said) in BAD.items():
        status, answer = await lender.post(path, said)
        assert status == 400, name
        assert list(answer) == ["said"], name
        assert "Traceback" not in answer["said"], name
        assert "<b>" not in answer["said"], name
    assert (await lender.post("/beat", b"x" * 300_000))[0] == 413
    assert await lender.post("/nothing", {}) == (404, {"said": guard.SAID[404]})
    assert (await lender.post("/renders/1/1/first", {}))[0] == 405
    verbs: dict[str, Any] = {"done": {"seconds": 1}, "put-back": {}, "fail": {"why": "broke"}}
    for verb, right in verbs.items():
        assert (await lender.post(f"/renders/999999999/1/{verb}", right))[0] == 410
    assert await lender.post("/renders/1/1/hold", {"done": 1, "total": 2}) == (
        200,
        {"wanted": False},
    )
    said = {"state": "ready", "cards": [CARD], "loaded": "toy"}
    for _ in range(2):
        assert await lender.post("/beat", said) == (200, {"drain": False})
    async with lender.served.db.read() as s:
        (worker,) = [worker for worker in await workers.every(s) if worker.lent]
    assert (worker.state, worker.cards, worker.loaded, worker.loads) == ("ready", [CARD], "toy", 1)
    assert worker.loaded_at is not None


async def test_what_it_says_of_a_model_counts_where_nobody_else_has_it(lender: Lender) -> None:
    async with lender.served.db.begin() as s:
        await lender_keys.make(s, "cy", "", ["toy", "other"])
        key = await lender_keys.get(s, "cy")
        assert key is not None
        mine = [OFFER.model_copy(update={"name": n, "title": "Mine"}) for n in ("toy", "other")]
        await lent_claims.announce(s, key, SESSION_ID, mine, "ready")
        found = {offer.name: offer.title for offer in await workers.offers(s)}
        assert found == {"toy": "Toy", "other": "Mine"}
        assert await workers.drain(s) == {"worker"}, "who lends isn't drained unless named"


async def test_a_key_opens_nothing_else(lender: Lender) -> None:
    """Nor is a form of ours read without its token, whatever key comes with it."""
    url = f"{lender.served.url}/as/ada/sora"
    headers = {"Authorization": f"Bearer {lender.token}", "Accept": "application/json"}
    form = {"prompt": "a red circle", "csrf": ""}
    async with lender.session.post(url, data=form, headers=headers) as answer:
        assert answer.status == 403
    evil = {"Host": "evil.example"}
    assert (await lender.post("/beat", {"state": "ready"}, evil))[0] == 421


async def test_whoever_asks_too_often_waits(lender: Lender) -> None:
    answers = [await lender.post("/beat", {"state": "ready"}) for _ in range(80)]
    assert {status for status, _ in answers} == {200, 429}
    assert "too much at once" in answers[-1][1]["said"]
    wrong = Lender(lender.served, lender.session, "sora-lend.bo." + "x" * 43)
    strangers = [(await wrong.post("/beat", {}))[0] for _ in range(25)]
    assert set(strangers) == {401, 429}


async def test_what_is_no_text_is_no_key_either(
    lender: Lender, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for _ in range(25):
        reader, writer = await asyncio.open_connection("127.0.0.1", lender.served.port)
        host = f"Host: 127.0.0.1:{lender.served.port}".encode()
        head = (f"POST {BASE}/beat HTTP/1.1".encode(), host, b"Connection: close")
        key = b"Authorization: Bearer \xff"
        writer.write(b"\r\n".join([*head, key, b"Content-Length: 0", b"", b""]))
        answers.append(int((await reader.read()).split()[1]))
        writer.close()
    assert (answers[0], answers[-1], set(answers)) == (401, 429, {401, 429})
    assert "Traceback" not in capsys.readouterr().out


async def test_a_key_waits_for_one_job_at_a_time(lender: Lender) -> None:
    waiting = asyncio.create_task(lender.waits())

    async def is_refused() -> bool:
        return await lender.post("/claim", {}) == (429, {"said": ONCE})

    await until(is_refused)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    async def is_free() -> bool:
        return (await lender.post("/claim", {}))[0] == 200

    await until(is_free)


async def test_a_claim_that_waits_ends_with_its_session(lender: Lender) -> None:
    waiting = asyncio.create_task(lender.waits())

    async def is_waiting() -> bool:
        return (await lender.post("/claim", {}))[0] == 429

    await until(is_waiting)
    another = {**ANNOUNCEMENT, "session": "b" * 32}
    assert (await lender.post("/announce", another))[0] == 200
    await lender.served.submit(await person(lender.served.db, "Ada"))
    assert await waiting == (409, {"said": TAKEN})


async def test_where_people_sign_in_the_key_is_enough(public: Served) -> None:
    async with public.db.begin() as s:
        token = await lender_keys.make(s, "bo", "", ["toy"])
    async with aiohttp.ClientSession() as session:
        lender, here = Lender(public, session, token), {"Host": HOST}
        assert (await lender.post("/announce", ANNOUNCEMENT, here))[0] == 200
        assert (await lender.post("/announce", ANNOUNCEMENT))[0] == 421
        nobody = Lender(public, session, "")
        assert (await nobody.post("/announce", ANNOUNCEMENT, here))[0] == 401


def test_no_log_shows_a_key() -> None:
    token = "sora-lend.bo-3090." + "Ab-_" * 10 + "xyz"
    for line in (token, f"a key {token} is wrong", f'"Authorization": "Bearer {token}"'):
        assert "Ab-" not in redact.Redacting().text(line)
