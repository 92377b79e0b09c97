"""What somebody who is signed in may, for how long, and what is there for whoever isn't."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.on_web.members import SESSION
from db import people, web_sessions
from db.models import WebSession, utcnow
from db.states import Status
from moderation.people import Role
from tests.bot.on_web.served import Served
from tests.bot.on_web.signing import ADA, Browser, Open, Rooms, known, sessions
from tests.doubles.sign_in import Platform

MODERATOR = frozenset({Role.MODERATOR})


async def signed_in(browser: Open, by: str = "discord") -> Browser:
    found = browser()
    assert (await found.sign_in(by)).status == 303
    await found.get("/yours")
    return found


async def is_in(who: Browser) -> bool:
    return (await who.get("/")).status == 200


# ── sessions ─────────────────────────────────────────────────────────────────────────────


async def test_whoever_signs_out_is_out(public: Served, browser: Open) -> None:
    ada = await signed_in(browser)
    token = ada.cookies[SESSION]
    assert (await ada.get("/sign-out")).status == 405
    assert (await ada.post("/sign-out", {"csrf": "0" * 64})).status == 403
    assert await is_in(ada)
    out = await ada.post("/sign-out")
    assert (out.status, out.leads) == (303, "/sign-in")
    assert SESSION not in ada.cookies
    assert "You are signed out." in (await ada.get("/sign-in")).text
    ada.cookies[SESSION] = token
    assert not await is_in(ada)


async def test_one_signs_out_elsewhere_and_only_oneself(
    public: Served, browser: Open, platform: Platform, rooms: Rooms
) -> None:
    here, there = await signed_in(browser), await signed_in(browser)
    platform.user = {"id": "1002", "username": "bo"}
    rooms.roles["", "1002"] = frozenset()
    bo = await signed_in(browser)
    listed = (await here.get("/yours")).text
    assert listed.count("Firefox on Linux") == 2
    numbers = [row.id for row in await sessions(public)]
    said = await bo.post("/yours/sign-out", {"which": str(numbers[0])})
    assert said.status == 303
    assert await is_in(here)
    await here.post("/yours/sign-out", {"which": str(numbers[1])})
    assert (await is_in(here), await is_in(there)) == (True, False)
    await here.post("/yours/sign-out", {"which": "all"})
    assert (await is_in(here), await is_in(bo)) == (False, True)


async def test_whoever_is_forgotten_is_signed_out_everywhere(public: Served, browser: Open) -> None:
    here, there = await signed_in(browser), await signed_in(browser)
    old = await known(public, "discord", *ADA)
    await here.post("/yours/delete", {"sure": "forget me"})
    assert await sessions(public) == []
    assert (await is_in(here), await is_in(there)) == (False, False)
    await signed_in(browser)
    async with public.db.read() as s:
        assert await people.find(s, "discord", *ADA) != old.id


@pytest.mark.parametrize(
    ("column", "lasts"), [("used_at", web_sessions.IDLE), ("began_at", web_sessions.LONGEST)]
)
async def test_a_session_ends_by_itself(
    public: Served, browser: Open, column: str, lasts: timedelta
) -> None:
    ada = await signed_in(browser)
    for age, lives in ((lasts - timedelta(hours=2), True), (lasts, False)):
        async with public.db.begin() as s:
            await s.execute(update(WebSession).values({column: utcnow() - age}))
        assert await is_in(ada) is lives
    await signed_in(browser)
    assert len(await sessions(public)) == 1


async def test_that_it_is_used_lets_it_last(public: Served, browser: Open) -> None:
    ada = await signed_in(browser)
    async with public.db.begin() as s:
        old = utcnow() - timedelta(days=20)
        await s.execute(update(WebSession).values(used_at=old))
    assert await is_in(ada)
    (row,) = await sessions(public)
    assert row.used_at > old


# ── roles ────────────────────────────────────────────────────────────────────────────────


async def test_a_role_that_the_room_took_away_is_gone_at_the_next_request(
    public: Served, browser: Open, rooms: Rooms
) -> None:
    job = await public.in_review("bo")
    rooms.roles[ADA] = MODERATOR
    mo = await signed_in(browser)
    assert 'value="approve"' in (await mo.get("/review")).text
    rooms.roles[ADA] = frozenset()
    said = await mo.post("/act", {"job": str(job.id), "sign": "approve"}, Accept="application/json")
    assert said.status == 409
    assert "approve" not in (await mo.get("/review")).text
    assert (await public.job(job.id)).status is Status.IN_REVIEW
    rooms.roles[ADA] = MODERATOR
    await mo.post("/act", {"job": str(job.id), "sign": "approve"})
    assert await is_in(mo)


async def test_where_nobody_can_say_there_is_no_role(
    public: Served, browser: Open, rooms: Rooms
) -> None:
    rooms.roles[ADA] = MODERATOR
    mo = await signed_in(browser)
    rooms.silent = True
    assert "You aren't one of them" in (await mo.get("/review")).text
    before = rooms.asked
    assert await is_in(mo)
    assert rooms.asked == before, "a page waits for a room that is away but once"


async def test_whoever_has_left_the_room_is_out(
    public: Served, browser: Open, rooms: Rooms
) -> None:
    ada = await signed_in(browser)
    del rooms.roles[ADA]
    assert not await is_in(ada)


async def test_an_open_window_is_told_nothing_that_its_person_may_not_see_any_more(
    public: Served, browser: Open, rooms: Rooms
) -> None:
    rooms.roles[ADA] = MODERATOR
    mo = await signed_in(browser)
    async with mo.listening("review") as window:
        first = await public.in_review("bo")
        assert "approve" in await window.hear_of(f"review-{first.id}")
        rooms.roles[ADA] = frozenset()
        second = await public.in_review("bo")
        assert await window.hear_of(f"review-{second.id}") == ""
        await mo.post("/sign-out")
        third = await public.in_review("bo")
        with pytest.raises(EOFError):
            await window.hear_of(f"review-{third.id}")


# ── guests ───────────────────────────────────────────────────────────────────────────────


async def test_what_is_public_is_there_for_everybody(public: Served, browser: Open) -> None:
    guest = browser()
    for path in (
        "/record", "/record/report", "/record.json", "/ledger.json", "/ledger.csv", "/pools.json",
        "/feed.atom", "/feed.json", "/help", "/sign-in", "/healthz",
    ):  # fmt: skip
        found = await guest.get(path)
        assert found.status == 200, path
        assert "data-live" not in found.text


async def test_what_an_artist_shows_here_is_not_shown_to_guests(
    public: Served, browser: Open
) -> None:
    job, guest = await public.published("bo"), browser()
    files = [f"/clips/1.{kind}" for kind in ("mp4", "jpg")]
    closed = [f"/jobs/{job.id}{file}" for file in ("", *files)]
    for path in (*closed, "/showcase", "/best", "/best.json", "/themes", "/ledger", "/pools"):
        assert (await guest.get(path)).status == 403, path
    assert (await guest.get(f"/feed/{job.id}/1.mp4")).status == 404


async def test_all_else_is_a_sentence_and_a_button(public: Served, browser: Open) -> None:
    guest = browser()
    for path in (
        "/", "/review", "/chains", "/line", "/bugs", "/consent", "/yours", "/yours.zip", "/live",
        "/jobs/1/preview.jpg", "/jobs/1/first",
    ):  # fmt: skip
        page = await guest.get(path)
        assert page.status == 403, path
        assert "Sign in first; this page is for members." in page.text
        assert 'href="/sign-in/discord' in page.text
    assert 'href="/sign-in/discord?next=%2Freview"' in (await guest.get("/review")).text
    for path in ("/sora", "/act", "/chain", "/yours/delete", "/yours/sign-out", "/sign-out"):
        said = await guest.post(path, {"prompt": "x"}, Accept="application/json")
        assert (said.status, "Sign in first" in said.text) == (403, True), path


async def test_the_demo_is_not_there(public: Served, browser: Open) -> None:
    for who in (browser(), await signed_in(browser)):
        for path in ("/as/ada/", "/as/mo/review", "/as/hal/yours"):
            assert (await who.get(path)).status == 404
        assert (await who.post("/as/mo/act", {"sign": "approve", "job": "1"})).status == 404
        assert "/as/" not in (await who.get("/help")).text


# ── what every request must pass ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", "sora.example.org:80"])
async def test_it_is_there_by_its_own_name_alone(public: Served, browser: Open, host: str) -> None:
    guest = browser()
    guest.host = host
    page = await guest.get("/showcase")
    assert page.status == 421
    assert "This studio is at https://sora.example.org." in page.text
    assert (await guest.get("/healthz")).status == 200


async def test_browsers_are_told_to_come_over_https_alone(public: Served, browser: Open) -> None:
    guest = browser()
    for path in ("/showcase", "/static/base.css", "/nothing"):
        answer = await guest.get(path)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
    page = (await guest.get("/sign-in")).text
    assert not re.search(r"<script(?![^>]+src=)|<style|\son\w+=|\sstyle=", page)


async def test_a_form_of_another_session_changes_nothing(public: Served, browser: Open) -> None:
    ada, again = await signed_in(browser), await signed_in(browser)
    form = {"prompt": "a red circle", "key": "k"}
    assert (await ada.post("/sora", {**form, "csrf": again.csrf})).status == 403
    for headers in ({"Origin": "https://evil.example"}, {"Origin": f"http://{ada.host}"}):
        assert (await ada.post("/sora", form, **headers)).status == 403
    assert (await ada.post("/sora", form)).status == 303
