"""The site is what it says of itself, and whatever is sent to it gets an answer that it describes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.on_web import people as demo
from bot.on_web.limits import Buckets, Limits
from bot.on_web.members import SESSION
from db.lending import BASE
from db.states import BugKind, Verdict
from moderation.people import Person, Role
from moderation.pools import close_due
from moderation.rules import Refused
from moderation.wish import Wish
from tests.bot.on_web.conftest import serving
from tests.bot.on_web.served import Served
from tests.bot.on_web.signing import ADA, HOST, Browser, Rooms, known, login_by
from tests.doubles.sign_in import Platform
from tests.moderation.test_pools import earn, over, proposed, two_days_later
from tests.support.logged import logged
from tests.support.studio import request

__all__ = ["two_days_later"]

SHARE = 25
"""Of the examples of a property, how many each address gets."""
NEVER_ENDS = "text/event-stream"
SIGNS_OUT = "sign-out"
JUNK = st.sampled_from(["", "\0", "é" * 300, "9" * 5000, "-1", "٣", "1e9", str(2**63)])


@schemathesis.check
def tells_nothing_of_its_insides(_: Any, response: Any, case: Any) -> None:
    body = response.content
    assert b"Traceback" not in body
    assert str(Path(__file__).parents[3]).encode() not in body
    assert b"site-packages" not in body


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    tells_nothing_of_its_insides,
]


@dataclass
class Asking:
    """As whom the site is asked, and for what that is there."""

    url: str
    document: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    whos: tuple[str, ...] = ()
    jobs: int = 0
    examples: int = settings().max_examples // SHARE

    def all_of_it(self) -> None:
        """Ask for everything that is described, a few times each."""
        schema = schemathesis.openapi.from_dict(self.document)
        found: list[Any] = list(schema.get_all_operations())
        operations = [one.ok() for one in found]
        # What ends a session comes last.
        operations.sort(key=lambda one: SIGNS_OUT in one.path)
        with requests.Session() as session:
            for operation in operations:
                if NEVER_ENDS not in str(operation.definition.raw.get("responses")):
                    self._ask(operation, session)

    def _ask(self, operation: Any, session: requests.Session) -> None:
        any_mode = st.sampled_from(list(schemathesis.GenerationMode))
        cases = any_mode.flatmap(lambda mode: operation.as_strategy(generation_mode=mode))

        # Without a key nothing is so much as read.
        examples = 1 if operation.path.startswith(f"{BASE}/") else self.examples

        @settings(max_examples=examples)
        @given(cases, st.data())
        def ask(case: schemathesis.Case[Any], drawn: st.DataObject) -> None:
            self._make_it_count(case, drawn)
            case.call_and_validate(
                self.url, session, dict(self.headers), checks=CHECKS, allow_redirects=False
            )

        ask()

    def _make_it_count(self, case: schemathesis.Case[Any], drawn: st.DataObject) -> None:
        """What only is made up finds no door: mostly say the right token, and jobs that are there."""
        places = case.path_parameters
        if "who" in places:
            places["who"] = drawn.draw(st.sampled_from(self.whos), "who")
        known = st.integers(1, self.jobs).map(str)
        made_up: st.SearchStrategy[Any] = st.booleans()
        if "job" in places and drawn.draw(made_up):
            places["job"] = drawn.draw(known)
        if isinstance(case.body, dict):
            case.body["csrf"] = self.csrf
            if "job" in case.body:
                case.body["job"] = drawn.draw(known)
            names = sorted(case.body.keys() - {"csrf", "image", "last"})
            if names and drawn.draw(made_up):
                name, junk = drawn.draw(st.sampled_from(names)), drawn.draw(JUNK)
                several = isinstance(case.body[name], list)
                case.body[name] = [junk, f"{junk}-remix"] if several else junk


@pytest.fixture(autouse=True)
def _nobody_is_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def plenty() -> Buckets:
        return Buckets(1e9, 1e9)

    monkeypatch.setattr(
        "bot.on_web.app.Limits", lambda: Limits(plenty(), plenty(), plenty(), plenty())
    )


async def filled(studio: Served, who: Person) -> int:
    """Something of everything that there is to see; how many jobs."""
    hal, mo = await studio.known("hal"), await studio.known("mo")
    await studio.desk.begin_theme(hal, "What the moon sees", "moon", 7)
    await studio.desk.report_bug(who, BugKind.BUG, "It <b>hums</b>.", "web")
    await earn(studio.db, who, 20)
    await studio.desk.take_part_in_pools(who, True)
    await proposed(studio.db)
    await over(studio.db)
    await close_due(studio.db)
    await studio.desk.start_chain(
        who, Wish("a moon over water", duration=1, private=True), request()
    )
    for private in (False, True, False):
        await studio.submit(who, "a moon over water", private=private)
        job = await studio.claim()
        assert job is not None
        await studio.finish(job)
    await studio.told()
    for job_id in (1, 2):
        with suppress(Refused):
            await studio.desk.review(mo, job_id, Verdict.APPROVE)
    await studio.told()
    return (await studio.submit(who, "one that waits")).id


async def description_of(studio: Served, host: str = "") -> dict[str, Any]:
    headers = {"Host": host} if host else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{studio.url}/openapi.json") as answer,
    ):
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
    return found


async def asked(asking: Asking) -> None:
    """Nothing that is sent is answered with what isn't described, or breaks anything."""
    with logged() as lines:
        await asyncio.to_thread(asking.all_of_it)
    assert {line["exc_info"][:200] for line in lines if line.get("exc_info")} == set()


async def test_the_demo_answers_as_it_says(served: Served) -> None:
    jobs = await filled(served, await served.known("ada"))
    session = "s" * 43
    csrf = demo.Visitor(Person(1, "x"), "ada", session).csrf
    asking = Asking(served.url, await description_of(served), csrf=csrf, jobs=jobs)
    asking.headers = {"Cookie": f"{demo.SESSION}={session}"}
    asking.whos = ("ada", "mo", "hal", "eve")
    await asked(asking)


@pytest.fixture
async def on_postgres(
    postgres_url: str, valkey: str, tmp_path: Path, platform: Platform, rooms: Rooms
) -> AsyncIterator[Served]:
    """As it is opened to others, on the database that takes nothing for granted."""
    login = login_by(platform, rooms)
    async with serving(postgres_url, valkey, tmp_path, login) as studio:
        yield studio


async def test_a_member_and_a_guest_are_answered_as_it_says(
    on_postgres: Served, rooms: Rooms
) -> None:
    rooms.roles[ADA] = frozenset({Role.MODERATOR, Role.HOST})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        browser = Browser(on_postgres, http)
        await browser.sign_in()
    who = await known(on_postgres, "discord", *ADA)
    jobs = await filled(on_postgres, who)
    token = browser.cookies[SESSION]
    csrf = demo.Visitor(who, "", token).csrf
    asking = Asking(on_postgres.url, await description_of(on_postgres, HOST), csrf=csrf, jobs=jobs)
    asking.headers, asking.examples = {"Host": HOST}, 1
    await asked(asking)
    asking.examples = Asking.examples
    asking.headers = {"Host": HOST, "Cookie": f"{SESSION}={token}"}
    await asked(asking)
