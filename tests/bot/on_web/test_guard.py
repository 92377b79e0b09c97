"""What every request must pass, and what every answer carries."""

from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import pytest

from bot.on_web import deeds, guard
from bot.on_web.room import WebRoom
from bot.settings import is_loopback
from db.media import Media
from db.session import Db
from tests.bot.on_web.served import Be, Served
from tests.bot.test_pictures import picture

FORM = {"prompt": "a red circle", "key": "k"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
BROKEN = {
    "garbage": (MULTIPART, b"--x\r\ngarbage"),
    "a header without a value": (MULTIPART, b"--x\r\ngarbage\r\n\r\nx\r\n--x--\r\n"),
    "no boundary": ({"Content-Type": "multipart/form-data"}, b"--x\r\n"),
    "another boundary": (MULTIPART, b"--y\r\n\r\n--y--"),
    "no end": (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'),
    "an unknown transfer": (
        MULTIPART,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
        b"Content-Transfer-Encoding: klingon\r\n\r\nx\r\n--x--\r\n",
    ),
    "no gzip": (
        {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"},
        b"csrf=x",
    ),
}


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({}, "0" * 64),
        ({}, ""),
        ({"Origin": "http://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Origin": "http://127.0.0.1:1"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
    ],
)
async def test_a_form_from_elsewhere_changes_nothing(
    served: Served, be: Be, headers: dict[str, str], csrf: str | None
) -> None:
    ada = be("ada")
    await ada.page()
    token = ada.csrf if csrf is None else csrf
    status, _ = await ada.post("/sora", {**FORM, "csrf": token}, headers)
    assert status == 403
    assert "<article" not in await ada.page()


async def test_a_token_of_another_session_is_worth_nothing(served: Served, be: Be) -> None:
    await be("bo").page()
    status, answer = await be("ada").post("/sora", {**FORM, "csrf": be("bo").csrf})
    assert (status, answer["said"]) == (
        403,
        "This page is from an earlier visit. Reload it and try again.",
    )


async def test_the_same_form_from_our_page_is_taken(served: Served, be: Be) -> None:
    headers = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert (await be("ada").post("/sora", FORM, headers))[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "0.0.0.0", ""]
)
async def test_a_foreign_name_for_this_machine_is_refused(
    served: Served, be: Be, host: str
) -> None:
    for path in ("/", "/jobs/1", "/live"):
        assert await be("ada").status(path, Host=host) == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:80", "[::1]:80", "[::1]"])
async def test_its_own_names_are_fine(served: Served, be: Be, host: str) -> None:
    assert await be("ada").status("/", Host=host) == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example", ""])
def test_demo_people_are_served_to_this_machine_only(served: Served, host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ValueError, match="this machine only"):
        WebRoom(served.db, served.desk, Media(Path("media")), host, 0)


async def test_nobody_unknown_comes_in(served: Served, be: Be) -> None:
    async with be("ada").session.get(f"{served.url}/as/eve/") as answer:
        assert answer.status == 404


async def test_an_address_without_a_person_leads_to_the_same_page(served: Served, be: Be) -> None:
    async with be("ada").session.get(f"{served.url}/showcase?before=9") as answer:
        assert answer.url.path_qs == "/as/ada/showcase?before=9"
        assert answer.status == 200


async def test_every_answer_is_hardened(served: Served, be: Be) -> None:
    ada = be("ada")
    for path in ("/", "/jobs/999", "/../../healthz", "/../../static/base.css"):
        async with ada.session.get(ada.base + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
    async with ada.session.get(f"{ada.base}/") as answer:
        assert not re.search(r"<script(?![^>]+src=)|<style|\son\w+=|\sstyle=", await answer.text())


async def test_a_cookie_is_for_our_eyes_only(served: Served, be: Be) -> None:
    async with be("ada").session.get(f"{be('ada').base}/") as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_flood_is_one_sentence(served: Served, be: Be) -> None:
    status, answer = await be("ada").post("/sora", {**FORM, "prompt": "x" * 300_000})
    assert (status, answer["said"]) == (413, "That is far too long.")


@pytest.mark.parametrize("fields", [{}, {"sign": "approve"}, {"sign": "dance", "job": "1"}])
async def test_a_mangled_form_is_one_sentence(
    served: Served, be: Be, fields: dict[str, str]
) -> None:
    assert await be("ada").post("/act", fields) == (400, {"said": "That could not be read."})


async def test_what_is_no_text_is_one_sentence(served: Served, be: Be) -> None:
    ada = be("ada")
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=klingon"}
    async with ada.session.post(f"{ada.base}/sora", data=b"csrf=%ff", headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("content", sorted(BROKEN))
async def test_a_broken_body_is_one_sentence(served: Served, be: Be, content: str) -> None:
    ada = be("ada")
    await ada.page()
    headers = {"Accept": "application/json", **BROKEN[content][0]}
    url = f"{ada.base}/act"
    async with ada.session.post(url, data=BROKEN[content][1], headers=headers) as answer:
        assert (answer.status, await answer.json()) == (400, {"said": guard.SAID[400]})


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # aiohttp leaves its file
async def test_a_form_with_a_picture_that_ends_anywhere_is_one_sentence(
    served: Served, be: Be
) -> None:
    ada = be("ada")
    await ada.page()
    fields = {"csrf": ada.csrf, "prompt": "it turns"}
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}' for n, v in fields.items()
    ]
    lines.append('--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n')
    whole = "\r\n".join(lines).encode() + picture("PNG") + b"\r\n--x--\r\n"
    headers = {"Accept": "application/json", **MULTIPART}
    for end in (*range(0, len(whole) - 4, 13), len(whole)):
        url, body = f"{ada.base}/sora", whole[:end]
        async with ada.session.post(url, data=body, headers=headers) as answer:
            said = (await answer.json())["said"]
            assert answer.status in {200, 400, 403, 409}, (end, said)
    assert answer.status in {200, 409}, said


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/review", 405),
        ("PUT", "/healthz", 405),
        ("POST", "/nothing", 404),
        ("POST", "/as/ada/review", 405),
        ("POST", "/as/ada/nothing", 404),
        ("DELETE", "/as/ada/act", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/as/eve/act", 404),
        ("GET", f"/as/ada/jobs/{'9' * 4000}", 404),
        ("GET", f"/jobs/{'9' * 4000}", 404),
    ],
)
async def test_an_address_that_takes_no_such_thing_says_so(
    served: Served,
    be: Be,
    capsys: pytest.CaptureFixture[str],
    method: str,
    path: str,
    status: int,
) -> None:
    headers = {"Accept": "application/json"}
    url = f"{served.url}{path}"
    async with be("ada").session.request(method, url, data={"x": "y"}, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (status, {"said": guard.SAID[status]})
        assert ("Allow" in answer.headers) == (status == 405)
    assert "page.failed" not in capsys.readouterr().out


async def test_a_number_of_4000_digits_is_not_said_back(served: Served, be: Be) -> None:
    status, answer = await be("ada").post("/act", {"sign": "cancel", "job": "9" * 4000})
    assert (status, answer) == (400, {"said": "That could not be read."})


async def test_a_bug_is_a_plain_sentence_and_a_logged_traceback(
    served: Served, be: Be, capsys: pytest.CaptureFixture[str]
) -> None:
    with mock.patch.object(deeds, "act", side_effect=RuntimeError("secret detail")):
        status, answer = await be("ada").post("/act", {"sign": "cancel", "job": "1"})
    assert (status, answer) == (500, {"said": guard.BUG})
    logged = capsys.readouterr().out
    assert "page.failed" in logged
    assert "secret detail" in logged


async def test_a_database_that_is_away_is_said_without_a_traceback(
    served: Served, be: Be, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = Db(f"postgresql+asyncpg://postgres@/sora?host={tmp_path}")
    ada, url = be("ada"), f"{served.url}/as/ada/jobs/1"
    headers = {"Accept": "application/json"}
    with mock.patch.multiple(served.db, read=nowhere.read, begin=nowhere.begin):
        async with ada.session.get(url, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (503, {"said": guard.AWAY})
    await nowhere.close()
    logged = capsys.readouterr().out
    assert "database.away" in logged
    assert "Traceback" not in logged
