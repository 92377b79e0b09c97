"""Any lineages that there may be: jobs, each of which may have grown out of an earlier one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from db.models import Clip, Job
from db.session import Db
from db.states import FINISHED, Descent, Status
from moderation.people import Person
from tests.support.studio import person

SECRET = "secret"
"""With the job's number after it: its prompt."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One planted job."""

    id: int
    parent: int | None
    artist: Person
    status: Status

    def is_for(self, who: Person) -> bool:
        """What people are promised, said once more without the rules' own words."""
        if self.artist.id == who.id or self.status is Status.PUBLISHED:
            return True
        return who.moderates and self.status in {Status.IN_REVIEW, Status.APPEALED}


@dataclass(frozen=True, slots=True)
class Forest:
    trees: Sequence[Tree]

    def __getitem__(self, job_id: int) -> Tree:
        return self.trees[job_id - 1]

    def above(self, job_id: int) -> Iterator[Tree]:
        """The nearest first."""
        parent = self[job_id].parent
        while parent is not None:
            yield self[parent]
            parent = self[parent].parent

    def below(self, job_id: int) -> set[int]:
        found = {job_id}
        for tree in self.trees:  # parents are older than their children
            if tree.parent in found:
                found.add(tree.id)
        return found - {job_id}


async def plant(db: Db, luck: random.Random, count: int, names: Sequence[str]) -> Forest:
    """Jobs of any status and anybody; those that can have clips have two, of which one may be shown."""
    artists = [await person(db, name) for name in names]
    statuses = [*Status, *[Status.PUBLISHED] * len(Status)]
    trees = []
    for number in range(1, count + 1):
        parent = luck.randint(1, number - 1) if number > 1 and luck.random() < 0.9 else None
        trees.append(Tree(number, parent, luck.choice(artists), luck.choice(statuses)))
    await put(db, trees)
    return Forest(trees)


async def put(db: Db, trees: Sequence[Tree], shown: int = 2) -> None:
    """``shown``: the clip that is in the showcase, of those that are published."""
    made = [_job(tree) for tree in trees]
    clips = [
        Clip(
            job_id=tree.id,
            number=number,
            seed=7,
            video_key=f"{tree.id:063x}{number}.mp4",
            poster_key=f"{tree.id:063x}{number}.jpg",
            preview_key=f"{tree.id:063x}{number}.webp",
            bytes=9,
            shown=number == shown and tree.status is Status.PUBLISHED,
        ).model_dump()
        for tree in trees
        if tree.status in FINISHED
        for number in (1, 2)
    ]
    async with db.begin() as s:
        await s.execute(insert(Job), made)
        if clips:
            await s.execute(insert(Clip), clips)


def _job(tree: Tree) -> dict[str, object]:
    return Job(
        id=tree.id,
        request_key=f"forest-{tree.id}",
        person_id=tree.artist.id,
        room="web",
        prompt=f"{SECRET}-{tree.id}.",
        model="toy",
        aspect="1:1",
        width=64,
        height=64,
        frames=16,
        fps=8,
        steps=4,
        final_steps=4,
        guidance=2,
        seed=7,
        variations=2,
        status=tree.status,
        parent_id=tree.parent,
        parent_clip=2 if tree.parent else None,
        descent=Descent.REMIX if tree.parent else None,
    ).model_dump()
