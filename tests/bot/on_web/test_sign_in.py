"""Signing in by Discord and by Slack: who one is then, and all that must not sign anybody in."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from bot.on_web.members import SESSION, STATE
from db import people
from tests.bot.on_web.served import Served
from tests.bot.on_web.signing import ADA, ADA_IN_SLACK, HOST, Open, Rooms, known, sessions
from tests.doubles.sign_in import Platform

LATE = int(time.time()) - 3600


@pytest.mark.parametrize(("by", "who"), [("discord", ADA), ("slack", ADA_IN_SLACK)])
async def test_one_is_the_same_person_as_in_the_chat(
    public: Served, browser: Open, by: str, who: tuple[str, str]
) -> None:
    before = await known(public, by, *who)
    await public.submit(before, "a red circle")
    ada = browser()
    came = await ada.sign_in(by, "/line?page=2")
    assert (came.status, came.leads) == (303, "/line?page=2")
    page = await ada.get("/")
    assert page.status == 200
    assert "a red circle" in page.text
    assert "<bdi>Ada</bdi>" in page.text
    asked = await ada.post("/sora", {"prompt": "a blue square", "key": "k"})
    assert (asked.status, asked.leads) == (303, "/")
    shown = await ada.get("/")
    assert "a blue square" in shown.text
    assert "is in line" in shown.text


async def test_the_cookie_is_for_this_host_and_nothing_of_it_is_kept(
    public: Served, browser: Open
) -> None:
    ada = browser()
    came = await ada.sign_in()
    (cookie,) = [line for line in came.cookies if line.startswith(f"{SESSION}=")]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert STATE not in ada.cookies
    (row,) = await sessions(public)
    assert ada.cookies[SESSION] not in (row.token, row.browser)
    assert row.browser == "Firefox on Linux"


async def test_a_link_makes_one_person_of_two_sign_ins(public: Served, browser: Open) -> None:
    first, second = await known(public, "discord", *ADA), await known(public, "slack", "T1", "U1")
    await public.desk.link(second, await public.desk.link_code(first))
    await public.submit(first, "a red circle")
    ada = browser()
    await ada.sign_in("slack")
    assert "a red circle" in (await ada.get("/")).text


# ── what signs nobody in ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("claims", "header", "signed_by"),
    [
        ({"nonce": "another"}, {}, "key-1"),
        ({"nonce": None}, {}, "key-1"),
        ({"exp": LATE}, {}, "key-1"),
        ({"exp": None}, {}, "key-1"),
        ({"aud": "another.app"}, {}, "key-1"),
        ({"aud": ["4711.42", "another.app"]}, {}, "key-1"),
        ({"iss": "https://evil.example"}, {}, "key-1"),
        ({}, {}, "another key"),
        ({}, {"kid": "another"}, "key-1"),
        ({"https://slack.com/user_id": None}, {}, "key-1"),
    ],
)
async def test_an_id_token_that_proves_nothing(
    public: Served,
    browser: Open,
    platform: Platform,
    claims: dict[str, object],
    header: dict[str, object],
    signed_by: str,
) -> None:
    platform.claims, platform.signed_by = claims, signed_by
    platform.header |= header
    ada = browser()
    came = await ada.sign_in("slack")
    assert came.status == 403
    assert "Slack didn't confirm who you are. Try again." in came.text.replace("&#39;", "'")
    assert SESSION not in ada.cookies
    assert await sessions(public) == []


async def test_whoever_says_no_is_told_so(
    public: Served, browser: Open, platform: Platform
) -> None:
    platform.denies = True
    came = await browser().sign_in()
    assert came.status == 403
    assert "You said no at Discord" in came.text
    assert await sessions(public) == []


@pytest.mark.parametrize("by", ["discord", "slack"])
async def test_a_platform_that_is_down_is_one_sentence(
    public: Served, browser: Open, platform: Platform, by: str
) -> None:
    platform.down = True
    came = await browser().sign_in(by)
    assert came.status == 502
    assert "answer at the moment. Try again in a minute." in came.text
    assert "secret detail" not in came.text
    assert await sessions(public) == []


async def test_whoever_was_sent_back_is_whoever_was_sent_away(
    public: Served, browser: Open
) -> None:
    ada, eve = browser(), browser()
    back = await ada.come_back()
    for who, address in ((eve, back), (ada, f"{back}x"), (ada, back.partition("?")[0])):
        assert (await who.get(address)).status == 403
        assert SESSION not in who.cookies
    await eve.get("/sign-in/discord")
    assert (await eve.get(back)).status == 403
    assert await sessions(public) == []


async def test_what_came_back_counts_once(public: Served, browser: Open) -> None:
    ada = browser()
    back = await ada.come_back()
    state = dict(ada.cookies)
    assert (await ada.get(back)).status == 303
    ada.cookies |= state
    again = await ada.get(back)
    assert again.status == 403
    assert "Begin again" in again.text
    assert len(await sessions(public)) == 1


async def test_a_code_of_another_sign_in_is_worth_nothing(public: Served, browser: Open) -> None:
    """Somebody else's code under one's own state: the platform knows by PKCE that it isn't ours."""
    ada, eve = browser(), browser()
    mine, theirs = await ada.come_back(), await eve.come_back()
    code = dict(part.split("=") for part in theirs.partition("?")[2].split("&"))["code"]
    own = dict(part.split("=") for part in mine.partition("?")[2].split("&"))["code"]
    came = await ada.get(mine.replace(own, code))
    assert came.status == 403
    assert "confirm who you are" in came.text
    assert await sessions(public) == []


async def test_a_state_of_one_platform_is_none_of_the_other(public: Served, browser: Open) -> None:
    ada = browser()
    back = await ada.come_back("discord")
    came = await ada.get(back.replace("/discord/", "/slack/"))
    assert came.status == 403
    assert "Begin again" in came.text
    assert await sessions(public) == []


async def test_strangers_stay_outside_and_leave_no_row(
    public: Served, browser: Open, rooms: Rooms
) -> None:
    rooms.roles = {}
    came = await browser().sign_in()
    assert came.status == 403
    assert "Only members of the servers" in came.text
    rooms.silent = True
    assert (await browser().sign_in()).status == 502
    async with public.db.read() as s:
        assert await people.find(s, "discord", *ADA) is None


async def test_a_cookie_that_was_there_before_becomes_no_session(
    public: Served, browser: Open
) -> None:
    ada, planted = browser(), "x" * 43
    ada.cookies[SESSION] = planted
    await ada.sign_in()
    first = ada.cookies[SESSION]
    assert first != planted
    await ada.sign_in()
    assert ada.cookies[SESSION] != first
    eve = browser()
    for old in (planted, first):
        eve.cookies[SESSION] = old
        assert (await eve.get("/")).status == 403
    assert len(await sessions(public)) == 1


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/.//evil.example\r\nSet-Cookie:a=b",
        f"@{HOST}",
    ],
)
async def test_signing_in_leads_nowhere_else(public: Served, browser: Open, to: str) -> None:
    ada = browser()
    came = await ada.sign_in(to=quote(to, safe=""))
    assert (came.status, came.leads) == (303, "/")
