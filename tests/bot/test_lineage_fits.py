"""The fullest lineage, with the longest words, in a message of each room."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator

import pytest

from bot import lineage
from bot.lists import Listing
from bot.on_discord.studio import painted as on_discord
from bot.on_slack.home import painted as on_slack
from db.models import Job
from db.session import Db
from db.states import Status
from tests.support.forest import Tree, put
from tests.support.studio import person

NAME, WORDS = "*_~`|<@1>" * 8, "<!channel> [a](https://x.example) *b* " * 20


@pytest.fixture
async def fullest(sqlite_url: str) -> AsyncIterator[Listing]:
    """Of a job with more ancestors, children and grandchildren than anything shows."""
    db, luck = Db(sqlite_url), random.Random(3)
    ada = await person(db, NAME)
    trees = [Tree(n, n - 1 or None, ada, Status.PUBLISHED) for n in range(1, 11)]
    trees += [Tree(n, 10, ada, Status.PUBLISHED) for n in range(11, 31)]
    trees += [Tree(n, luck.randint(11, 30), ada, Status.PUBLISHED) for n in range(31, 301)]
    await put(db, trees)
    async with db.begin() as s:
        for tree in trees:
            (await s.get_one(Job, tree.id)).prompt = WORDS
    async with db.read() as s:
        yield await lineage.listing(s, ada, 10)
    await db.close()


def starts(listing: Listing) -> list[str]:
    """How each line begins, which is how the tree is seen."""
    return [line.text.split(",")[0][:20] for line in listing.lines]


async def test_slack_shows_all_of_it(fullest: Listing) -> None:
    blocks = on_slack(fullest)
    assert len(blocks) <= 50
    told = json.dumps(blocks, ensure_ascii=False)
    assert all(start in told for start in starts(fullest))
    assert fullest.more in told
    assert not [block for block in blocks if "mrkdwn" in json.dumps(block)]


async def test_discord_shows_all_of_it_and_nothing_in_it_acts(fullest: Listing) -> None:
    view = on_discord(fullest)
    text = "\n".join(getattr(item, "content", "") for item in view.walk_children())
    assert len(text) <= 4000
    assert view.total_children_count <= 40
    for start in starts(fullest):
        assert start in text.replace("\\", "")
    for active in ("<@", "<!", "](http", " *b"):
        assert active not in text
