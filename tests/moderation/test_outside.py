"""What may be shown outside of the community: films by the word of everybody in them, in order, by index."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from bot import outside as feed
from bot.outside import place
from db import outside
from db.models import Job
from db.session import Db
from db.states import Depicts, Flag, Verdict
from moderation.people import Person
from moderation.wish import Picture
from tests.moderation.opinions import YES, Five
from tests.moderation.test_films import film_of
from tests.support.studio import ABLE, Studio
from tests.support.weeks import put_together, swept, three

OUT = {Flag.ELSEWHERE: True}
BACK = {Flag.ELSEWHERE: False}


async def shown(studio: Studio) -> list[tuple[int, int]]:
    """The feed, once all files say what they must; what is handed out is the same."""
    await studio.sign()
    async with studio.db.read() as s:
        found = [(one.job.id, one.clip.number) for one in await outside.newest(s, 100)]
        for job_id, number in found:
            assert await outside.get(s, job_id, number) is not None
    return found


async def published(studio: Studio, artist: Person, mo: Person, **wish: Any) -> Job:
    job = await studio.rendered(artist, **wish)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


async def test_a_film_waits_for_the_word_of_everybody_whose_clip_is_in_it(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    film, parts = await film_of(studio, ada, bo)
    await studio.desk.review(mo, film.id, Verdict.APPROVE)
    of_film = [(film.id, 1)]
    await studio.desk.consent(ada, film.id, OUT)
    both = {Flag.ELSEWHERE: True, Flag.NAMED: True}  # its credits name them
    await studio.desk.consent(ada, parts[0].id, both)
    assert await shown(studio) == []
    await studio.desk.consent(bo, parts[1].id, OUT)
    assert await shown(studio) == []
    await studio.desk.consent(bo, parts[1].id, {Flag.NAMED: True})
    assert await shown(studio) == of_film
    async with studio.db.read() as s:
        assert await outside.get(s, film.id, 1)
    await studio.desk.consent(bo, parts[1].id, BACK)
    assert await shown(studio) == []
    await studio.desk.consent(bo, parts[1].id, OUT)
    await studio.desk.consent(ada, film.id, BACK)
    assert await shown(studio) == []


async def test_a_storyboard_goes_by_what_is_allowed_with_it(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, _ = cast
    film, parts = await film_of(studio, ada)
    async with studio.db.begin() as s:
        await s.execute(text("UPDATE part SET is_shot = :yes"), {"yes": True})
    await studio.desk.review(mo, film.id, Verdict.APPROVE)
    await studio.desk.consent(ada, film.id, OUT)
    assert await shown(studio) == [(film.id, 1)]
    await studio.desk.withdraw(ada, parts[0].id)
    assert await shown(studio) == []


async def test_a_reel_needs_nobodys_word_but_that_of_its_clips(studio: Studio, cast: Five) -> None:
    made = await three(studio, cast, variations=1)
    await swept(studio)
    reel = await put_together(studio)
    for artist, job in zip(cast, made, strict=False):
        assert (reel.id, 1) not in await shown(studio)
        await studio.desk.consent(artist, job.id, OUT)
    assert (reel.id, 1) in await shown(studio)
    await studio.sign()
    async with studio.db.read() as s:
        (item, *_) = (await feed.page(s, 10)).items
    assert (item.job, item.title) == (reel.id, reel.prompt)
    assert set(item.made_from) == {(job.id, 1) for job in made}
    await studio.desk.consent(cast[1], made[1].id, BACK)
    assert (reel.id, 1) not in await shown(studio)


async def test_a_statement_that_is_taken_back_takes_it_out(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    await studio.open([ABLE])
    job = await studio.rendered(ada, image=Picture("a" * 64 + ".jpg", 64, 64), variations=1)
    await studio.desk.state(ada, job.id, Depicts.AGREED, "She said yes.")
    await studio.desk.consent(ada, job.id, OUT)
    for who in (mo, lin):
        await studio.desk.review(who, job.id, YES)
    assert await shown(studio) == [(job.id, 1)]
    await studio.desk.revoke_statement(ada, job.id)
    assert await shown(studio) == []


async def test_the_newest_come_first_and_every_page_goes_on_where_the_last_ended(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, _ = cast
    await studio.desk.consent_by_default(ada, OUT)
    late = await studio.rendered(ada)
    jobs = [await published(studio, ada, mo) for _ in range(3)]
    await studio.desk.review(mo, late.id, Verdict.APPROVE)
    await studio.sign()
    walked, before = [], None
    async with studio.db.read() as s:
        while True:
            page = await feed.page(s, 3, before)
            walked += [(item.job, item.number) for item in page.items]
            before = place(page.following)
            if before is None:
                break
    order = [late, *reversed(jobs)]
    assert walked == [(job.id, number) for job in order for number in (2, 1)]


async def test_what_comes_back_is_as_new(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    await studio.desk.consent_by_default(ada, OUT)
    first, second = [await published(studio, ada, mo, variations=1) for _ in range(2)]
    await studio.desk.take_down(mo, first.id, "It is dull.")
    assert await shown(studio) == [(second.id, 1)]
    await studio.desk.appeal(ada, first.id, "It isn't.")
    await studio.desk.review(lin, first.id, Verdict.APPROVE)
    assert await shown(studio) == [(first.id, 1), (second.id, 1)]


async def test_no_page_sorts_all_that_there_is(sqlite_url: str) -> None:
    db = Db(sqlite_url)
    asked: list[tuple[str, Any]] = []
    async with db.read() as s:
        connection = await s.connection()
        assert connection.sync_connection is not None
        event.listen(
            connection.sync_connection,
            "before_cursor_execute",
            lambda _c, _cursor, said, given, *_: asked.append((said, given)),
        )
        await outside.newest(s, 20)
        await outside.newest(s, 20, place("1-1-1"))
        for said, given in list(asked):
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", given)
            plan = [row.detail for row in rows]
            assert "USING INDEX ix_clip_outside" in plan[0], plan
            assert not any("TEMP B-TREE" in step for step in plan), plan
    await db.close()


@pytest.mark.parametrize("typed", ["", "1", "1-1-5", "1-1", "x-1-1", "٣-1-1", "1" * 18 + "-1-1"])
def test_what_is_no_place_is_none(typed: str) -> None:
    assert place(typed) is None
