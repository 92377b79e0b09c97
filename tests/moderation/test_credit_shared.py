"""Credit where more than one person has a part in it: links, films, and what moderators judge."""

from __future__ import annotations

import pytest

from db import books, reports
from db.session import Db
from db.states import BugKind, Flag, Reason, Verdict
from moderation import credit
from moderation.audit import audit
from moderation.rules import Refused, Rules
from tests.moderation.opinions import Five, link
from tests.moderation.test_credit import TABLE, has, published
from tests.moderation.test_screened import STOPPED
from tests.support.studio import Studio


async def in_order(db: Db) -> bool:
    async with db.read() as s:
        return [replay async for replay in audit(s)][-1].count > 0


async def test_what_is_taken_down_is_taken_back_from_whoever_its_artist_is_now(
    studio: Studio, cast: Five
) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, bo, mo)
    assert await has(studio, ada, bo) == [0, TABLE.approved]
    await link(studio, ada, bo)
    await studio.desk.take_down(mo, job.id, "It shows a real person.")
    assert await has(studio, ada, bo) == [0, 0]
    async with studio.db.read() as s:
        assert ("written_off", "credit") not in await books.sums(s)
    assert await in_order(studio.db)


async def test_a_tip_is_taken_back_from_whoever_has_it_now(studio: Studio, cast: Five) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, bo, mo)
    await has(studio)
    await studio.desk.tip(mo, job.id)
    await link(studio, ada, bo)
    await studio.desk.take_back_tip(mo, job.id)
    assert await has(studio, ada, mo) == [TABLE.approved, TABLE.reviewed]


async def test_two_moderators_who_are_one_accept_no_bug(studio: Studio, cast: Five) -> None:
    ada, _, cy, mo, lin = cast
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "The moon is a sun.", "web")
    await studio.desk.judge_bug(lin, bug.id, True)
    await link(studio, mo, lin)
    assert await studio.desk.judge_bug(mo, bug.id, True) is None
    assert await has(studio, ada) == [0]
    await link(studio, cy, ada)
    moderating = type(mo)(cy.id, cy.name, mo.roles)
    with pytest.raises(Refused, match="This report is yours"):
        await studio.desk.judge_bug(moderating, bug.id, True)


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT])
async def test_a_block_that_was_appealed_earns_the_same_either_way(
    studio: Studio, cast: Five, verdict: Verdict
) -> None:
    ada, _, _, mo, lin = cast
    studio.desk.rules = Rules(appeal_quorum=2)
    job = await studio.submit(ada, STOPPED)
    await studio.desk.appeal(ada, job.id, "It is about seals.")
    for who in (mo, lin):
        await studio.desk.review(who, job.id, verdict, reason=Reason.OTHER, sentence="So.")
    assert await has(studio, mo, lin) == [TABLE.reviewed, TABLE.reviewed]


@pytest.mark.parametrize(
    ("amount", "people", "shares"),
    [(20, [7], {7: 20}), (20, [1, 2, 3], {1: 7, 2: 7, 3: 6}), (1, [1, 2], {1: 1})],
)
def test_what_several_earn_together_is_the_same_for_each_of_them(
    amount: int, people: list[int], shares: dict[int, int]
) -> None:
    assert credit.split(amount, people) == shares


@pytest.mark.parametrize("leaves", ["withdraw", "consent"])
async def test_what_its_artist_takes_out_of_the_showcase_keeps_its_credit_and_no_open_report(
    studio: Studio, cast: Five, leaves: str
) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, mo)
    await studio.desk.report(bo, job.id, Reason.SPAM)
    if leaves == "withdraw":
        await studio.desk.withdraw(ada, job.id)
    else:
        await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: False})
    async with studio.db.read() as s:
        assert all(report.settled_at for report in await reports.of(s, job.id))
    assert await has(studio, ada, mo) == [TABLE.approved, TABLE.reviewed]
    if leaves == "consent":
        await studio.desk.consent(ada, job.id, {Flag.SHOWCASE: True})
        await studio.desk.publish(ada, job.id)
        await studio.desk.review(mo, job.id, Verdict.APPROVE)
        assert await has(studio, ada) == [TABLE.approved], "nothing is earned twice"
