"""Who may see and hear what. Every row of the table is asked of the running server."""

from __future__ import annotations

import pytest

from db.models import Job
from db.states import Status
from tests.bot.on_web.served import Be, Served, listening

EVERYBODY = {"ada", "bo", "mo", "lin"}
SEES_CLIP_1 = {
    "ready": {"ada"},
    "in review": {"ada", "mo", "lin"},
    "published": EVERYBODY,
    "published, clip 2 alone": {"ada", "mo", "lin"},
    "rejected": {"ada"},
    "under appeal": {"ada", "mo", "lin"},
    "withdrawn": {"ada"},
}


async def stands(served: Served, how: str) -> Job:
    """A job of Ada's that stands so."""
    ada = await served.known("ada")
    match how:
        case "ready":
            return await served.rendered(ada, private=True)
        case "published":
            return await served.published()
        case "published, clip 2 alone":
            return await served.published(only=(2,))
        case "rejected":
            return await served.rejected()
        case "under appeal":
            job = await served.rejected()
            await served.desk.appeal(ada, job.id, "look again")
            return job
        case "withdrawn":
            job = await served.published()
            await served.desk.withdraw(ada, job.id)
            return job
    return await served.in_review()


@pytest.mark.parametrize(("how", "who_sees"), SEES_CLIP_1.items())
async def test_clips_are_there_for_those_who_may_see_them(
    served: Served, be: Be, how: str, who_sees: set[str]
) -> None:
    job = await stands(served, how)
    for kind in ("mp4", "jpg", "webp"):
        path = f"/jobs/{job.id}/clips/1.{kind}"
        answers = {who: await be(who).status(path) for who in EVERYBODY}
        assert answers == {who: 200 if who in who_sees else 404 for who in EVERYBODY}, kind


async def test_the_clip_that_was_published_alone_is_seen_by_all(served: Served, be: Be) -> None:
    job = await stands(served, "published, clip 2 alone")
    assert await be("bo").status(f"/jobs/{job.id}/clips/2.mp4") == 200


async def test_a_preview_is_its_artists_alone_while_it_is_rendered(served: Served, be: Be) -> None:
    job = await served.submit(await served.known("ada"))
    path = f"/jobs/{job.id}/preview.jpg"
    assert await be("ada").status(path) == 404
    claimed = await served.claim()
    assert claimed is not None
    await served.preview(claimed, 2)
    assert {who for who in EVERYBODY if await be(who).status(path) == 200} == {"ada"}
    await served.finish(claimed)
    assert await be("ada").status(path) == 404


async def test_a_clip_is_served_in_ranges_and_never_as_anything_else(
    served: Served, be: Be
) -> None:
    job = await served.published()
    bo = be("bo")
    url = f"{bo.base}/jobs/{job.id}/clips/1.mp4"
    async with bo.session.get(url, headers={"Range": "bytes=4-7"}) as part:
        assert part.status == 206
        assert await part.read() == b"ftyp"
        assert part.headers["Content-Type"] == "video/mp4"
        assert part.headers["X-Content-Type-Options"] == "nosniff"
        assert part.headers["Cache-Control"] == "private, no-cache"
        assert "default-src 'none'" in part.headers["Content-Security-Policy"]
    async with bo.session.get(f"{url}?download") as whole:
        said = whole.headers["Content-Disposition"]
        assert said == f'attachment; filename="sora-{job.id}-1.mp4"'


@pytest.mark.parametrize(
    ("how", "who_reads"),
    [
        ("ready", {"ada"}),
        ("in review", {"ada", "mo", "lin"}),
        ("published", EVERYBODY),
        ("rejected", {"ada", "mo", "lin"}),
        ("withdrawn", {"ada"}),
    ],
)
async def test_a_jobs_page_is_there_for_those_who_may_read_it(
    served: Served, be: Be, how: str, who_reads: set[str]
) -> None:
    job = await stands(served, how)
    await served.told()
    read = {who for who in EVERYBODY if await be(who).status(f"/jobs/{job.id}") == 200}
    assert read == who_reads


async def test_lists_show_each_person_their_own(served: Served, be: Be) -> None:
    await served.in_review("ada", prompt="only adas words")
    assert "only adas words" in await be("ada").page("/")
    assert "only adas words" in await be("mo").page("/review")
    for path in ("/", "/review", "/showcase", "/line"):
        assert "only adas words" not in await be("bo").page(path)


async def test_the_line_names_artists_and_tells_nobody_their_prompts(
    served: Served, be: Be
) -> None:
    await served.submit(await served.known("ada"), "only adas words")
    assert "only adas words" in await be("ada").page("/line")
    seen = await be("mo").page("/line")
    assert "only adas words" not in seen
    assert "Ada" in seen


async def test_a_window_hears_only_what_its_person_may_read(served: Served, be: Be) -> None:
    async with listening(be("bo"), "place=mine&place=review&place=showcase") as bos:
        hidden = await served.in_review("ada", prompt="only adas words")
        shown = await served.in_review("bo", prompt="bos own words")
        while True:
            _, told = await bos.hear()
            assert "only adas words" not in told["html"]
            assert told["slot"] != f"review-{hidden.id}"
            if told["slot"] == f"mine-{shown.id}":
                return


async def test_nobody_reviews_their_own_work_and_the_card_says_so(served: Served, be: Be) -> None:
    job = await served.in_review("mo")
    page = await be("mo").page("/review")
    assert "Nobody reviews their own work" in page
    assert 'value="approve"' not in page
    assert 'value="approve"' in await be("lin").page("/review")
    status, answer = await be("mo").act(job, "approve")
    assert (status, answer["said"]) == (
        409,
        "Nobody reviews their own work; another moderator has to decide this one.",
    )


async def test_an_artist_has_no_vote_on_their_own(served: Served, be: Be) -> None:
    job = await served.published("ada")
    assert 'value="vote_1"' not in await be("ada").page("/showcase")
    assert 'value="vote_1"' in await be("bo").page("/showcase")
    assert (await be("ada").act(job, "vote_1"))[0] == 409


async def test_somebody_elses_job_is_not_yours_to_change(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    for sign in ("cancel", "retry", "again", "publish", "keep", "withdraw", "appeal"):
        status, answer = await be("bo").act(job, sign)
        assert (status, "somebody else's" in str(answer["said"])) == (409, True), sign
    assert (await be("bo").act(job, "approve"))[0] == 409


async def test_a_reviewer_of_the_first_round_does_not_decide_the_appeal(
    served: Served, be: Be
) -> None:
    job = await stands(served, "under appeal")
    await served.told()
    assert "You decided this before" in await be("mo").page("/review")
    assert (await be("mo").act(job, "approve"))[0] == 409
    assert (await be("lin").act(job, "approve"))[0] == 200
    assert (await served.job(job.id)).status is Status.PUBLISHED


async def test_a_withdrawn_card_is_gone_before_the_room_has_heard_of_it(
    served: Served, be: Be
) -> None:
    job = await served.published("ada", prompt="only adas words")
    assert "only adas words" in await be("bo").page("/showcase")
    await served.stop()
    await served.desk.withdraw(await served.known("ada"), job.id)
    await served.start(feed=False)
    assert "only adas words" not in await be("bo").page("/showcase")
    assert await be("bo").status(f"/jobs/{job.id}") == 404


async def test_moderators_keep_the_decision_but_not_the_clips_of_what_was_rejected(
    served: Served, be: Be
) -> None:
    job = await served.rejected("ada")
    page = await be("mo").page("/review")
    assert "Mo rejected it: spam." in page
    assert f"/jobs/{job.id}/clips/" not in page
    assert f"/jobs/{job.id}/clips/" in await be("ada").page("/")


async def test_who_does_not_moderate_gets_one_friendly_sentence(served: Served, be: Be) -> None:
    assert "there is nothing for you to do here" in await be("bo").page("/review")
    assert "Nothing waits for a decision." in await be("mo").page("/review")
