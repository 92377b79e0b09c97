"""What others keep, and what counts no more, once somebody has left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot import yours
from db import bugs, events, forgetting, ledger, people, pools, reports, themes
from db.broker import Broker
from db.media import Media
from db.models import Event, Job, Pool, PoolShare, Telling, Worker, utcnow
from db.session import Db
from db.states import BugKind, Flag, Kind, Reason, Status, Verdict
from db.yours import WORDS
from moderation.credit import Booking
from moderation.people import Person, Role
from moderation.pools import LEFT_OVER, OUTSIDE
from moderation.rules import Refused, Rules
from tests.support.books import settle
from tests.support.leaver import Filed
from tests.support.studio import ABLE, NO_BROKER, Studio, person, request

Cast = tuple[Person, Person, Person, Person, Person]


@pytest.fixture
async def studio(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Filed]:
    db = Db(sqlite_url)
    made = Filed(Studio(db, Broker(NO_BROKER)), Media(tmp_path / "media"), tmp_path)
    await made.open([ABLE])
    yield made
    await db.close()


@pytest.fixture
async def cast(studio: Filed) -> Cast:
    """Three artists and two moderators."""
    ada, bo, cy = [await person(studio.db, name) for name in ("ada", "bo", "cy")]
    mo, lin = [await person(studio.db, name, Role.MODERATOR) for name in ("mo", "lin")]
    return ada, bo, cy, mo, lin


async def left(studio: Filed, who: Person) -> Person:
    """Forget somebody; who they are when they come back."""
    await studio.desk.leave(who)
    await studio.settle()
    return await person(studio.db, who.name, *who.roles)


async def test_whoever_asked_to_be_forgotten_is_linked_to_nobody(studio: Filed, cast: Cast) -> None:
    ada, bo, cy, *_ = cast
    code = await studio.desk.link_code(bo)
    await studio.desk.leave(ada)
    for asked in (studio.desk.link_code(ada), studio.desk.link(ada, code)):
        with pytest.raises(Refused, match="somebody new"):
            await asked
    await studio.desk.link(cy, code)
    await studio.desk.leave(cy)
    with pytest.raises(Refused, match="somebody new"):
        await studio.desk.unlink(bo)


async def published(studio: Filed, who: Person, prompt: str, *by: Person) -> Job:
    job = await studio.rendered(who, prompt, variations=1, final=True)
    for moderator in by:
        await studio.desk.review(moderator, job.id, Verdict.APPROVE, sentence="fine")
    return await studio.job(job.id)


async def test_what_a_moderator_said_is_told_again_without_their_name(
    studio: Filed, cast: Cast
) -> None:
    ada, bo, _, mo, lin = cast
    decided = await published(studio, ada, "a red circle", mo)
    other = await published(studio, ada, "a green circle", lin)
    await studio.desk.report(mo, other.id, Reason.SPAM, "Too green.")
    await studio.desk.dismiss(lin, other.id)
    waiting = await studio.rendered(bo, variations=1, final=True)
    await studio.desk.look(mo, waiting.id)
    alone = await published(studio, ada, "a blue circle", lin)
    async with studio.db.begin() as s:
        await events.join(s, "web")
    await left(studio, mo)
    async with studio.db.read() as s:
        waits = select(col(Telling.job_id)).where(col(Telling.told_at).is_(None))
        told = set(await s.scalars(waits))
    assert {decided.id, other.id, waiting.id} <= told
    assert alone.id not in told


async def test_a_share_of_whoever_left_goes_to_the_next_pool(studio: Filed, cast: Cast) -> None:
    ada = cast[0]
    async with studio.db.begin() as s:
        await ledger.hold(s)
        mine = await ledger.account_of(s, ada.id, "cent")
        outside = await ledger.studios(s, OUTSIDE, "cent")
        await ledger.book(s, "split", Booking.POOL_SPLIT, {mine.id: 700, outside.id: -700})
        since, until = date(2026, 1, 5), date(2026, 1, 12)
        over = utcnow()
        pool = Pool(unit="cent", amount=700, since=since, until=until, ends_at=over, closed_at=over)
        await pools.add(s, pool)
        s.add(
            PoolShare(pool_id=pool.id, account_id=mine.id, person_id=ada.id, points=3, amount=700)
        )
    await studio.desk.claim_shares(ada)
    has = await studio.desk.belongings(ada)
    assert "700 cent isn't paid to you yet" in yours.asks(has, "/studio").lines[0].text
    await left(studio, ada)
    async with studio.db.begin() as s:
        assert (await ledger.studios(s, LEFT_OVER, "cent")).balance == 700


async def test_whoever_comes_back_is_not_counted_twice(studio: Filed, cast: Cast) -> None:
    ada, bo, _, mo, lin = cast
    shown = await published(studio, ada, "a red circle", mo)
    await studio.desk.report(bo, shown.id, Reason.SPAM)
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "It breaks.", "web", "")
    await studio.desk.judge_bug(mo, bug.id, True)
    studio.desk.rules = Rules(quorum=2)
    down = await published(studio, ada, "a blue circle", mo, lin)
    await studio.desk.take_down(lin, down.id, "no")
    assert not await studio.desk.reinstate(mo, down.id)
    await left(studio, bo)
    mo = await left(studio, mo)
    async with studio.db.read() as s:
        assert await reports.of(s, shown.id) == []
    assert await studio.desk.judge_bug(mo, bug.id, True) is None
    assert not await studio.desk.reinstate(mo, down.id)
    assert (await studio.job(shown.id)).status is Status.PUBLISHED


async def test_whoever_left_earns_no_more(studio: Filed, cast: Cast) -> None:
    ada, bo, _, mo, lin = cast
    await settle(studio.db)
    job = await published(studio, ada, "a red circle", mo)
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "It breaks.", "web", "")
    await studio.desk.leave(ada)
    with pytest.raises(Refused, match="has left"):
        await studio.desk.tip(bo, job.id)
    await studio.desk.judge_bug(mo, bug.id, True)
    assert await studio.desk.judge_bug(lin, bug.id, True)
    async with studio.db.read() as s:
        assert await ledger.balance(s, ada.id) == 0


async def test_a_report_of_a_bug_waits_for_nobody_once_its_words_are_gone(
    studio: Filed, cast: Cast
) -> None:
    ada, bo, _, mo, _ = cast
    bug = await studio.desk.report_bug(ada, BugKind.BUG, "It breaks.", "web", "")
    other = await studio.desk.report_bug(bo, BugKind.BUG, "It breaks.", "web", "")
    await left(studio, ada)
    async with studio.db.read() as s:
        assert [one.id for one in await bugs.waiting(s)] == [other.id]
    with pytest.raises(Refused, match="already"):
        await studio.desk.judge_bug(mo, bug.id, True)


async def test_words_that_went_are_not_rendered(studio: Filed, cast: Cast) -> None:
    ada, bo, _, mo, _ = cast
    job = await published(studio, ada, "a quetzal in the rain", mo)
    await studio.desk.consent(ada, job.id, {Flag.REMIX: True})
    made = await studio.desk.extend(bo, job.id, 1, request())
    claimed = await studio.claim()
    assert claimed is not None
    await studio.finish(claimed)
    waiting = await studio.desk.extend(bo, made.id, 1, request())
    await left(studio, ada)
    stopped = await studio.job(waiting.id)
    assert (stopped.status, stopped.prompt) == (Status.CANCELLED, WORDS)
    assert stopped.reason == forgetting.WORDLESS
    for asked in (
        studio.desk.retry(bo, waiting.id),
        studio.desk.again(bo, made.id, request()),
        studio.desk.extend(bo, made.id, 1, request()),
    ):
        with pytest.raises(Refused, match="words"):
            await asked


async def test_only_their_own_worker_says_no_more_whose_it_is(studio: Filed, cast: Cast) -> None:
    async with studio.db.begin() as s:
        al = await people.known(s, "discord", "", "12345", "Al")
        s.add(Worker(name="al", owner="discord::12345"))
    job = await studio.submit(cast[1])
    for owner in ("discord::12345", "discord::123456"):
        async with studio.db.begin() as s:
            s.add(Event(job_id=job.id, kind=Kind.FINISHED, detail={"owner": owner}))
    await studio.desk.leave(Person(al.id, "Al"))
    async with studio.db.read() as s:
        done = await events.of_kinds(s, [job.id], [Kind.FINISHED])
    assert [event.detail["owner"] for event in done] == ["", "discord::123456"]


async def test_a_host_who_leaves_does_not_win_their_own_theme(studio: Filed, cast: Cast) -> None:
    ada, bo, cy, mo, lin = cast
    host = Person(ada.id, ada.name, frozenset({Role.HOST}))
    theme = await studio.desk.begin_theme(host, "Circles", "circle", 3)
    mine = await published(studio, ada, "a red circle", mo)
    other = await published(studio, bo, "a blue circle", mo)
    for voter, job in ((cy, mine), (lin, mine), (cy, other)):
        await studio.desk.vote(voter, job.id, 1)
    await left(studio, host)
    async with studio.db.read() as s:
        over = await themes.get(s, theme.id)
    assert over is not None
    assert over.winner_job == other.id
