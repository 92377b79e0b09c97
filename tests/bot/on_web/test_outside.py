"""The feed as anybody's reader meets it: valid, escaped, and never more than artists show everybody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.on_web import outside
from bot.settings import BotSettings
from db.models import Job, Person
from db.settings import BadSettings
from db.states import Flag, Verdict
from moderation.leaving import forget_leavers
from moderation.wish import Wish
from tests.bot.on_web.served import Be, Served
from tests.support.studio import ABLE, request

ATOM = "{http://www.w3.org/2005/Atom}"
OUT = {Flag.ELSEWHERE: True}
ALL = OUT | {Flag.NAMED: True, Flag.PROMPT_SHOWN: True}
SHORT = "public, max-age=60, must-revalidate"
BROKEN = '<b>fish & "chips"</b> ]]> <!-- \ufffe'


@pytest.fixture
async def anybody(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(served.url) as session:
        yield session
        assert not list(session.cookie_jar)


async def published(served: Served, flags: dict[Flag, bool], key: str = "ada", **wish: Any) -> Job:
    job = await served.published(key, **({"variations": 1} | wish))
    await served.desk.consent(await served.known(key), job.id, flags)
    await served.sign()
    return job


async def atom(anybody: aiohttp.ClientSession, path: str = "/feed.atom") -> ET.Element:
    """The feed, with what RFC 4287 insists on."""
    async with anybody.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/atom+xml"
        feed = ET.fromstring(await answer.read())  # our own
    assert feed.tag == f"{ATOM}feed"
    for part in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert part.findtext(f"{ATOM}{name}"), name
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert link(feed, "self").endswith(path)
    return feed


async def feed_of(anybody: aiohttp.ClientSession, path: str = "/feed.json") -> dict[str, Any]:
    """The feed, with what JSON Feed 1.1 insists on."""
    async with anybody.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/feed+json"
        feed: dict[str, Any] = json.loads(await answer.text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    for item in feed["items"]:
        assert item["id"]
        assert item["content_text"]
        for attached in item["attachments"]:
            assert attached["url"]
            assert attached["mime_type"] == "video/mp4"
    return feed


def link(element: ET.Element, rel: str) -> str:
    found = [one.get("href", "") for one in element.findall(f"{ATOM}link") if one.get("rel") == rel]
    return found[0] if found else ""


async def test_where_nobody_allows_it_the_feed_is_empty(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    job = await published(served, {Flag.NAMED: True})
    feed = await atom(anybody)
    assert feed.findall(f"{ATOM}entry") == []
    assert link(feed, "next") == ""
    assert (await feed_of(anybody))["items"] == []
    assert "next_url" not in await feed_of(anybody)
    for kind in ("mp4", "jpg"):
        async with anybody.get(f"/feed/{job.id}/1.{kind}") as answer:
            assert answer.status == 404
            assert answer.headers["Cache-Control"] == "no-store"


async def test_a_clip_comes_with_its_file_its_credit_and_its_licence(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    job = await published(served, ALL, prompt="a red circle")
    address = f"{served.url}/feed/{job.id}/1"
    (entry,) = (await atom(anybody)).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == address
    assert entry.findtext(f"{ATOM}title") == "a red circle"
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Ada"
    assert entry.findtext(f"{ATOM}rights") == "Toy: Apache-2.0."
    async with anybody.get(link(entry, "enclosure")) as answer:
        clip = await answer.read()
        assert (answer.status, answer.content_type) == (200, "video/mp4")
        assert answer.headers["Cache-Control"] == SHORT
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (enclosure,) = [one for one in entry.findall(f"{ATOM}link") if one.get("rel") == "enclosure"]
    assert enclosure.get("length") == str(len(clip))
    async with anybody.get(f"{address}.mp4", headers={"Range": "bytes=2-5"}) as answer:
        assert (answer.status, await answer.read()) == (206, clip[2:6])
    (item,) = (await feed_of(anybody))["items"]
    assert (item["id"], item["title"], item["authors"]) == (
        address,
        "a red circle",
        [{"name": "Ada"}],
    )
    assert item["content_text"] == "By Ada. Made with Toy (Apache-2.0). Prompt: a red circle"
    assert item["attachments"][0]["size_in_bytes"] == len(clip)
    assert item["attachments"][0]["duration_in_seconds"] == job.frames / job.fps
    async with anybody.get(item["image"]) as answer:
        assert (answer.status, answer.content_type) == (200, "image/jpeg")


async def test_nobody_is_named_and_no_prompt_is_shown_unless_that_is_allowed(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    job = await published(served, OUT, prompt="a red circle")
    for path in ("/feed.atom", "/feed.json"):
        async with anybody.get(path) as answer:
            text = await answer.text()
            assert f"Job {job.id}, clip 1" in text
            assert "Ada" not in text
            assert "red circle" not in text


async def test_what_people_typed_is_only_ever_text(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    job = await published(served, ALL)
    async with served.db.begin() as s:
        await s.execute(update(Job).where(col(Job.id) == job.id).values(prompt=BROKEN))
        await s.execute(update(Person).where(col(Person.name) == "Ada").values(name="<i>\x00\x1b"))
    (entry,) = (await atom(anybody)).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == BROKEN.removesuffix("\ufffe")
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "<i>"
    assert (await feed_of(anybody))["items"][0]["title"] == BROKEN


async def test_what_it_grew_out_of_is_named_where_that_is_in_the_feed_too(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    await served.open([ABLE])
    job = await published(served, OUT | {Flag.REMIX: True})
    bo, mo = await served.known("bo"), await served.known("mo")
    await served.desk.remix(bo, job.id, 1, request(), Wish("mine", variations=1))
    claimed = await served.claim()
    assert claimed is not None
    await served.finish(claimed)
    await served.desk.review(mo, claimed.id, Verdict.APPROVE)
    await served.desk.consent(bo, claimed.id, OUT)
    await served.sign()
    entries = (await atom(anybody)).findall(f"{ATOM}entry")
    assert [link(entry, "via") for entry in entries] == [f"{served.url}/feed/{job.id}/1.mp4", ""]
    await served.desk.consent(await served.known("ada"), job.id, {Flag.ELSEWHERE: False})
    await served.sign()
    (entry,) = (await atom(anybody)).findall(f"{ATOM}entry")
    assert link(entry, "via") == ""


Act = Callable[[Served, Job], Awaitable[object]]


async def takes_back(served: Served, job: Job) -> None:
    await served.desk.consent(await served.known("ada"), job.id, {Flag.ELSEWHERE: False})


async def hides(served: Served, job: Job) -> None:
    await served.desk.consent(await served.known("ada"), job.id, {Flag.SHOWCASE: False})


async def withdraws(served: Served, job: Job) -> None:
    await served.desk.withdraw(await served.known("ada"), job.id)


async def is_taken_down(served: Served, job: Job) -> None:
    await served.desk.take_down(await served.known("mo"), job.id, "It is dull.")


async def is_forgotten(served: Served, job: Job) -> None:
    await served.desk.leave(await served.known("ada"))
    await forget_leavers(served.db, served.broker, served.media)


@pytest.mark.parametrize("act", [takes_back, hides, withdraws, is_taken_down, is_forgotten])
async def test_it_is_gone_at_the_next_request(
    served: Served, anybody: aiohttp.ClientSession, act: Act
) -> None:
    job = await published(served, OUT)
    async with anybody.get("/feed.atom") as answer:
        known = {"If-None-Match": answer.headers["ETag"]}
    async with anybody.get("/feed.atom", headers=known) as answer:
        assert answer.status == 304
        assert answer.headers["Cache-Control"] == SHORT
    async with anybody.get(f"/feed/{job.id}/1.mp4") as answer:
        of_file = {"If-None-Match": answer.headers["ETag"]}
    await act(served, job)
    async with anybody.get("/feed.atom", headers=known) as answer:
        assert answer.status == 200
        assert f"/feed/{job.id}/" not in await answer.text()
    assert (await feed_of(anybody))["items"] == []
    for kind in ("mp4", "jpg"):
        async with anybody.get(f"/feed/{job.id}/1.{kind}", headers=of_file) as answer:
            assert answer.status == 404


async def test_pages_lead_from_one_to_the_next(
    served: Served, anybody: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "PAGE", 2)
    jobs = [await published(served, OUT) for _ in range(3)]
    newest_first = [f"{served.url}/feed/{job.id}/1" for job in reversed(jobs)]
    feed = await atom(anybody)
    older = link(feed, "next").removeprefix(served.url)
    pages = [feed, await atom(anybody, older)]
    ids = [[e.findtext(f"{ATOM}id") for e in page.findall(f"{ATOM}entry")] for page in pages]
    assert ids == [newest_first[:2], newest_first[2:]]
    first = await feed_of(anybody)
    second = await feed_of(anybody, first["next_url"].removeprefix(served.url))
    assert [[item["id"] for item in page["items"]] for page in (first, second)] == ids
    assert "next_url" not in second
    async with anybody.get("/feed.atom?before=yesterday") as answer:
        assert answer.status == 404


async def test_under_its_own_name_there_is_the_feed_and_nothing_else(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    for host in ("clips.example.org", ""):  # of which nobody has said that it is ours
        async with anybody.get("/feed.json", headers={"Host": host}) as answer:
            assert answer.status == 421
    await served.stop()
    address = "https://clips.example.org"
    await served.start(feed_url=address)
    job = await published(served, OUT)
    name = {"Host": "clips.example.org"}
    async with anybody.get("/feed.json", headers=name) as answer:
        (item,) = json.loads(await answer.text())["items"]
    assert item["url"] == f"{address}/feed/{job.id}/1.mp4"
    async with anybody.get(f"/feed/{job.id}/1.mp4", headers=name) as answer:
        assert answer.status == 200
    for path in (
        "/",
        "/as/ada/",
        "/record",
        f"/as/ada/jobs/{job.id}",
        "/feeds",
        "/static/base.css",
    ):
        async with anybody.get(path, headers=name, allow_redirects=False) as answer:
            assert answer.status == 421, path
    async with anybody.get("/feed.json", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421


async def test_pages_say_where_it_is(served: Served, be: Be) -> None:
    page = await be("ada").page("/showcase")
    assert '<link rel="alternate" type="application/atom+xml"' in page
    assert '<a href="/feed.atom">the feed</a>' in page
    assert "/feed.atom" in await be("ada").page("/help")
    assert "may see it in the public feed" in await be("ada").page("/consent")


@pytest.mark.parametrize("given", ["clips.example.org", "ftp://a.example", "https://a.example/b"])
def test_an_address_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(BadSettings, match=r"like https://clips.example.org"):
        BotSettings(feed_url=given)
    assert BotSettings(feed_url="https://a.example/").feed_url == "https://a.example"
