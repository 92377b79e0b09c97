"""The public ledger as people and programs meet it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Literal

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from db import books
from tests.bot.on_web.served import Be, Served
from tests.bot.on_web.test_record import CONTRAST, anybody, got
from tests.support.books import settle

__all__ = ["anybody"]


@pytest.fixture
async def account(served: Served) -> str:
    """Ada was published, Mo reviewed it and tipped her; the name of her account."""
    ada, mo = await served.known("ada"), await served.known("mo")
    job = await served.published("ada")
    await settle(served.db)
    await served.desk.tip(mo, job.id)
    async with served.db.read() as s:
        return (await books.accounts(s, ada.id))[0].name


async def test_everybody_may_read_who_is_credited_for_what(
    anybody: aiohttp.ClientSession, account: str
) -> None:
    page = await got(anybody, "/ledger")
    assert "A tip for job 1." in page
    assert f'<a href="/ledger?account={account}">Ada</a> <b>+20</b>' in page
    assert '<a href="/ledger?account=issued">The studio</a> <b>−20</b>' in page
    assert "at most 20 times a day" in page


async def test_an_account_has_a_page_of_its_own(
    anybody: aiohttp.ClientSession, account: str
) -> None:
    page = await got(anybody, f"/ledger?account={account}")
    assert '<h2 id="account">Ada</h2>' in page
    assert "Holds 21 credits." in page
    assert "Reviews on " not in page
    assert "There is no such account." in await got(anybody, "/ledger?account=p-0")
    assert "Job 1 went up" in await got(anybody, "/ledger?job=1")
    assert "Nothing of that was booked." in await got(anybody, "/ledger?job=2")


async def test_whoever_has_the_file_can_check_it(
    anybody: aiohttp.ClientSession, account: str
) -> None:
    ledger = json.loads(await got(anybody, "/ledger.json"))
    previous = "0" * 64
    for one in ledger["transactions"]:
        says = {name: one[name] for name in one if name not in {"previous", "hash"}}
        body = json.dumps(says, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert one["previous"] == previous
        previous = hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()
        assert one["hash"] == previous
        assert sum(amount for _, _, amount in one["postings"]) == 0
    assert ledger["head"] == {"id": 3, "hash": previous}

    rows = list(csv.DictReader(io.StringIO(await got(anybody, "/ledger.csv"))))
    assert sum(int(row["amount"]) for row in rows if row["account"] == account) == 21
    assert rows[-1]["hash"] == previous


async def test_the_transparency_report_says_what_each_kind_earned(
    anybody: aiohttp.ClientSession, account: str, served: Served
) -> None:
    found = json.loads(await got(anybody, "/record/credits.json"))
    assert (found["earned"], found["taken_back"]) == ({"approved": 20, "reviewed": 2}, 0)
    assert "<dt>Reviews</dt><dd>2</dd>" in await got(anybody, "/record/report")
    await served.desk.take_down(await served.known("lin"), 1, "It shows a real person.")
    await settle(served.db)
    found = json.loads(await got(anybody, "/record/credits.json"))
    assert (found["earned"], found["taken_back"]) == ({"approved": 20, "reviewed": 4}, 20)


async def test_an_empty_ledger_says_what_will_be_in_it(anybody: aiohttp.ClientSession) -> None:
    assert "Nothing is booked yet." in await got(anybody, "/ledger")
    assert json.loads(await got(anybody, "/ledger.json"))["transactions"] == []
    assert (await got(anybody, "/ledger.csv")).startswith("transaction,at,kind,job")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_reads_well_on_a_phone_in_light_and_dark(
    served: Served,
    account: str,
    chromium: Browser,
    tmp_path: Path,
    scheme: Literal["light", "dark"],
) -> None:
    context = await chromium.new_context(
        viewport={"width": 320, "height": 700}, color_scheme=scheme
    )
    page = await context.new_page()
    await page.goto(f"{served.url}/as/ada/ledger?account={account}")
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320
    assert await page.evaluate(CONTRAST) == []
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path))
    await page.screenshot(path=shots / f"ledger-{scheme}.png", full_page=True)
    await context.close()


async def test_a_tip_is_given_and_taken_back_with_a_button(
    served: Served, be: Be, account: str
) -> None:
    """Mo has given one; Bo and the artist have not."""
    mo, bo, ada = [await be(name).page("/showcase") for name in ("mo", "bo", "ada")]
    assert "Take my tip back" in mo
    assert "💜 Tip" in bo
    assert "Take my tip back" not in bo
    assert "Tip" not in ada.replace("tips", "")
    job = await served.job(1)
    status, said = await be("mo").act(job, "take_back_tip")
    assert (status, said["said"]) == (200, "Your credit is yours again.")
    assert "💜 Tip" in await be("mo").page("/showcase")
    status, said = await be("bo").act(job, "tip")
    assert status == 409
    assert "you have none yet" in str(said["said"])
