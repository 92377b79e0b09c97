"""Asking for a clip, with scripts and without; whatever people type is answered or shown as text."""

from __future__ import annotations

import asyncio
import html

import pytest

from db import jobs
from db.models import Job
from tests.bot.on_web.served import Be, Served


async def all_jobs(served: Served, key: str = "ada") -> list[Job]:
    async with served.db.read() as s:
        return list(await jobs.of_person(s, (await served.known(key)).id))


async def test_a_double_click_is_one_job(served: Served, be: Be) -> None:
    ada = be("ada")
    await ada.page()
    form = {"prompt": "a red circle", "key": "once"}
    answers = await asyncio.gather(*(ada.post("/sora", form) for _ in range(5)))
    assert {status for status, _ in answers} == {200}
    assert len({str(answer["said"]) for _, answer in answers}) == 1
    assert len(await all_jobs(served)) == 1


async def test_the_same_key_with_other_words_is_another_job(served: Served, be: Be) -> None:
    ada = be("ada")
    for prompt in ("a red circle", "a blue square", "a red circle"):
        assert (await ada.post("/sora", {"prompt": prompt, "key": "once"}))[0] == 200
    assert {job.prompt for job in await all_jobs(served)} == {"a red circle", "a blue square"}
    assert len(await all_jobs(served)) == 2


async def test_without_a_key_every_form_is_its_own(served: Served, be: Be) -> None:
    for _ in range(2):
        assert (await be("ada").post("/sora", {"prompt": "x", "key": ""}))[0] == 200
    assert len(await all_jobs(served)) == 2


async def test_a_key_is_kept_short_and_printable(served: Served, be: Be) -> None:
    for key in ("a\x00b", "k" * 10_000):
        assert (await be("ada").post("/sora", {"prompt": "x", "key": key}))[0] == 200
    keys = [job.request_key for job in await all_jobs(served)]
    assert len(keys) == 2
    assert all(key.isprintable() and len(key) < 80 for key in keys)


async def test_the_same_key_of_somebody_else_is_another_job(served: Served, be: Be) -> None:
    for who in ("ada", "bo"):
        assert (await be(who).post("/sora", {"prompt": "x", "key": "same"}))[0] == 200
    assert len(await all_jobs(served, "ada")) == len(await all_jobs(served, "bo")) == 1


async def test_a_double_click_on_again_is_one_job(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    answers = await asyncio.gather(*(be("ada").act(job, "again", key="k") for _ in range(3)))
    assert {status for status, _ in answers} == {200}
    assert len(await all_jobs(served)) == 2


async def test_options_are_taken_from_the_fields_and_from_the_text(served: Served, be: Be) -> None:
    form = {
        "prompt": "a boat --aspect 16:9 --seed 7",
        "aspect": "1:1",
        "duration": "1",
        "steps": "9",
        "private": "yes",
        "seed": "",
    }
    assert (await be("ada").post("/sora", form))[0] == 200
    (job,) = await all_jobs(served)
    assert (job.prompt, job.aspect, job.seed, job.frames, job.steps, job.private) == (
        "a boat",
        "16:9",
        7,
        8,
        9,
        True,
    )


@pytest.mark.parametrize(
    ("typed", "ticked", "private"),
    [("", "", False), ("", "yes", True), (" --private no", "yes", False), (" --private", "", True)],
)
async def test_what_is_typed_wins_over_the_field_below(
    served: Served, be: Be, typed: str, ticked: str, private: bool
) -> None:
    form = {"prompt": f"a boat{typed}"} | ({"private": ticked} if ticked else {})
    assert (await be("ada").post("/sora", form))[0] == 200
    assert [job.private for job in await all_jobs(served)] == [private]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": " \u200b\x00 "}, "the prompt is empty"),
        ({"prompt": "--seed 7"}, "the prompt is empty"),
        ({"prompt": "🦊" * 10_000}, "at most 1,000 characters; this one has 10,000"),
        ({"prompt": "x --wings 2"}, "There is no option --wings"),
        ({"prompt": "x", "steps": "many"}, "--steps needs a whole number"),
        ({"prompt": "x", "duration": "99"}, "duration is 1 to 4 seconds, not 99"),
        ({"prompt": "x", "aspect": "9:1"}, "choose 1:1 or 16:9"),
        ({"prompt": "x", "model": "<b>"}, "There is no model “<b>” here"),
        ({"prompt": "x", "steps": f"1{'0' * 400}"}, "at most 12 digits"),
        ({"prompt": "x", "steps": "100000000000"}, "steps is 1 to 50, not 100000000000"),
        ({"prompt": f"x --seed {'9' * 4000}"}, f"not {'9' * 20}…."),
        ({"prompt": "x", "duration": "1e999"}, "--duration needs a number, not “1e999”"),
        ({"prompt": "x", "duration": "nan"}, "--duration needs a number, not “nan”"),
        ({"prompt": "x", "guidance": "1e300"}, "not 1e+300"),
        ({"prompt": "x", "variations": "7"}, "--variations is 1 to 4"),
    ],
)
async def test_what_can_not_be_taken_is_one_sentence_and_queues_nothing(
    served: Served, be: Be, form: dict[str, str], words: str
) -> None:
    status, answer = await be("ada").post("/sora", form)
    assert status == 409
    assert words in str(answer["said"])
    assert not await all_jobs(served)


@pytest.mark.parametrize(
    "prompt",
    [
        "دائرة حمراء تعبر التل",
        "a 👩🏽‍🚀 on 🏳️‍🌈",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "**bold** [link](http://evil.example) @everyone <@1234> <!channel>",
        "{{ 7 * 7 }} {% raw %}",
        '" autofocus onfocus=alert(1) x="',
    ],
)
async def test_peoples_words_are_shown_as_text(served: Served, be: Be, prompt: str) -> None:
    job = await served.published("ada", prompt=prompt)
    shown = html.escape(prompt).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    for who, path in (("ada", "/"), ("mo", "/review"), ("bo", "/showcase"), ("ada", "/jobs/1")):
        page = await be(who).page(path)
        assert f'dir="auto">{shown}</blockquote>' in page
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    assert job.prompt == prompt


async def test_control_and_bidi_characters_do_not_survive(served: Served, be: Be) -> None:
    await be("ada").post("/sora", {"prompt": "a\u202eb\x07c\nd"})
    assert [job.prompt for job in await all_jobs(served)] == ["ab c d"]


async def test_without_scripts_the_page_says_what_was_done(served: Served, be: Be) -> None:
    ada = be("ada")
    await ada.page("/")
    form = {"csrf": ada.csrf, "prompt": "a red circle", "key": "k"}
    headers = {"Referer": f"{ada.base}/"}
    async with ada.session.post(f"{ada.base}/sora", data=form, headers=headers) as answer:
        page = await answer.text()
        assert answer.url.path == "/as/ada/"
    assert "<p>Job 1 is in line.</p>" in page
    assert "a red circle</blockquote>" in page
    assert "<p>Job 1 is in line.</p>" not in await ada.page("/")  # said once


async def test_without_scripts_a_refusal_stands_beside_the_text_that_was_typed(
    served: Served, be: Be
) -> None:
    ada = be("ada")
    await ada.page("/")
    form = {"csrf": ada.csrf, "prompt": "a <boat> --wings 2", "steps": "7", "key": "k"}
    async with ada.session.post(f"{ada.base}/sora", data=form) as answer:
        page = await answer.text()
        assert answer.status == 409
    assert "a &lt;boat&gt; --wings 2</textarea>" in page
    assert "There is no option --wings" in page
    assert 'value="7"' in page


@pytest.mark.parametrize(
    ("referer", "path"),
    [
        ("{base}/review", "/as/mo/review"),
        ("http://e.example/x", "/as/mo/"),
        ("http://[", "/as/mo/"),
    ],
)
async def test_a_button_without_scripts_leads_back_to_its_page(
    served: Served, be: Be, referer: str, path: str
) -> None:
    job = await served.in_review("ada")
    mo = be("mo")
    await mo.page("/review")
    form = {"csrf": mo.csrf, "job": str(job.id), "sign": "approve"}
    headers = {"Referer": referer.format(base=mo.base)}
    async with mo.session.post(f"{mo.base}/act", data=form, headers=headers) as answer:
        page = await answer.text()
    assert (answer.status, answer.url.path) == (200, path)
    assert f"Job {job.id} is published." in page


async def test_a_review_limited_to_clips_publishes_those(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    status, answer = await be("mo").act(job, "approve", only="2")
    assert (status, answer["said"]) == (200, f"Job {job.id} is published.")
    await served.told()
    page = await be("bo").page("/showcase")
    assert f"/jobs/{job.id}/clips/2.mp4" in page
    assert f"/jobs/{job.id}/clips/1.mp4" not in page


async def test_a_no_needs_its_sentence(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    status, answer = await be("mo").act(job, "reject")
    assert (status, str(answer["said"]).startswith("Say in a sentence why")) == (409, True)
    assert (await be("mo").act(job, "reject", sentence="Too dark to see."))[0] == 200
    assert "Too dark to see." in await be("ada").page("/")


async def test_ones_own_vote_is_marked_and_can_be_taken_back(served: Served, be: Be) -> None:
    job = await served.published("ada")
    _, answer = await be("bo").act(job, "vote_2")
    cards = answer["cards"]
    assert isinstance(cards, list)
    assert 'value="take_back_vote" aria-pressed="true"' in cards[0]["html"]
    assert "1 vote<" in cards[0]["html"]
    assert 'aria-pressed="true"' not in await be("lin").page("/showcase")
    assert (await be("bo").act(job, "take_back_vote"))[0] == 200
    assert 'aria-pressed="true"' not in await be("bo").page("/showcase")
