"""Films in the studio: whose work they are, who decides about them, and what becomes of their parts."""

from __future__ import annotations

import pytest

from db import events
from db.models import Job
from db.states import Kind, Status, Task, Verdict
from moderation import films
from moderation.films import Clips
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Wish
from tests.moderation.opinions import Five
from tests.support.studio import Studio, request

pytestmark = pytest.mark.databases("sqlite")


async def film_of(
    studio: Studio, *artists: Person, task: Task = Task.FILM
) -> tuple[Job, list[Job]]:
    """A finished film of the first one's, with a clip of each."""
    parts = [await studio.rendered(who, private=True, variations=1) for who in artists]
    shown: Clips = [(job, 1) for job in parts]
    private = task is Task.GLIMPSE
    made = films.put_together(task, shown, request(), artists[0].id, "both", private=private)
    async with studio.db.begin() as s:
        await films.add(s, made, shown)
    claimed = await studio.claim()
    assert claimed is not None
    assert claimed.id == made.id
    assert await studio.finish(claimed)
    return await studio.job(made.id), parts


async def test_a_film_is_reviewed_published_and_voted_on(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    film, _ = await film_of(studio, ada, bo)
    assert film.status is Status.IN_REVIEW
    await studio.desk.review(mo, film.id, Verdict.APPROVE)
    assert (await studio.job(film.id)).status is Status.PUBLISHED
    await studio.desk.vote(cy, film.id, 1)


async def test_nobody_decides_about_a_film_with_a_clip_of_theirs(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, lin = cast
    film, _ = await film_of(studio, ada, bo, mo)
    with pytest.raises(Refused, match="A clip of yours is in this film"):
        await studio.desk.review(mo, film.id, Verdict.APPROVE)
    await studio.desk.review(lin, film.id, Verdict.APPROVE)
    with pytest.raises(Refused, match="A clip of yours is in this film"):
        await studio.desk.vote(bo, film.id, 1)
    with pytest.raises(Refused, match="A clip of yours is in this film"):
        await studio.desk.take_down(mo, film.id, "It is dull.")


async def test_whoever_withdraws_a_clip_takes_the_film_with_it(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    film, parts = await film_of(studio, ada, bo)
    other, _ = await film_of(studio, ada)
    await studio.desk.review(mo, film.id, Verdict.APPROVE)
    await studio.desk.withdraw(bo, parts[1].id)
    assert (await studio.job(film.id)).status is Status.WITHDRAWN
    async with studio.db.read() as s:
        last = (await events.of(s, film.id))[-1]
    assert (last.kind, last.person_id, last.detail) == (
        Kind.WITHDRAWN,
        bo.id,
        {"part": parts[1].id},
    )
    assert (await studio.job(parts[0].id)).status is Status.READY
    assert (await studio.job(other.id)).status is Status.IN_REVIEW


async def test_nothing_grows_out_of_a_film_but_out_of_its_clips(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    film, _ = await film_of(studio, ada, bo)
    again = studio.desk.again(ada, film.id, request())
    extend = studio.desk.extend(ada, film.id, 1, request())
    redraw = studio.desk.redraw(ada, film.id, 1, request(), Wish("a blue circle", model="toy"))
    for asked in (again, extend, redraw):
        with pytest.raises(Refused, match="is put together from other clips"):
            await asked


async def test_a_glimpse_is_never_published(studio: Studio, cast: Five) -> None:
    ada, *_ = cast
    glimpse, _ = await film_of(studio, ada, task=Task.GLIMPSE)
    assert glimpse.status is Status.READY
    with pytest.raises(Refused, match="for you alone"):
        await studio.desk.publish(ada, glimpse.id)
