"""Several workspaces: people take the app into theirs, and what is left when they put it out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from yarl import URL

from bot.on_slack.asking import LONGEST_PAUSE
from bot.on_slack.installs import STATE, STATE_LASTS, Installs
from bot.on_slack.manifest import scopes
from bot.on_slack.pages import COOKIE, NO_KEY
from bot.settings import BotSettings
from db import installs, notes, workspaces
from db.models import Install, Note
from db.session import Db
from tests.bot.on_slack.rooms import KEY, address, link, running, settings_of
from tests.doubles.on_slack import Slack, Team
from tests.doubles.on_slack.oauth import walk_through


@pytest.fixture(params=[True, False], ids=["socket", "http"])
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[Slack]:
    async with Slack(socket_mode=request.param) as slack:
        slack.team("Atelier", installed=False)
        slack.team("Studio <b>", installed=False)
        yield slack


@pytest.fixture
async def one_db(sqlite_url: str) -> AsyncIterator[Db]:
    opened = Db(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def settings(slack: Slack) -> BotSettings:
    made = settings_of(slack, several=True)
    slack.redirect_uri = address(made, "oauth_redirect")
    return made


async def installed(slack: Slack, settings: BotSettings, team: Team) -> str:
    status, page = await slack.installs(link(settings), team)
    assert status == 200, page
    return page


async def everything_installed(db: Db) -> list[str]:
    async with db.read() as s:
        return [install.team for install in await installs.every(s)]


# ── the store ────────────────────────────────────────────────────────────────────────────


async def test_an_install_is_kept_found_and_forgotten(db: Db) -> None:
    async with db.begin() as s:
        await installs.save(s, "T1", "xoxb-1", "U1", name="Atelier", scopes="commands")
        await installs.save(s, "T2", "xoxb-2", "U2")
        await installs.save(s, "T1", "xoxb-3", "U1", name="Atelier")
    async with db.read() as s:
        found = await installs.get(s, "T1")
        assert found is not None
        assert (found.token, found.name, found.scopes) == ("xoxb-3", "Atelier", "")
        assert [one.team for one in await installs.every(s)] == ["T1", "T2"]
    async with db.begin() as s:
        assert await installs.forget(s, "T1")
        assert not await installs.forget(s, "T1")
    async with db.read() as s:
        assert await installs.get(s, "T1") is None


def test_a_token_is_not_in_what_a_row_says_of_itself() -> None:
    assert "canary" not in repr(Install(team="T1", token="xoxb-canary", bot_user="U1"))


async def test_a_note_is_claimed_once_and_taken_once(db: Db) -> None:
    async def claim() -> bool:
        async with db.begin() as s:
            return await notes.claim(s, "a")

    assert sorted(await asyncio.gather(*(claim() for _ in range(5)))) == [False] * 4 + [True]

    async def take(age: timedelta) -> bool:
        async with db.begin() as s:
            return await notes.take(s, "a", age)

    assert not await take(timedelta(seconds=-1))
    assert sorted(await asyncio.gather(*(take(timedelta(hours=1)) for _ in range(5)))) == (
        [False] * 4 + [True]
    )


async def test_a_state_is_good_once_and_for_a_while(one_db: Db) -> None:
    store = Installs(one_db)
    state, other = await store.new_state(), await store.new_state()
    assert not await store.take_state("made up")
    assert await store.take_state(state)
    assert not await store.take_state(state)
    async with one_db.begin() as s:
        kept = [note for note in await s.scalars(select(Note)) if note.name.startswith(STATE)]
        assert state not in str(kept)
        for note in kept:
            note.at -= STATE_LASTS + timedelta(seconds=1)
    assert not await store.take_state(other)


# ── people ───────────────────────────────────────────────────────────────────────────────


async def test_a_workspace_takes_the_app_in(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    one, two = slack.teams.values()
    async with running(slack, one_db, settings):
        page = await installed(slack, settings, one)
        assert (
            "The studio is in Atelier. An admin or owner goes on there with: /studio setup" in page
        )
        page = await installed(slack, settings, two)
        assert "Studio &lt;b&gt;" in page
        for team in (one, two):
            asked = await team.user("Ada").slash(team.channel("clips"), "/studio", "help")
            await asked.acked(within=1)
    async with one_db.read() as s:
        kept = {install.team: install for install in await installs.every(s)}
    assert kept[one.id].token == one.bot_token
    assert kept[one.id].bot_user == one.bot.id
    assert kept[one.id].app_id == slack.app_id
    assert set(kept[one.id].scopes.split(",")) == set(scopes()) == one.scopes
    assert not slack.requested("auth.test")


async def test_who_says_no_is_told_that_nothing_changed(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    slack.consent.denies = True
    async with running(slack, one_db, settings):
        status, page = await slack.installs(link(settings))
    assert status == 403
    assert "Nothing has changed." in page
    async with one_db.read() as s:
        assert not await installs.every(s)


async def test_a_link_of_a_stranger_installs_nothing(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    async with running(slack, one_db, settings), aiohttp.ClientSession() as browser:
        state = await Installs(one_db).new_state()
        back = address(settings, "oauth_redirect")
        for query in ({}, {"code": "x"}, {"code": "x", "state": state}, {"state": "", "code": "x"}):
            async with browser.get(URL(back).with_query(query)) as page:
                assert page.status == 400
                assert "began in another browser" in await page.text()
                assert page.headers["Referrer-Policy"] == "no-referrer"
                assert page.headers["Cache-Control"] == "no-store"
    assert not slack.requested("oauth.v2.access")


@pytest.mark.parametrize("key", ["", "?key=", "?key=wrong", "?key=%C3%A9%FF"])
@pytest.mark.parametrize("given", [True, False])
async def test_without_its_key_the_link_installs_nothing_and_writes_nothing(
    slack: Slack, one_db: Db, settings: BotSettings, key: str, given: bool
) -> None:
    if not given:
        settings.slack_install_key = None
    async with running(slack, one_db, settings):
        url = address(settings, "install") + (key or ("" if given else f"?key={KEY}"))
        status, page = await walk_through(url)
        assert (status, NO_KEY in page) == (403, True)
        async with one_db.read() as s:
            kept = [note for note in await s.scalars(select(Note)) if note.name.startswith(STATE)]
    assert kept == []
    assert not slack.requested("oauth.v2.access")
    assert not await everything_installed(one_db)


async def test_who_is_in_already_may_install_again(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    one, _ = slack.teams.values()
    async with running(slack, one_db, settings):
        await installed(slack, settings, one)
        await installed(slack, settings, one)
    assert await everything_installed(one_db) == [one.id]


@pytest.mark.parametrize("of", ["state", "cookie"])
async def test_what_is_no_text_is_no_state(
    slack: Slack, one_db: Db, settings: BotSettings, of: str
) -> None:
    async with running(slack, one_db, settings), aiohttp.ClientSession() as browser:
        back = URL(address(settings, "oauth_redirect")).with_query(code="x", state="x")
        headers = {"Cookie": f"{COOKIE}=\u00ff"} if of == "cookie" else {}
        if of == "state":
            back = URL(f"{address(settings, 'oauth_redirect')}?code=x&state=%FF", encoded=True)
        async with browser.get(back, headers=headers) as page:
            assert page.status == 400


async def test_a_code_that_slack_does_not_take_is_said(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    async with running(slack, one_db, settings):
        for fault, said in (
            ({"error": "invalid_code"}, "(invalid_code)"),
            ({"status": 502}, "(status 502)"),
        ):
            slack.faults.next("oauth.v2.access", **fault)
            status, page = await slack.installs(link(settings))
            assert status == 502
            assert said in page
        slack.faults.lose_request("oauth.v2.access")
        status, page = await slack.installs(link(settings))
        assert (status, "it doesn't answer" in page) == (502, True)


async def test_whole_organisations_are_refused(
    slack: Slack, one_db: Db, settings: BotSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def whole(*args: Any, **more: Any) -> dict[str, Any]:
        return {"is_enterprise_install": True, "team": None, "access_token": "xoxb-1"}

    async with running(slack, one_db, settings):
        monkeypatch.setattr("bot.on_slack.pages.ask", whole)
        status, page = await walk_through(link(settings))
    assert (status, "not into a whole organisation" in page) == (400, True)


# ── going ────────────────────────────────────────────────────────────────────────────────


async def test_who_puts_it_out_is_forgotten_at_once(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    one, two = slack.teams.values()
    async with running(slack, one_db, settings) as room:
        for team in (one, two):
            await installed(slack, settings, team)
            places = {"review": f"{team.id}/C1", "showcase": f"{team.id}/C2"}
            async with one_db.begin() as s:
                await workspaces.change(s, "slack", team.id, moderators="U1", **places)
        for act in await one.uninstall():
            await act.acked()
        async with one_db.read() as s:
            assert [install.team for install in await installs.every(s)] == [two.id]
            gone, left = await workspaces.every(s, "slack")
        assert {gone.id, left.id} == {one.id, two.id}
        by_id = {gone.id: gone, left.id: left}
        assert (by_id[one.id].review, by_id[one.id].showcase) == ("", "")
        assert by_id[one.id].moderators == "U1"
        assert by_id[two.id].review
        with pytest.raises(LookupError):
            await room._parts.courier.call(one.id, "auth.test")
        await room._parts.courier.call(two.id, "auth.test")
        await installed(slack, settings, one)
        await room._parts.courier.call(one.id, "auth.test")


async def test_late_news_of_an_old_installation_changes_nothing(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    one, _ = slack.teams.values()
    store = Installs(one_db)
    async with running(slack, one_db, settings):
        await installed(slack, settings, one)
        found = await store.find(one.id)
        assert found is not None
        await store.put_out(one.id, found.at.timestamp() - LONGEST_PAUSE)
        assert await store.find(one.id) is not None
        await store.put_out(one.id, found.at.timestamp())
        assert await store.find(one.id) is None


async def test_tokens_of_people_are_not_ours(
    slack: Slack, one_db: Db, settings: BotSettings
) -> None:
    one, _ = slack.teams.values()
    async with running(slack, one_db, settings):
        await installed(slack, settings, one)
        act = one.emit({"type": "tokens_revoked", "tokens": {"oauth": ["U5"], "bot": []}})
        assert act is not None
        await act.acked()
    assert await Installs(one_db).find(one.id) is not None


async def test_a_workspace_that_is_not_known_is_told_nothing_and_breaks_nothing(
    slack: Slack, one_db: Db, settings: BotSettings, caplog: pytest.LogCaptureFixture
) -> None:
    one, _ = slack.teams.values()
    one.install()  # by hand, on the app's own page
    ada, room = one.user("Ada"), one.channel("clips")
    with caplog.at_level(logging.INFO):
        async with running(slack, one_db, settings):
            asked = await ada.slash(room, "/studio", "help")
            await asked.over()
    assert one.bot_token not in caplog.text
