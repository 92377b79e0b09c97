"""One person of two identities: what they allow, what their files say, what they said of bugs."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from db import bugs, clips, consents
from db.models import Clip
from db.states import BugKind, Flag
from moderation.people import Person, Role
from tests.moderation.opinions import Five, link, moderating
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


async def allowed(studio: Studio, who: Person) -> set[Flag]:
    async with studio.db.read() as s:
        return {flag for flag, given in (await consents.defaults(s, who.id)).items() if given}


async def test_their_clips_begin_only_with_what_both_allow(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    await studio.desk.consent_by_default(ada, {Flag.REMIX: True, Flag.DATASET: True})
    await studio.desk.consent_by_default(bo, {Flag.REMIX: True, Flag.SHOWCASE: False})
    before = await studio.rendered(bo, private=True)
    async with studio.db.read() as s:
        told = await consents.history(s, before.id)
    await link(studio, ada, bo)
    assert await allowed(studio, ada) == {Flag.REMIX}
    async with studio.db.read() as s:
        assert await consents.history(s, before.id) == told
    await studio.desk.unlink(bo)
    assert await allowed(studio, bo) == {Flag.REMIX}
    assert await allowed(studio, ada) == {Flag.REMIX}, "what was taken back stays so"


async def test_a_file_that_names_its_artist_is_signed_anew(studio: Studio, cast: Five) -> None:
    ada, bo, *_ = cast
    hers, his = [await studio.rendered(who, private=True) for who in (ada, bo)]
    for who, job in ((ada, hers), (bo, his)):
        await studio.desk.consent(who, job.id, {Flag.NAMED: True}, 1)

    async def signed() -> None:
        async with studio.db.begin() as s:
            await s.execute(update(Clip).values(signed=True))

    async def unsigned() -> list[tuple[int, int]]:
        async with studio.db.read() as s:
            return await clips.unsigned(s)

    await signed()
    await link(studio, ada, bo)
    assert await unsigned() == [(his.id, 1)]
    await signed()
    await studio.desk.unlink(bo)
    assert await unsigned() == [(his.id, 1)]


async def test_of_two_opinions_on_a_bug_the_newer_counts(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    third = await person(studio.db, "third", Role.MODERATOR)
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "The moon is a sun.", "web")
    await studio.desk.judge_bug(lin, bug.id, True)
    await studio.desk.judge_bug(mo, bug.id, False)
    await link(studio, mo, lin)
    assert await studio.desk.judge_bug(third, bug.id, True) is None, "a yes that was overtaken"
    assert await studio.desk.judge_bug(lin, bug.id, True) is True


async def test_a_report_is_theirs_from_both_rooms(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, lin = cast
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "The moon is a sun.", "web")
    await studio.desk.judge_bug(mo, bug.id, True)
    await link(studio, mo, ada)
    async with studio.db.read() as s:
        assert [found.id for found in await bugs.waiting(s, mo.id)] == [bug.id]
    assert await studio.desk.judge_bug(lin, bug.id, True) is None, "nobody credits themselves"
    third = await person(studio.db, "third", Role.MODERATOR)
    assert await studio.desk.judge_bug(moderating(third), bug.id, True) is True
