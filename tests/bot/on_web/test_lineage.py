"""The drawn lineage on a job's page."""

from __future__ import annotations

import json
import random
import re
from dataclasses import asdict
from html import unescape
from itertools import combinations

import pytest

from bot.on_web.lineage import HEIGHT, MORE_HEIGHT, WIDTH, Drawing, Spot, drawing
from db.models import Clip
from db.session import Db
from db.states import Descent, Flag, Status
from moderation import lineage
from moderation.people import Person, Role
from tests.bot.on_web.served import Be, Served
from tests.support.forest import SECRET, Tree, plant, put
from tests.support.studio import ABLE, person


async def drawn(db: Db, who: Person, job_id: int, page: int = 1) -> Drawing | None:
    async with db.read() as s:
        return drawing(await lineage.of_job(s, who, job_id, page), who)


def section(page: str) -> str:
    found = re.search(r'<section id="lineage".*</section>', page, re.DOTALL)
    return unescape(found[0]) if found else ""


@pytest.fixture
async def family(served: Served) -> Served:
    """Job 1 is Ada's; 2 is Bo's remix of it; Lin went on from that with 3, and Bo from that with 4."""
    await served.open([ABLE])
    first = await served.published("ada", prompt="A <b>red</b> circle")
    await served.desk.consent(await served.known("ada"), first.id, {Flag.REMIX: True})
    parent, hidden = first.id, await served.known("lin")
    for key, prompt in (("bo", "At night"), ("lin", "Under water"), ("bo", "In the woods")):
        job = await served.published(key, prompt=prompt)
        grown = {"parent_id": parent, "parent_clip": 2, "descent": Descent.REMIX}
        await served.change(job.id, **grown)
        parent = job.id
    await served.desk.withdraw(hidden, 3)
    await served.told()
    return served


async def test_the_page_draws_the_tree_and_says_it_again_as_a_list(family: Served, be: Be) -> None:
    part = section(await be("ada").page("/jobs/1"))
    drawing_, listed = part.split("<details>")
    assert 'href="/as/ada/jobs/2/clips/1.jpg"' in drawing_
    for words in ("Job 2 by Bo, a remix of job 1, clip 2.", "At night", "A <b>red</b> circle"):
        assert words in drawing_
        assert words in listed
    assert "Your job 1 (this one)." in listed
    assert 'href="/as/ada/jobs/4"' in listed


async def test_what_was_withdrawn_is_a_gap_in_it(family: Served, be: Be) -> None:
    for who in ("ada", "bo", "mo"):
        part = section(await be(who).page("/jobs/2"))
        assert "Not shown" in part
        assert "a remix of one that isn't shown" in part
        for leak in ("by Lin", "Under water", "jobs/3", "Job 3", "job 3"):
            assert leak not in part
    own = section(await be("lin").page("/jobs/2"))
    assert "Your job 3, a remix of job 2, clip 2, withdrawn." in own
    assert "Under water" in own
    assert "Not shown" not in own


async def test_words_of_people_are_words(family: Served, be: Be) -> None:
    page = await be("bo").page("/jobs/1")
    assert "<b>red" not in page
    assert "&lt;b&gt;red" in page.split('id="lineage"')[1]


async def test_there_is_no_tree_of_one(served: Served, be: Be) -> None:
    job = await served.published("ada")
    assert section(await be("bo").page(f"/jobs/{job.id}")) == ""


async def test_a_moderator_sees_no_more_of_a_rejected_job_than_its_card(
    served: Served, be: Be
) -> None:
    first = await served.published("ada")
    job = await served.rejected("bo")
    await served.change(job.id, parent_id=first.id, parent_clip=1, descent=Descent.VARY)
    assert section(await be("lin").page(f"/jobs/{job.id}")) == ""
    assert section(await be("bo").page(f"/jobs/{job.id}"))


async def test_many_children_are_shown_page_by_page(served: Served, be: Be) -> None:
    first = await served.published("ada")
    ada = await served.known("ada")
    trees = [Tree(n, first.id, ada, Status.PUBLISHED) for n in range(2, 26)]
    trees += [Tree(n, 2, ada, Status.PUBLISHED) for n in range(26, 36)]
    await put(served.db, trees)
    part = section(await be("bo").page(f"/jobs/{first.id}"))
    assert "34 jobs grew out of it" in part
    assert f'href="/as/bo/jobs/{first.id}?page=2#lineage"' in part
    assert 'href="/as/bo/jobs/2#lineage"' in part  # where the rest of the children of job 2 are
    assert "and 14 more" in part
    assert "Job 12 " not in part
    last = section(await be("bo").page(f"/jobs/{first.id}?page=3"))
    assert "Job 25 " in last
    assert "?page=2#lineage" in last
    assert "More that grew out of it" not in last
    assert section(await be("bo").page(f"/jobs/{first.id}?page=999")) == last


def box(spot: Spot) -> tuple[float, float, float, float]:
    return spot.x, spot.y, spot.x + WIDTH, spot.y + (MORE_HEIGHT if spot.more else HEIGHT)


def overlap(one: Spot, other: Spot) -> bool:
    (a, b, c, d), (w, x, y, z) = box(one), box(other)
    return a < y and w < c and b < z and x < d


@pytest.mark.parametrize("seed", range(2))
async def test_nothing_overlaps_and_nothing_leaks_whoever_looks(db: Db, seed: int) -> None:
    forest = await plant(db, random.Random(seed), 150, ("Ada", "Bo", "Cy"))
    for who in (await person(db, "Ada"), await person(db, "Mo", Role.MODERATOR)):
        for tree in (tree for tree in forest.trees[:30] if tree.is_for(who)):
            found = await drawn(db, who, tree.id)
            if found is None:
                continue
            for one, other in combinations(found.spots, 2):
                assert not overlap(one, other)
            for x, y, right, bottom in map(box, found.spots):
                assert min(x, y) >= 0
                assert (right <= found.width) & (bottom <= found.height)
            told = json.dumps(asdict(found))
            shown = {int(n) for n in re.findall(rf"{SECRET}-(\d+)\.", told)}
            shown |= {
                int(n) for n in re.findall(r'[Jj]ob (\d+)|"job_id": (\d+)', told) for n in n if n
            }
            assert all(forest[job_id].is_for(who) for job_id in shown)
            artists = {forest[job_id].artist.name for job_id in shown}
            assert not {name for name in ("Ada", "Bo", "Cy") if f"by {name}" in told} - artists


async def test_a_picture_is_asked_for_only_where_they_may_see_it(db: Db) -> None:
    ada, bo = await person(db, "Ada"), await person(db, "Bo")
    await put(db, [Tree(1, None, ada, Status.PUBLISHED), Tree(2, 1, ada, Status.PUBLISHED)])
    async with db.begin() as s:
        for number in (1, 2):
            (await s.get_one(Clip, (2, number))).shown = False
    found = await drawn(db, bo, 1)
    assert found is not None
    assert [spot.poster for spot in found.spots] == [2, 0]
