"""The public record as people, programs and a verifier of their own meet it."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import text

from bot import recorded, verifying
from bot.trouble import Trouble
from db import record
from db.chain import Chain
from db.record import Draft
from db.states import Kind, Reason, Verdict
from moderation import transparency
from moderation.chronicle import RECORDED, chronicle
from tests.bot.on_web.served import Be, Served

ROOT = Path(__file__).parents[3]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
DOCUMENT = (ROOT / "docs" / "record.md").read_text()


@pytest.fixture
async def anybody(served: Served) -> AsyncIterator[aiohttp.ClientSession]:
    """Who has said nothing of themselves, and is nobody afterwards either."""
    async with aiohttp.ClientSession(served.url) as session:
        yield session
        assert not list(session.cookie_jar)


async def story(served: Served) -> int:
    """A no that is appealed and overturned, a report, a private job; the job's id."""
    mo, lin, bo = [await served.known(who) for who in ("mo", "lin", "bo")]
    ada = await served.known("ada")
    await served.rendered(ada, prompt="a secret", private=True)
    job = await served.rejected("ada", prompt="a red circle")
    await served.desk.appeal(ada, job.id, "It is paint.")
    await served.desk.review(lin, job.id, Verdict.APPROVE)
    await served.desk.report(bo, job.id, Reason.HATE)
    await served.desk.dismiss(mo, job.id)
    await chronicle(served.db)
    return job.id


async def got(session: aiohttp.ClientSession, path: str, status: int = 200) -> str:
    async with session.get(path) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def asked(session: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await got(session, path))
    return found


async def many(served: Served, count: int) -> None:
    async with served.db.begin() as s:
        drafts = [
            Draft(f"2026-{1 + n % 9:02}-05T10:00:00Z", Kind.APPEALED, "artist", 1 + n % 3)
            for n in range(count)
        ]
        await record.count(s, transparency.counted(await record.append(s, drafts)))


# ── the page ─────────────────────────────────────────────────────────────────────────────


async def test_anybody_reads_what_was_decided(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    job_id = await story(served)
    shown = await got(anybody, "/record")
    won = f"The appeal for job {job_id} was won after a few seconds, and it is published, which reverses"
    assert won in shown
    assert f"Somebody reported job {job_id}, for: hate or harassment." in shown
    assert "A private job was rendered by toy." in shown
    assert "It is paint" not in shown
    assert "a secret" not in shown
    async with served.db.read() as s:
        assert (await record.head(s)).hash in shown


async def test_of_one_kind_and_of_one_job(served: Served, anybody: aiohttp.ClientSession) -> None:
    job_id = await story(served)
    other = await served.published("bo")
    await chronicle(served.db)
    only = await got(anybody, f"/record?kind=finished&job={job_id}")
    assert only.count("<li id=") == 1
    assert f"Job {job_id} was rendered" in only
    assert f"Job {other.id} was rendered" in await got(anybody, "/record?kind=finished&job=")
    assert "Nothing of that is in the record." in await got(anybody, "/record?job=99")
    everything = await got(anybody, "/record")
    for nonsense in ("kind=x", "job=x", "job=²", f"job={2**40}", "before=-1"):
        assert await got(anybody, f"/record?{nonsense}") == everything


async def test_page_after_page_to_the_first_entry(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    await many(served, 120)
    seen: list[int] = []
    path = "/record"
    while path:
        shown = await got(anybody, path)
        seen += [int(part.split('"')[0]) for part in shown.split('<li id="entry-')[1:]]
        more = re.search(r'<a class="button" href="([^"]+)"', shown)
        path = f"/record{html.unescape(more[1])}" if more else ""
    assert seen == list(range(120, 0, -1))


async def test_an_empty_record_is_no_error(anybody: aiohttp.ClientSession) -> None:
    assert "Nothing is recorded yet." in await got(anybody, "/record")
    assert "<h2>Renders</h2>" in await got(anybody, "/record/report")
    assert (await asked(anybody, "/record.json"))["entries"] == []


async def test_whoever_is_somebody_stays_it(served: Served, be: Be) -> None:
    await story(served)
    shown = await be("mo").page("/record")
    assert 'href="/as/mo/record" aria-current="page"' in shown
    assert 'href="/as/mo/record/report"' in shown
    assert 'href="/as/mo/record"' in await be("mo").page("/record/report")


async def test_every_kind_has_its_own_sentence() -> None:
    assert set(recorded.WORDS) == set(recorded.TITLES) == set(RECORDED)


# ── for programs ─────────────────────────────────────────────────────────────────────────


async def test_the_json_is_the_chain(served: Served, anybody: aiohttp.ClientSession) -> None:
    await story(served)
    chain, first, pages = Chain(), 1, 0
    while first:
        page = await asked(anybody, f"/record.json?from={first}&limit=5")
        for entry in page["entries"]:
            chain.add(*(entry[name] for name in ("seq", "previous", "body", "hash")))
        first, pages = page["next"], pages + 1
    assert page["head"] == {"seq": chain.seq, "hash": chain.head}
    assert pages == -(-chain.seq // 5)
    beyond = await asked(anybody, f"/record.json?from={chain.seq + 1}")
    assert (beyond["entries"], beyond["next"]) == ([], None)


async def test_no_more_than_a_thousand_at_once(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    await many(served, 1001)
    page = await asked(anybody, "/record.json?limit=5000")
    assert (len(page["entries"]), page["next"]) == (1000, 1001)
    assert len((await asked(anybody, "/record.json?limit=0"))["entries"]) == 1


async def test_the_report_is_there_for_people_and_for_programs(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    await story(served)
    report = await asked(anybody, "/record/report.json")
    assert report["counts"]["overturned"] == 1
    assert report["overturned"] == 1.0
    assert report["reasons"] == {"spam": 1}
    shown = await got(anybody, "/record/report")
    assert "100% of them were won." in shown
    assert f"sora record report --url {served.url} --month {report['month']}" in shown
    assert "<dt>Spam</dt><dd>1</dd>" in shown
    await got(anybody, "/record/report?month=1999-01", status=404)


# ── checked by others ────────────────────────────────────────────────────────────────────


def unheard(read: int, total: int) -> None:
    """Progress that nobody follows."""


async def run(*command: str) -> tuple[int, str]:
    def ended() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = await asyncio.to_thread(ended)
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """The verifier that the document gives, in a file of its own."""
    program = DOCUMENT.split("```python\n")[1].split("```")[0]
    assert len(program.splitlines()) <= 40
    path = tmp_path / "verify.py"
    path.write_text(program)
    return str(path)


async def tamper(served: Served, change: str) -> None:
    """Somebody who may do everything in the database."""
    async with served.db.begin() as s:
        for trigger in ("record_is_not_updated", "record_is_not_deleted", "record_goes_on"):
            await s.execute(text(f"DROP TRIGGER {trigger}"))
        await s.execute(text(change))


async def test_a_program_of_40_lines_checks_it(served: Served, alone: str) -> None:
    await story(served)
    async with served.db.read() as s:
        old = await record.head(s)
    await many(served, 1500)
    async with served.db.read() as s:
        head = await record.head(s)
    right = (0, f"{head.seq} entries, head {head.hash}")
    assert await run(alone, served.url) == right
    assert await run(alone, served.url, old.hash[:16]) == right
    assert await run(alone, served.url, "abcd" * 4) == (1, f"No entry has the head {'abcd' * 4}.")


TAMPERED = (
    (
        "UPDATE record SET body = replace(body, 'spam', 'gore') WHERE kind = 'rejected'",
        5,
        "its hash",
    ),
    ("UPDATE record SET hash = upper(hash) WHERE seq = 3", 3, "its hash"),
    ("UPDATE record SET previous = hash WHERE seq = 2", 2, "it doesn't follow"),
    ("DELETE FROM record WHERE seq = 4", 4, "it is missing"),
    ("UPDATE record SET seq = 99 WHERE seq = 6", 6, "it is missing"),
)


@pytest.mark.parametrize(("change", "seq", "why"), TAMPERED)
async def test_every_verifier_finds_the_first_entry_that_is_wrong(
    served: Served, alone: str, change: str, seq: int, why: str
) -> None:
    await story(served)
    await tamper(served, change)
    found = f"Entry {seq} is wrong: {why}"
    status, said = await run(alone, served.url)
    assert (status, said.startswith(found)) == (1, True), said
    with pytest.raises(Trouble, match=re.escape(found)):
        await verifying.page(served.url, "", unheard)


async def test_an_end_that_is_cut_off_is_missed_by_whoever_kept_the_head(
    served: Served, alone: str
) -> None:
    await story(served)
    async with served.db.read() as s:
        head = await record.head(s)
    await tamper(served, f"DELETE FROM record WHERE seq = {head.seq}")
    assert (await run(alone, served.url))[0] == 0
    for command in ([alone, served.url], ["-m", "bot", "record", "verify", "--url", served.url]):
        more = ["--head"] if "verify" in command else []
        status, said = await run(*command, *more, head.hash[:16])
        assert status == 1
        assert said.startswith(f"No entry has the head {head.hash[:16]}")


async def test_the_command_says_how_long_the_record_is_and_its_head(served: Served) -> None:
    await story(served)
    async with served.db.read() as s:
        head = await record.head(s)
    status, said = await run("-m", "bot", "record", "verify", "--url", f"{served.url}/record")
    assert (status, said) == (
        0,
        f"Every entry is as it was recorded: {head.seq} entries, head {head.hash}.",
    )


async def test_the_report_that_is_added_up_anew_is_the_one_on_the_page(
    served: Served, anybody: aiohttp.ClientSession
) -> None:
    await story(served)
    await many(served, 30)
    for month in ("2026-03", ""):
        asked_for = ["--month", month] if month else []
        status, said = await run("-m", "bot", "record", "report", "--url", served.url, *asked_for)
        assert status == 0
        assert json.loads(said) == await asked(anybody, f"/record/report.json?month={month}")


async def test_what_is_no_studio_s_record_is_told_in_a_sentence(served: Served) -> None:
    for url, why in (
        (f"{served.url}/as/nobody", "answers 404 instead of entries."),
        ("http://127.0.0.1:1", "can't be read (ClientConnectorError)."),
    ):
        with pytest.raises(Trouble, match=re.escape(why)):
            await verifying.page(url, "", unheard)
    status, said = await run("-m", "bot", "record", "verify", "--url", "nonsense")
    assert status != 0
    assert "--url is the address of a studio" in said
    assert len(said.splitlines()) == 1


# ── in a browser ─────────────────────────────────────────────────────────────────────────


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_both_pages_fit_a_phone_and_can_be_read(
    chromium: Browser, served: Served, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    expect.set_options(timeout=15_000)
    job_id = await story(served)
    await many(served, 60)
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    for width in (320, 1280):
        context = await chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
        for path in ("/record", "/as/mo/record", f"/record?job={job_id}", "/record/report"):
            await page.goto(served.url + path)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            first = page.locator("details").first
            if await first.count():
                await first.locator("summary").click()
                await expect(first.locator("pre")).to_be_visible()
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide"
            assert await page.evaluate(CONTRAST) == []
            name = path.strip("/").replace("/", "-").replace("?", "-")
            await page.screenshot(path=shots / f"{name}-{scheme}-{width}.png", full_page=True)
        await context.close()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
async def test_it_is_searched_and_gone_through_with_the_form(
    chromium: Browser, served: Served
) -> None:
    expect.set_options(timeout=15_000)
    job_id = await story(served)
    await many(served, 60)
    page = await (await chromium.new_context()).new_page()
    await page.goto(f"{served.url}/record")
    await expect(page.locator(".entries > li")).to_have_count(50)
    await page.get_by_role("link", name="Older entries").click()
    await expect(page.locator(".entries > li").first).to_have_attribute("id", "entry-20")
    await page.get_by_label("What").select_option("Appeals won")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".entries > li")).to_have_count(1)
    await expect(page.locator(".entries")).to_contain_text(f"job {job_id} was won")
    await page.get_by_role("link", name=f"All of job {job_id}").click()
    await expect(page.get_by_label("Job")).to_have_value(str(job_id))
