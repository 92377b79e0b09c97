"""Remix, Extend, Info and Report under a clip of the showcase, and what moderators see of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from db.models import Job
from db.states import Descent, Flag, Reason, Status
from tests.bot.on_web.served import Be, Served
from tests.support.studio import ABLE


@pytest.fixture(autouse=True)
async def able(served: Served) -> None:
    await served.open([ABLE])


async def signs(be: Be, who: str, path: str, job: Job) -> set[str]:
    """What can be pressed on this job's card in a list."""
    slot = f"{path.strip('/') or 'mine'}-{job.id}"
    page = await be(who).page(path)
    card = page.split(f'id="{slot}"', 1)[1].split("</article>", 1)[0]
    return set(re.findall(r'name="sign" value="(\w+)"', card))


async def allowed(served: Served, **wish: Any) -> Job:
    job = await served.published("ada", **wish)
    await served.desk.consent(await served.known("ada"), job.id, {Flag.REMIX: True})
    await served.told()
    return job


async def test_remix_and_extend_are_there_once_they_are_allowed(served: Served, be: Be) -> None:
    job = await served.published("ada")
    assert await signs(be, "bo", "/showcase", job) == {"vote_1", "vote_2", "tip", "report"}
    assert "allow_remix" in await signs(be, "ada", "/", job)
    assert (await be("ada").act(job, "allow_remix"))[0] == 200
    assert "forbid_remix" in await signs(be, "ada", "/", job)
    shown = {"vote_1", "vote_2", "remix", "extend", "tip", "report"}
    assert await signs(be, "bo", "/showcase", job) == shown
    assert await signs(be, "ada", "/showcase", job) == {"remix", "extend"}
    page = await be("bo").page("/showcase")
    assert 'type="radio" name="only" value="2"' in page
    assert "Everybody may remix" in await be("bo").page(f"/jobs/{job.id}")


async def test_a_clip_is_picked_and_remixed(served: Served, be: Be) -> None:
    job = await allowed(served, prompt="a red circle")
    bo = be("bo")
    status, answer = await bo.act(job, "remix", words="a cube")
    assert (status, answer["said"]) == (409, f"Pick the clip first: job {job.id} has 2.")
    status, answer = await bo.act(job, "remix", only="2", words="a cube --strength 0.4")
    assert (status, answer["said"]) == (200, "Job 2 is in line: your remix of that clip.")
    remix = await served.job(2)
    assert (remix.prompt, remix.strength, remix.descent) == ("a cube", 0.4, Descent.REMIX)
    assert (await bo.act(job, "extend", only="1"))[0] == 200
    assert (await bo.act(job, "vote_1", only="1"))[0] == 200
    parent = '<a href="/as/bo/jobs/1" rel="noreferrer">job 1, clip 2 by Ada, at strength 0.4</a>'
    assert parent in await bo.page("/")
    await served.desk.withdraw(await served.known("ada"), job.id)
    page = await bo.page("/")
    assert '<dd dir="auto">job 1, clip 2 by Ada (withdrawn since), at strength 0.4</dd>' in page


async def test_info_leads_to_how_it_was_made(served: Served, be: Be) -> None:
    job = await served.published("ada", seed=7)
    for who in ("bo", "ada"):
        page = await be(who).page("/showcase")
        assert f'<a class="button" href="/as/{who}/jobs/{job.id}#info">Info</a>' in page
        page = await be(who).page(f"/jobs/{job.id}")
        assert 'id="info"' in page
        assert f"About job {job.id}" in page
        about = page.split('id="info"', 1)[1]
        assert "<dt>seeds</dt>" in about
        assert "Mo approved." in about
    for sign in ("info", "show"):
        assert (await be("mo").act(job, sign))[0] == 400


async def test_a_report_is_made_settled_and_made_no_second_time(served: Served, be: Be) -> None:
    job = await served.published("ada")
    assert "report" not in await signs(be, "ada", "/showcase", job)
    assert '<option value="sexual">Sexual</option>' in await be("bo").page("/showcase")
    status, answer = await be("bo").act(job, "report", reason="spam", sentence="<b>shoes</b>")
    assert (status, answer["said"]) == (
        200,
        f"The moderators will look at job {job.id}. Thank you.",
    )
    assert "report" not in await signs(be, "bo", "/showcase", job)
    assert (await be("bo").act(job, "report", reason="spam"))[0] == 409
    assert (await be("lin").act(job, "report", reason="silly"))[0] == 400
    await served.told()
    page = await be("lin").page("/review")
    waiting = page.split('id="decided"', 1)[0]
    assert f"Reported: job {job.id}" in waiting
    assert "data-waits" in waiting
    assert 'Spam: <q dir="auto">&lt;b&gt;shoes&lt;/b&gt;</q>' in waiting
    assert await signs(be, "lin", "/review", job) == {"take_down", "dismiss"}
    assert "eported" not in await be("bo").page("/showcase")
    assert (await be("bo").act(job, "dismiss"))[0] == 409
    assert (await be("lin").act(job, "dismiss"))[0] == 200
    await served.told()
    assert f"Reported: job {job.id}" not in await be("lin").page("/review")
    assert "report" not in await signs(be, "bo", "/showcase", job)


async def test_what_is_taken_down_is_gone_and_its_artist_reads_why(served: Served, be: Be) -> None:
    job = await served.published("ada")
    await served.desk.report(await served.known("bo"), job.id, Reason.SPAM)
    await served.told()
    assert (await be("lin").act(job, "take_down"))[0] == 409
    status, answer = await be("lin").act(job, "take_down", sentence="It sells shoes.")
    assert (status, str(answer["said"]).startswith(f"Job {job.id} is out")) == (200, True)
    await served.told()
    assert await be("bo").status(f"/jobs/{job.id}/clips/1.mp4") == 404
    assert f"showcase-{job.id}" not in await be("bo").page("/showcase")
    page = await be("ada").page("/")
    assert "It sells shoes." in page
    assert "taken out of the showcase" in page
    assert "appeal" in await signs(be, "ada", "/", job)
    assert (await be("ada").act(job, "appeal", sentence="art"))[0] == 200
    await served.told()
    assert "You decided this before" in await be("lin").page("/review")
    assert (await be("kim").act(job, "approve"))[0] == 200
    await served.told()
    assert (await served.job(job.id)).status is Status.PUBLISHED
    assert f"showcase-{job.id}" in await be("bo").page("/showcase")


async def test_a_moderator_sees_reports_of_their_own_and_can_do_nothing(
    served: Served, be: Be
) -> None:
    job = await served.in_review("mo")
    assert (await be("lin").act(job, "approve"))[0] == 200
    await served.desk.report(await served.known("bo"), job.id, Reason.SPAM)
    await served.told()
    page = await be("mo").page("/review")
    assert "Nobody decides about their own work; you may withdraw it." in page
    assert await signs(be, "mo", "/review", job) == set()
