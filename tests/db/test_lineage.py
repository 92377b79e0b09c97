"""The walks up and down a lineage, on both databases."""

from __future__ import annotations

import random

import pytest

from db import clips, lineage
from db.lineage import Eyes
from db.models import Job
from db.session import Db
from db.states import Status
from moderation.lineage import known_of_others
from moderation.people import Person, Role
from tests.support.forest import SECRET, Forest, Tree, plant, put
from tests.support.studio import person


def eyes(who: Person) -> Eyes:
    return Eyes(who.id, known_of_others(who))


async def viewers(db: Db) -> list[Person]:
    return [
        await person(db, "ada"),
        await person(db, "mo", Role.MODERATOR),
        await person(db, "vera"),  # who has made nothing
    ]


@pytest.mark.parametrize("seed", range(2))
async def test_everybody_is_told_of_what_they_may_see_and_of_the_rest_that_it_is_there(
    db: Db, seed: int
) -> None:
    forest = await plant(db, random.Random(seed), 120, ("ada", "bo", "cy"))
    for who in await viewers(db):
        for job_id in range(1, 121, 13):
            await _is_told(db, forest, who, job_id)


async def _is_told(db: Db, forest: Forest, who: Person, job_id: int) -> None:
    async with db.read() as s:
        up = await lineage.ancestors(s, job_id, eyes(who))
        down = await lineage.descendants(s, job_id, eyes(who))
        told = await lineage.told(s, [kin.job_id for kin in [*up, *down]], eyes(who))
    assert [kin.job_id for kin in up] == [job_id, *(tree.id for tree in forest.above(job_id))]
    assert {kin.job_id for kin in down} == {job_id, *forest.below(job_id)}
    met: set[int | None] = {forest[job_id].parent}
    for kin in down:
        assert kin.parent_id in met
        met.add(kin.job_id)
    for kin in [*up, *down]:
        tree = forest[kin.job_id]
        assert (kin.parent_id, kin.seen) == (tree.parent, tree.is_for(who))
        assert (kin.job_id in told) is kin.seen
    for relative in told.values():
        tree = forest[relative.job_id]
        assert (relative.artist, relative.status) == (tree.artist.name, tree.status)
        assert relative.prompt == f"{SECRET}-{tree.id}."


async def test_a_walk_is_bounded_in_depth_and_in_number(db: Db) -> None:
    ada = await person(db, "ada")
    chain = [Tree(n, n - 1 or None, ada, Status.PUBLISHED) for n in range(1, 21)]
    await put(db, chain)
    async with db.read() as s:
        up = await lineage.ancestors(s, 20, eyes(ada), most_deep=5)
        down = await lineage.descendants(s, 1, eyes(ada), most_deep=5)
        few = await lineage.descendants(s, 1, eyes(ada), most_jobs=3)
    assert [kin.job_id for kin in up] == [20, 19, 18, 17, 16, 15]
    assert [kin.job_id for kin in down] == [1, 2, 3, 4, 5, 6]
    assert [kin.job_id for kin in few] == [1, 2, 3, 4]  # one more says that there are more


@pytest.mark.parametrize(
    ("status", "others", "artist"),
    [
        (Status.PUBLISHED, 2, 2),
        (Status.WITHDRAWN, None, 1),
        (Status.READY, None, 1),
        (Status.QUEUED, None, 0),
    ],
)
async def test_the_picture_of_a_job_is_one_that_they_may_see(
    db: Db, status: Status, others: int | None, artist: int
) -> None:
    ada, bo = await person(db, "ada"), await person(db, "bo")
    await put(db, [Tree(1, None, ada, status)])
    async with db.read() as s:
        seen = await lineage.told(s, [1], eyes(bo))
        own = await lineage.told(s, [1], eyes(ada))
    assert (seen[1].poster if seen else None) == others
    assert own[1].poster == artist


async def test_the_winner_is_the_picture_and_what_waits_for_review_stays_covered(db: Db) -> None:
    ada, mo = await person(db, "ada"), await person(db, "mo", Role.MODERATOR)
    await put(
        db, [Tree(1, None, ada, Status.PUBLISHED), Tree(2, 1, ada, Status.IN_REVIEW)], shown=1
    )
    async with db.begin() as s:
        await clips.show(s, 1, (1, 2))
        (await s.get_one(Job, 1)).winner = 2
    async with db.read() as s:
        told = await lineage.told(s, [1, 2], eyes(mo))
    assert {job_id: relative.poster for job_id, relative in told.items()} == {1: 2, 2: 0}
