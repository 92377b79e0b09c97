"""Who earns what: the table, and what is booked by it after each thing that happened."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any

import pytest

from db import books, ledger, renders, workers
from db.broker import Broker
from db.models import Job, utcnow
from db.session import Db
from db.states import BugKind, Descent, Flag, Reason, Verdict
from moderation import credit
from moderation.audit import audit
from moderation.bookkeeping import keep_books
from moderation.people import Person, Role
from moderation.rules import Refused
from moderation.sweep import closed_ballots
from moderation.wish import Wish
from tests.moderation.opinions import Five, link
from tests.support.books import settle
from tests.support.cards import job_of
from tests.support.studio import ABLE, OFFER, Studio, person, request

TABLE = credit.table()
TEXT = files("moderation").joinpath("earnings.toml").read_text("utf-8")


async def has(studio: Studio, *who: Person) -> list[int]:
    """What each of them has, once all is booked that waits."""
    await settle(studio.db)
    async with studio.db.read() as s:
        return [await ledger.balance(s, one.id) for one in who]


async def published(studio: Studio, artist: Person, by: Person, **wish: Any) -> Job:
    job = await studio.rendered(artist, **wish)
    await studio.desk.review(by, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


def test_the_share_of_a_parent_is_halved_with_each_generation() -> None:
    assert [TABLE.share(generation) for generation in range(7)] == [0, 16, 8, 4, 2, 1, 0]
    line = [job_of(n, descent=Descent.REMIX) for n in (1, 2, 3, 4, 5, 6)]
    assert credit.shares(job_of(0, descent=Descent.EXTEND), line, TABLE) == {
        1: 16,
        2: 8,
        3: 4,
        4: 2,
        5: 1,
    }


def test_nobody_earns_by_the_growth_of_their_own_work() -> None:
    ancestors = [job_of(1, descent=Descent.REMIX), job_of(2, descent=Descent.EXTEND), job_of(1)]
    assert credit.shares(job_of(1, descent=Descent.REMIX), ancestors, TABLE) == {2: 8}
    assert credit.shares(job_of(2, descent=Descent.REMIX), ancestors, TABLE) == {1: 16 + 4}


def test_an_artists_own_work_on_a_clip_is_no_generation() -> None:
    finals = [job_of(1, descent=Descent.REMIX), job_of(2, descent=Descent.VARY), job_of(2)]
    assert credit.shares(job_of(1, descent=Descent.FINAL), finals, TABLE) == {2: 16}


async def test_an_approved_job_earns_its_artist_and_whoever_reviewed_it(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    await published(studio, ada, mo)
    assert await has(studio, ada, mo, lin) == [TABLE.approved, TABLE.reviewed, 0]
    assert await has(studio, ada, mo, lin) == [TABLE.approved, TABLE.reviewed, 0]


async def test_a_no_earns_what_a_yes_does(studio: Studio, cast: Five) -> None:
    ada, _, _, mo, _ = cast
    job = await studio.rendered(ada)
    await studio.desk.review(mo, job.id, Verdict.REJECT, reason=Reason.SPAM)
    assert await has(studio, ada, mo) == [0, TABLE.reviewed]


async def test_reviews_earn_so_often_a_day_and_no_more(
    studio: Studio, cast: Five, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _, _, mo, _ = cast
    few = credit.read(TEXT.replace("a_day = 20", "a_day = 2"))
    monkeypatch.setattr(credit, "table", lambda: few)
    for _ in range(3):
        await published(studio, ada, mo)
    await keep_books(studio.db)
    assert await has(studio, ada, mo) == [3 * few.approved, 2 * few.reviewed]


async def test_what_is_taken_down_earns_nothing_until_it_is_back(
    studio: Studio, cast: Five
) -> None:
    ada, _, _, mo, lin = cast
    job = await published(studio, ada, mo)
    await studio.desk.take_down(mo, job.id, "It shows a real person.")
    assert await has(studio, ada) == [0]
    await studio.desk.appeal(ada, job.id, "It doesn't.")
    await studio.desk.review(lin, job.id, Verdict.APPROVE)
    assert await has(studio, ada) == [TABLE.approved]


async def test_what_was_passed_on_is_written_off_and_nobody_owes(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, mo)
    other = await published(studio, bo, mo)
    await has(studio)
    await studio.desk.tip(ada, other.id)
    await studio.desk.take_down(mo, job.id, "It shows a real person.")
    assert await has(studio, ada, bo) == [0, TABLE.approved + 1]
    async with studio.db.read() as s:
        assert (await books.sums(s))["written_off", "credit"] == -1


async def test_the_artist_of_a_winning_clip_earns_once(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, mo)
    unvoted = await published(studio, bo, mo)
    await studio.desk.vote(bo, job.id, 2)
    for one in (job, unvoted):
        await studio.change(one.id, ballot_closes_at=utcnow())
    await closed_ballots(studio.db)
    assert await has(studio, ada, bo) == [TABLE.approved + TABLE.won, TABLE.approved]


async def test_a_remix_tree_adds_up(studio: Studio, cast: Five) -> None:
    ada, bo, cy, mo, _ = cast
    await studio.open([ABLE])
    first = await published(studio, ada, mo)
    await studio.desk.consent(ada, first.id, {Flag.REMIX: True})
    second = await grown(studio, bo, first, mo)
    await studio.desk.consent(bo, second.id, {Flag.REMIX: True})
    await grown(studio, cy, second, mo)
    own = TABLE.approved
    assert await has(studio, ada, bo, cy) == [own + 16 + 8, own + 16, own]


async def grown(studio: Studio, artist: Person, parent: Job, by: Person) -> Job:
    asked = Wish("a cube", strength=0.5)
    job = await studio.desk.remix(artist, parent.id, 1, request(), asked)
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    await studio.desk.review(by, job.id, Verdict.APPROVE)
    return await studio.job(job.id)


@pytest.mark.parametrize(("owner", "earned"), [("test::bo", 12), ("test::nobody", 0), ("", 0)])
async def test_whose_machine_renders_for_others_earns_by_the_second(
    studio: Studio, cast: Five, owner: str, earned: int
) -> None:
    ada, bo, *_ = cast
    async with studio.db.begin() as s:
        await workers.announce(s, "worker", [OFFER], "ready", 2, owner)
    for artist in (ada, bo):
        await studio.submit(artist)
        job = await studio.claim()
        assert job is not None
        async with studio.db.begin() as s:
            assert await renders.finish(s, job.id, job.attempt, [], (), compute_seconds=12.4)
    assert await has(studio, bo) == [earned]


# ── tips ─────────────────────────────────────────────────────────────────────────────────


async def test_a_tip_is_ones_own_credit_given_once_and_taken_back(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, mo)
    with pytest.raises(Refused, match="you have none yet"):
        await studio.desk.tip(bo, job.id)
    assert await has(studio, ada, mo) == [TABLE.approved, TABLE.reviewed]
    for _ in range(2):
        await studio.desk.tip(mo, job.id)
    assert await has(studio, ada, mo) == [TABLE.approved + 1, TABLE.reviewed - 1]
    await studio.desk.take_back_tip(mo, job.id)
    assert await has(studio, ada, mo) == [TABLE.approved, TABLE.reviewed]
    with pytest.raises(Refused, match="given no tip"):
        await studio.desk.take_back_tip(mo, job.id)
    await studio.desk.tip(mo, job.id)
    assert await has(studio, ada, mo) == [TABLE.approved + 1, TABLE.reviewed - 1]


async def test_a_tip_is_for_somebody_elses_work_in_the_showcase(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    job = await studio.rendered(ada)
    with pytest.raises(Refused, match="This job is yours"):
        await studio.desk.tip(ada, job.id)
    with pytest.raises(Refused, match="no job 1 in the showcase"):
        await studio.desk.tip(bo, job.id)
    await studio.desk.review(mo, job.id, Verdict.APPROVE)
    with pytest.raises(Refused, match="given no tip"):
        await studio.desk.take_back_tip(bo, job.id)


async def test_a_tip_that_was_passed_on_stays_given(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, mo)
    await has(studio)
    await studio.desk.tip(mo, job.id)
    async with studio.db.begin() as s:
        hers, his = [await ledger.account_of(s, who.id) for who in (ada, bo)]
        await ledger.book(s, "gone", "tip", {hers.id: -21, his.id: 21})
    with pytest.raises(Refused, match="passed your tip on"):
        await studio.desk.take_back_tip(mo, job.id)


# ── bugs ─────────────────────────────────────────────────────────────────────────────────


async def test_a_bug_that_two_moderators_accept_is_credited(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, lin = cast
    desk = studio.desk
    bug = await desk.report_bug(ada, BugKind.BUG, "A click on the moon shows the sun.", "web")
    assert (await desk.report_bug(ada, BugKind.BUG, bug.text, "web")).id == bug.id
    assert await desk.judge_bug(mo, bug.id, True) is None
    assert await desk.judge_bug(mo, bug.id, True) is None
    with pytest.raises(Refused, match="Only moderators"):
        await desk.judge_bug(bo, bug.id, True)
    assert await has(studio, ada) == [0]
    assert await desk.judge_bug(lin, bug.id, True) is True
    assert await has(studio, ada) == [TABLE.found]
    with pytest.raises(Refused, match="accepted already"):
        await desk.judge_bug(lin, bug.id, False)


async def test_a_bug_that_two_moderators_decline_earns_nothing(studio: Studio, cast: Five) -> None:
    _, _, _, mo, lin = cast
    third = await person(studio.db, "third", Role.MODERATOR)
    bug = await studio.desk.report_bug(mo, BugKind.RED_TEAM, "Words in a picture pass.", "web")
    with pytest.raises(Refused, match="This report is yours"):
        await studio.desk.judge_bug(mo, bug.id, True)
    assert await studio.desk.judge_bug(lin, bug.id, True) is None
    assert await studio.desk.judge_bug(lin, bug.id, False) is None
    assert await studio.desk.judge_bug(third, bug.id, False) is False
    assert await has(studio, mo) == [0]
    with pytest.raises(Refused, match="There is no report 9"):
        await studio.desk.judge_bug(lin, 9, False)


async def test_bug_reports_say_something_and_few_wait_at_once(studio: Studio, cast: Five) -> None:
    ada = cast[0]
    with pytest.raises(Refused, match="Say in a few sentences"):
        await studio.desk.report_bug(ada, BugKind.BUG, " \u200b", "web")
    for number in range(5):
        await studio.desk.report_bug(ada, BugKind.BUG, f"bug {number}", "web")
    with pytest.raises(Refused, match="5 reports of yours wait"):
        await studio.desk.report_bug(ada, BugKind.BUG, "one more", "web")


# ── links, and many at once ──────────────────────────────────────────────────────────────


async def test_two_who_are_one_have_one_balance_and_part_with_what_was_brought(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    await published(studio, ada, mo)
    await published(studio, bo, mo)
    await has(studio)
    await link(studio, ada, bo)
    assert await has(studio, ada, bo) == [2 * TABLE.approved, 0]
    await published(studio, bo, mo)
    assert await has(studio, ada) == [3 * TABLE.approved]
    await studio.desk.unlink(bo)
    assert await has(studio, ada, bo) == [2 * TABLE.approved, TABLE.approved]


async def test_many_who_keep_the_books_at_once_book_each_thing_once(
    postgres_url: str, valkey: str
) -> None:
    db, broker = Db(postgres_url), Broker(valkey)
    studio = await Studio(db, broker).open()
    ada, mo = await person(db, "ada"), await person(db, "mo", Role.MODERATOR)
    for _ in range(5):
        await published(studio, ada, mo)
    await asyncio.gather(*(keep_books(db) for _ in range(6)))
    assert await has(studio, ada, mo) == [5 * TABLE.approved, 5 * TABLE.reviewed]
    async with db.read() as s:
        assert [replay async for replay in audit(s)][-1].count == 6
    await broker.close()
    await db.close()
