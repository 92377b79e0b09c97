"""A lineage as text, for anybody who asks in chat."""

from __future__ import annotations

import random
import re

import pytest

from bot import lineage
from bot.lists import Listing
from bot.signs import Sign
from db.models import Job
from db.session import Db
from db.states import Descent, Status
from moderation.people import Person, Role
from moderation.rules import Refused
from tests.support.forest import SECRET, Forest, Tree, plant, put
from tests.support.studio import person

pytestmark = pytest.mark.databases("sqlite")

NAMES = ("Ada", "Bo", "Cy")


async def listed(db: Db, who: Person, job_id: int, page: int = 1) -> Listing:
    async with db.read() as s:
        return await lineage.listing(s, who, job_id, page)


def says(listing: Listing) -> list[str]:
    return [line.text for line in listing.lines]


async def planted(db: Db, *trees: tuple[int | None, Person, Status]) -> None:
    await put(db, [Tree(n, *tree) for n, tree in enumerate(trees, start=1)])


async def test_the_tree_says_who_made_what_out_of_which_clip(db: Db) -> None:
    ada, bo = await person(db, "Ada"), await person(db, "Bo")
    public = Status.PUBLISHED
    await planted(db, (None, ada, public), (1, bo, public), (2, ada, public), (2, bo, Status.READY))
    assert says(await listed(db, bo, 2)) == [
        "It grew out of 1 job; 2 jobs grew out of it.",
        "Job 1 by Ada.",
        "└── Your job 2 (this one), a remix of job 1, clip 2.",
        "└──── Job 3 by Ada, a remix of job 2, clip 2.",
        "└──── Your job 4, a remix of job 2, clip 2, ready, and seen by its artist alone.",
    ]
    other = await listed(db, ada, 2)
    assert says(other)[2:] == [
        "└── Job 2 by Bo (this one), a remix of job 1, clip 2.",
        "└──── Your job 3, a remix of job 2, clip 2.",
    ]
    assert [line.said for line in other.lines[1:]] == [f"{SECRET}-{n}." for n in (1, 2, 3)]
    assert [(b.sign, b.job_id) for b in other.buttons] == [(Sign.SHOW, 1), (Sign.SHOW, 3)]


async def test_a_withdrawn_parent_is_a_gap_and_its_children_name_nothing_of_it(db: Db) -> None:
    ada, bo = await person(db, "Ada"), await person(db, "Bo")
    await planted(
        db,
        (None, bo, Status.PUBLISHED),
        (1, ada, Status.WITHDRAWN),
        (2, bo, Status.PUBLISHED),
    )
    vera = await person(db, "Vera")
    assert says(await listed(db, vera, 3)) == [
        "It grew out of 1 job; no other job grew out of it.",
        "Job 1 by Bo.",
        "└── A job that isn't shown.",
        "└──── Job 3 by Bo (this one), a remix of one that isn't shown.",
    ]
    assert "└── Your job 2, a remix of job 1, clip 2, withdrawn." in says(await listed(db, ada, 1))
    with pytest.raises(Refused, match="no job 2 that you may see"):
        await listed(db, vera, 2)
    with pytest.raises(Refused, match="no job 99 that you may see"):
        await listed(db, vera, 99)


async def test_many_are_cut_counted_and_go_on_page_by_page(db: Db) -> None:
    ada = await person(db, "Ada")
    many = [(1, ada, Status.PUBLISHED)] * 30 + [(2, ada, Status.PUBLISHED)] * 5
    await planted(db, (None, ada, Status.PUBLISHED), *many)
    first, last = await listed(db, ada, 1), await listed(db, ada, 1, 3)
    assert says(first)[0] == "It grew out of no other job; 35 jobs grew out of it."
    assert "└──── and 3 more: /studio lineage 2" in says(first)
    assert first.more == "/studio lineage 1 2 shows 10 of 20 more."
    assert len(first.buttons) == 10
    assert (last.more, len(last.lines)) == ("", 12)
    with pytest.raises(Refused, match="This list has 3 pages"):
        await listed(db, ada, 1, 4)


async def test_who_has_no_relatives_is_told_so(db: Db) -> None:
    ada = await person(db, "Ada")
    await planted(db, (None, ada, Status.PUBLISHED), (1, ada, Status.READY))
    vera = await person(db, "Vera")
    assert says(await listed(db, vera, 1)) == [lineage.ALONE]


async def test_a_long_prompt_is_shortened(db: Db) -> None:
    ada = await person(db, "Ada")
    await planted(db, (None, ada, Status.PUBLISHED), (1, ada, Status.PUBLISHED))
    async with db.begin() as s:
        (await s.get_one(Job, 1)).prompt = "x" * 1000
    assert (await listed(db, ada, 2)).lines[1].said == "x" * lineage.SAID_LIMIT + "…"


def test_every_descent_has_words() -> None:
    assert set(lineage.KIND) == set(Descent)


@pytest.mark.parametrize("seed", range(2))
async def test_nobody_is_told_anything_of_what_they_may_not_see(db: Db, seed: int) -> None:
    forest = await plant(db, random.Random(seed), 40, NAMES)
    viewers = [
        await person(db, "Ada"),
        await person(db, "Mo", Role.MODERATOR),
        await person(db, "Vera"),
    ]
    asked = 0
    for who in viewers:
        for tree in forest.trees:
            if not tree.is_for(who):
                with pytest.raises(Refused):
                    await listed(db, who, tree.id)
                continue
            asked += 1
            found = await listed(db, who, tree.id)
            words = " ".join(f"{line.text} {line.said}" for line in found.lines)
            _tells_nothing(forest, who, words)
            assert all(forest[button.job_id].is_for(who) for button in found.buttons)
    assert asked > 40


def _tells_nothing(forest: Forest, who: Person, words: str) -> None:
    told = {int(n) for n in re.findall(rf"{SECRET}-(\d+)\.", words)}
    told |= {int(n) for n in re.findall(r"[Jj]ob (\d+)", words)}
    assert all(forest[job_id].is_for(who) for job_id in told)
    artists = {forest[job_id].artist.name for job_id in told}
    assert not {name for name in NAMES if re.search(rf"\b{name}\b", words)} - artists
