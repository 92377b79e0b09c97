"""Where films, reels, links and books meet: what one leaves undone, another must not stumble over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command

from bot import cards
from bot.view import view
from db import migrate
from db.session import Db
from db.states import Purpose, Reason, Status, Task
from moderation import bookkeeping, films
from moderation.bookkeeping import keep_books
from moderation.rules import Rules
from moderation.sweep import sweep
from moderation.wish import Request
from tests.moderation.opinions import YES, Five
from tests.support.studio import Studio
from tests.support.weeks import put_together, reel, swept, three


async def test_a_film_that_cannot_be_shown_holds_up_nothing_else(
    studio: Studio, cast: Five
) -> None:
    """It waits for room in review; by then one yes is enough, and a clip of it was taken down."""
    ada, _, _, mo, lin = cast
    shots = [await studio.rendered(ada) for _ in range(2)]
    for shot in shots:
        await studio.desk.review(mo, shot.id, YES)
    made_of = [(await studio.job(shot.id), 1) for shot in shots]
    request = Request("film", "web")
    async with studio.db.begin() as s:
        film = films.put_together(Task.FILM, made_of, request, ada.id, "a film", private=False)
        film_id = await films.add(s, film, made_of)
    claimed = await studio.claim(running_cap=9)
    assert claimed is not None
    await studio.finish(claimed)
    studio.desk.rules = Rules(quorum=2)
    await studio.desk.review(mo, film_id, YES)
    await studio.desk.keep(ada, film_id)
    await studio.desk.take_down(lin, shots[0].id, "dull")
    studio.desk.rules = Rules(quorum=2, backlog=0)
    await studio.desk.publish(ada, film_id)
    assert (await studio.job(film_id)).held
    await sweep(studio.db, studio.desk.broker, Rules(quorum=1))
    assert (await studio.job(film_id)).status is Status.IN_REVIEW


async def test_linking_and_the_books_wait_for_one_another(
    studio: Studio, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _, _, mo, lin = cast
    job = await studio.rendered(ada)
    await studio.desk.review(lin, job.id, YES)  # decided, and not booked yet
    code, changed = await studio.desk.link_code(mo), asyncio.Event()
    bring = bookkeeping.bring

    async def slowly(*given: Any) -> None:
        changed.set()
        await asyncio.sleep(0.5)
        await bring(*given)

    async def books() -> int:
        await changed.wait()
        return await keep_books(studio.db)

    monkeypatch.setattr(bookkeeping, "bring", slowly)
    linked, booked = await asyncio.gather(studio.desk.link(lin, code), books())
    assert linked.name == mo.name
    assert booked


async def test_a_reel_that_goes_leaves_moderators_nothing_to_do(studio: Studio, cast: Five) -> None:
    ada, *_, lin = cast
    jobs = await three(studio, cast)
    await swept(studio)
    shown = await put_together(studio)
    await studio.desk.report(lin, shown.id, Reason.SPAM)
    await studio.desk.withdraw(ada, jobs[0].id)
    async with studio.db.read() as s:
        seen = await view(s, shown.id)
    assert seen is not None
    assert (seen.job.status, seen.complaints) == (Status.WITHDRAWN, ())
    assert cards.paint_for(Purpose.REVIEW, seen).buttons == ()


async def test_a_clip_that_is_withdrawn_while_its_reel_is_made_is_not_in_it(
    studio: Studio, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, jobs = cast[0], await three(studio, cast)
    making, add = asyncio.Event(), films.add

    async def slowly(*given: Any) -> int:
        made = await add(*given)
        making.set()
        await asyncio.sleep(0.3)
        return made

    monkeypatch.setattr(films, "add", slowly)
    sweeping = asyncio.create_task(swept(studio))
    await making.wait()
    await studio.desk.withdraw(ada, jobs[0].id)
    await sweeping
    await swept(studio)
    made = await reel(studio)
    assert made is not None
    async with studio.db.read() as s:
        seen = await view(s, made.id)
    assert seen is not None
    assert seen.job.status is Status.QUEUED
    assert jobs[0].id not in [shown.job.id for shown in seen.parts]


async def test_a_week_is_drawn_again_after_going_back_and_forth(studio: Studio, cast: Five) -> None:
    await three(studio, cast)
    await swept(studio)
    await put_together(studio)
    await studio.db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(studio.db.url), "0014")
    await asyncio.to_thread(migrate.upgrade, studio.db.url)
    again = Studio(Db(studio.db.url), studio.desk.broker)
    await swept(again)
    made = await reel(again)
    await again.db.close()
    assert made is not None
    assert made.status is Status.QUEUED
