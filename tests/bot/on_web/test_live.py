"""Open windows stay in step, also over gaps, restarts and several processes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from bot.on_web.live import MOST_PENDING, Window, cursor_at
from db.models import Post, utcnow
from db.states import Purpose
from tests.bot.on_web.served import Be, Served, caller, listening


async def test_a_job_is_followed_from_the_line_to_the_ballot(served: Served, be: Be) -> None:
    ada = await served.known("ada")
    async with (
        listening(be("ada"), "place=mine") as artist,
        listening(be("mo"), "place=review") as desk,
        listening(be("bo"), "place=showcase") as hall,
    ):
        job = await served.submit(ada, "a red circle")
        await artist.hear_of(f"mine-{job.id}", "Next in line")
        claimed = await served.claim()
        assert claimed is not None
        await served.preview(claimed, 2)
        told = await artist.hear_of(f"mine-{job.id}", "Step 2 of 4")
        assert f"/as/ada/jobs/{job.id}/preview.jpg" in told
        await served.finish(claimed)
        await artist.hear_of(f"mine-{job.id}", "clips/1.mp4")
        told = await desk.hear_of(f"review-{job.id}", 'value="approve"')
        assert "spoiler" in told
        assert (await be("mo").act(job, "approve"))[0] == 200
        await desk.hear_of(f"review-{job.id}", "Mo approved.")
        await artist.hear_of(f"mine-{job.id}", "in the showcase")
        await hall.hear_of(f"showcase-{job.id}", "0 votes")
        assert (await be("lin").act(job, "vote_1"))[0] == 200
        await hall.hear_of(f"showcase-{job.id}", "1 vote<")
        assert (await be("ada").act(job, "withdraw"))[0] == 200
        while True:
            _, told_last = await hall.hear()
            if told_last["html"] == "":
                assert told_last["slot"] == f"showcase-{job.id}"
                return


async def test_what_happened_between_the_page_and_its_stream_is_told(
    served: Served, be: Be
) -> None:
    since = cursor_at(utcnow())
    job = await served.in_review("ada")
    async with listening(be("mo"), "place=review", since=since) as desk:
        await desk.hear_of(f"review-{job.id}", 'value="approve"')


async def test_a_window_that_lost_its_server_misses_nothing(served: Served, be: Be) -> None:
    async with listening(be("mo"), "place=review") as desk:
        first = await served.in_review("ada")
        await desk.hear_of(f"review-{first.id}")
        last = desk.last_id
    await served.stop()
    second = await served.rendered(await served.known("bo"))
    await served.start()
    async with listening(be("mo"), "place=review", last_id=last, since="0") as desk:
        await desk.hear_of(f"review-{second.id}")


async def test_a_window_that_slept_for_minutes_hears_what_it_missed(served: Served, be: Be) -> None:
    job = await served.in_review("ada")
    async with served.db.begin() as s:
        await s.execute(update(Post).values(painted_at=utcnow() - timedelta(minutes=3)))
    before = cursor_at(utcnow() - timedelta(minutes=4))
    async with listening(be("mo"), "place=review", last_id=before) as desk:
        await desk.hear_of(f"review-{job.id}", 'value="approve"')


async def test_the_server_closes_its_streams_when_it_stops(served: Served, be: Be) -> None:
    async with listening(be("mo"), "place=review") as desk:
        await served.stop()
        try:
            while True:
                await desk.hear()
        except EOFError:
            return


async def test_after_too_long_an_absence_the_page_is_told_to_start_over(
    served: Served, be: Be
) -> None:
    await served.in_review("ada")
    long_ago = cursor_at(utcnow() - timedelta(hours=3))
    for cursor in (long_ago, "0", "nonsense", "9" * 40):
        async with listening(be("mo"), "place=review", last_id=cursor) as desk:
            assert (await desk.hear())[0] == "refetch"


async def test_processes_that_share_a_database_agree(served: Served, be: Be) -> None:
    other = Served(served.db, served.broker, served.folder)
    await other.start()
    try:
        async with (
            caller(other, "mo") as mo,
            listening(mo, "place=review") as there,
            listening(be("lin"), "place=review") as here,
        ):
            job = await served.in_review("ada")
            await there.hear_of(f"review-{job.id}", "approve")
            await here.hear_of(f"review-{job.id}", "approve")
            assert (await mo.act(job, "approve"))[0] == 200
            await here.hear_of(f"review-{job.id}", "Mo approved.")
    finally:
        await other.stop()


def post(job_id: int, place: str = "review") -> Post:
    return Post(id=job_id, room="web", place=place, purpose=Purpose.REVIEW, job_id=job_id)


async def test_a_slow_window_holds_each_card_once_and_is_bounded() -> None:
    window = Window(frozenset({"review"}), None)
    for _ in range(10_000):
        window.offer(post(1))
    window.offer(post(2, "mine:1"))
    assert [p.job_id for p in await window.take(0)] == [1]
    for number in range(MOST_PENDING + 1):
        window.offer(post(number))
    assert window.behind
    assert await window.take(0) == []


async def test_a_window_of_one_job_hears_of_no_other() -> None:
    window = Window(frozenset({"review"}), 7)
    window.offer(post(1))
    window.offer(post(7))
    assert [p.job_id for p in await window.take(0)] == [7]
