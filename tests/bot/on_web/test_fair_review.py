"""Review where more than one look, on the page: second opinions, who looks, reasons, what comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.models import Job
from db.states import Status
from tests.bot.on_web.served import Be, Served


@pytest.fixture(autouse=True)
def fair(served: Served) -> None:
    served.desk.rules = replace(served.desk.rules, second_opinion=True, appeal_quorum=2)


async def card(be: Be, who: str, path: str, job: Job) -> str:
    """One job's card in a list."""
    page = await be(who).page(path)
    slot = f'id="{path.strip("/") or "mine"}-{job.id}"'
    return page.split(slot, 1)[1].split("</article>", 1)[0]


async def test_one_no_waits_and_a_host_decides_where_moderators_do_not_agree(
    served: Served, be: Be
) -> None:
    job = await served.in_review("ada")
    status, answer = await be("mo").act(job, "gore")
    assert (status, answer["said"]) == (
        200,
        "Noted; one no waits for a second opinion, and another moderator's decides.",
    )
    await served.told()
    assert "One no; a second opinion decides." in await card(be, "lin", "/review", job)
    status, answer = await be("lin").act(job, "approve")
    assert answer["said"] == "Noted; the moderators don't agree on this one, so a host decides it."
    await served.told()
    assert "don&#39;t agree on this one, so a host" in await card(be, "kim", "/review", job)
    assert 'value="approve"' not in await card(be, "kim", "/review", job)
    assert 'value="approve"' in await card(be, "hal", "/review", job)
    assert (await be("hal").act(job, "approve"))[0] == 200
    assert (await served.job(job.id)).status is Status.PUBLISHED


async def test_who_looks_is_shown_and_may_look_away(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    status, answer = await be("mo").act(job, "looking")
    sentence = f"Job {job.id} is in your hands for 15 minutes; others may still decide."
    assert (status, answer["said"]) == (200, sentence)
    await served.told()
    assert "Mo is looking until <time" in await card(be, "lin", "/review", job)
    assert "look_away" not in await card(be, "lin", "/review", job)
    assert 'value="look_away"' in await card(be, "mo", "/review", job)
    assert (await be("mo").act(job, "look_away"))[0] == 200
    await served.told()
    assert "Mo is looking" not in await card(be, "lin", "/review", job)


async def test_the_artist_reads_the_reasons_and_two_others_decide_the_appeal(
    served: Served, be: Be
) -> None:
    job = await served.in_review("ada")
    for who in ("mo", "lin"):
        await be(who).act(job, "reject", sentence="Too much <blood>.")
    await served.told()
    mine = await card(be, "ada", "/", job)
    for words in (
        "Too much &lt;blood&gt;.",
        "Decided by people (Mo and Lin), not by a machine.",
        "You may appeal once, to moderators who never reviewed it, until <time",
    ):
        assert words in mine
    assert (await be("ada").act(job, "appeal", sentence="It is paint."))[0] == 200
    for who, code in (("mo", 409), ("kim", 200), ("nan", 200)):
        assert (await be(who).act(job, "approve"))[0] == code
    assert (await served.job(job.id)).status is Status.PUBLISHED


async def test_what_was_taken_down_by_mistake_is_put_back(served: Served, be: Be) -> None:
    job = await served.published("ada")
    await served.desk.take_down(await served.known("lin"), job.id, "the wrong one")
    await served.told()
    assert 'value="reinstate"' not in await card(be, "lin", "/review", job)
    assert 'value="reinstate"' in await card(be, "kim", "/review", job)
    status, answer = await be("kim").act(job, "reinstate")
    assert (status, answer["said"]) == (200, f"Job {job.id} is back in the showcase.")
    await served.told()
    assert "the showcase" in await card(be, "ada", "/", job)
    assert await card(be, "bo", "/showcase", job)


async def test_where_there_is_no_room_it_says_so_and_goes_by_itself(served: Served, be: Be) -> None:
    served.desk.rules = replace(served.desk.rules, backlog=1)
    await served.in_review("bo")
    job = await served.rendered(await served.known("ada"), private=True)
    status, answer = await be("ada").act(job, "publish")
    assert (status, answer["said"]) == (
        200,
        f"The moderators have 1 job to look at; job {job.id} goes to them by itself when there is "
        "room. Your clips are yours already.",
    )
    await served.told()
    mine = await card(be, "ada", "/", job)
    assert "goes to them by itself when there is room" in mine
    assert 'value="publish"' not in mine
    assert (await be("ada").act(job, "keep"))[0] == 200
    await served.told()
    assert "Only you can see it." in await card(be, "ada", "/", job)


async def test_what_a_moderator_is_spared_is_in_the_others_list(served: Served, be: Be) -> None:
    job = await served.in_review("ada", prompt="a decapitated body")
    status, answer = await be("mo").act(job, "duty", sentence="20, gore")
    assert (status, "are spared gore" in str(answer["said"])) == (200, True)
    assert f"Review: job {job.id}" not in await be("mo").page("/review")
    assert f"Review: job {job.id}" in await be("lin").page("/review")
    assert (await be("mo").act(job, "approve"))[0] == 409
