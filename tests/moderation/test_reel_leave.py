"""Whatever people do with the clips of a reel, it never shows one that may not be shown."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from db import clips, parts
from db.models import Job
from db.session import Db
from db.states import Flag, Status, Task
from moderation.people import Person, Role
from moderation.reels import FEWEST
from moderation.rules import Refused
from tests.moderation.machine import SilentBroker
from tests.support.studio import NO_BROKER, Studio, person
from tests.support.weeks import swept, three

FLAGS = {
    "hide": {Flag.SHOWCASE: False},
    "let be seen": {Flag.SHOWCASE: True},
    "be named": {Flag.NAMED: True},
    "be nameless": {Flag.NAMED: False},
}
DONE = [*FLAGS, "withdraw", "take down", "put back", "sweep", "render"]
ACTS = st.lists(st.tuples(st.sampled_from(DONE), st.integers(0, 2)), min_size=4, max_size=12)
"""What is done, and with which of three clips."""
_names = itertools.count()


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_no_reel_shows_what_may_not_be_shown(
    sqlite_url: str, tmp_path: Path, acts: list[tuple[str, int]]
) -> None:
    copy = tmp_path / f"{next(_names)}.db"
    shutil.copyfile(tmp_path / "test.db", copy)
    asyncio.run(played(Db(f"sqlite+aiosqlite:///{copy}"), acts))


async def played(db: Db, acts: list[tuple[str, int]]) -> None:
    studio = await Studio(db, SilentBroker(NO_BROKER)).open()
    cast = [await person(db, name) for name in ("ada", "bo", "cy")]
    cast += [await person(db, name, Role.MODERATOR) for name in ("mo", "lin")]
    for artist in cast[:2]:
        await studio.desk.consent_by_default(artist, {Flag.NAMED: True})
    made = await three(studio, cast)
    await swept(studio)
    await render(studio)
    await swept(studio)
    for act, which in [("render", 0), *acts]:
        with suppress(Refused):
            await do(studio, cast, made[which], act)
        await insist(studio)
    await db.close()


async def do(studio: Studio, cast: list[Person], job: Job, act: str) -> None:
    artist = next(who for who in cast if who.id == job.person_id)
    *_, mo, lin = cast
    match act:
        case "withdraw":
            await studio.desk.withdraw(artist, job.id)
        case "take down":
            await studio.desk.take_down(mo, job.id, "It is dull.")
        case "put back":
            await studio.desk.reinstate(lin, job.id)
        case "sweep":
            await swept(studio)
        case "render":
            await render(studio)
        case _ if act in FLAGS:
            await studio.desk.consent(artist, job.id, FLAGS[act], clip=1)


async def render(studio: Studio) -> None:
    claimed = await studio.claim()
    if claimed is not None:
        await studio.finish(claimed)


async def insist(studio: Studio) -> None:
    """What is promised of all reels that can be seen; that the first was shown makes sure of some."""
    public = select(Job).where(col(Job.task) == Task.REEL, col(Job.status) == Status.PUBLISHED)
    async with studio.db.read() as s:
        shown = list(await s.scalars(public))
        assert len(shown) <= 1, "one week has one reel"
        for reel in shown:
            made_of = await parts.of(s, reel.id)
            assert len(made_of) >= FEWEST
            for part, job in made_of:
                clip = await clips.get(s, part.job_id, part.clip)
                assert clip is not None
                assert job.status is Status.PUBLISHED
                assert clip.shown
                assert clip.showcase
                assert clip.named or not part.named
