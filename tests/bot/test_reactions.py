"""What a reaction means, on every kind of database: done once, undone once, and never for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import update

from bot import reactions
from bot.announce import announce
from bot.reactions import Answer, Given, NoCard, Unsettled
from bot.signs import Sign
from db import ledger, posts, reviews, votes
from db import reactions as known
from db.broker import Broker
from db.models import Reaction, utcnow
from db.session import Db
from db.states import Purpose, Reason, Status, Verdict
from moderation.people import Person, Role
from moderation.rules import Rules
from tests.support.books import settle
from tests.support.rooms import Killed, MemoryRoom
from tests.support.studio import Studio, person

pytestmark = pytest.mark.databases("sqlite")


class TwoToAgree:
    """A studio in which two moderators have to agree, and a room with its cards."""

    def __init__(self, studio: Studio, people: dict[str, Person]) -> None:
        self.studio, self.people = studio, people
        self.room = MemoryRoom()

    async def message(self, purpose: Purpose) -> str:
        await announce(self.studio.db, self.room, 1)
        async with self.studio.db.read() as s:
            found = [p for p in await posts.of(s, "memory", 1) if p.purpose is purpose]
        return found[0].message

    async def add(self, name: str, sign: Sign | None, purpose: Purpose = Purpose.REVIEW) -> Answer:
        return await self._on(reactions.added, name, sign, purpose)

    async def take(self, name: str, sign: Sign | None, purpose: Purpose = Purpose.REVIEW) -> Answer:
        return await self._on(reactions.removed, name, sign, purpose)

    async def said(self) -> list[tuple[int, Verdict, Reason | None, list[int]]]:
        async with self.studio.db.read() as s:
            found = await reviews.of(s, 1)
        return [(r.person_id, r.verdict, r.reason, r.clips) for r in found]

    async def given(self, name: str, sign: Sign | None, purpose: Purpose = Purpose.REVIEW) -> Given:
        return Given("memory", await self.message(purpose), name, sign)

    async def asked(self, name: str, question: str) -> None:
        """For the sentence that a no needs."""
        message = await self.message(Purpose.REVIEW)
        async with self.studio.db.begin() as s:
            await known.note_asked(s, "memory", message, name, Sign.REJECT, question)

    async def _on(self, act, name: str, sign: Sign | None, purpose: Purpose) -> Answer:  # type: ignore[no-untyped-def]
        given = await self.given(name, sign, purpose)

        async def who() -> Person:
            return self.people[name]

        answer: Answer = await act(self.studio.db, self.studio.desk, given, who)
        return answer


@pytest.fixture
async def desk(db: Db, valkey: str) -> AsyncIterator[TwoToAgree]:
    broker = Broker(valkey)
    studio = await Studio(db, broker, Rules(quorum=2)).open()
    people = {
        "ada": await person(db, "ada"),
        "bo": await person(db, "bo"),
        "mo": await person(db, "mo", Role.MODERATOR),
        "lin": await person(db, "lin", Role.MODERATOR),
    }
    await studio.rendered(people["ada"])
    yield TwoToAgree(studio, people)
    await broker.close()


async def test_told_twice_it_is_done_once(desk: TwoToAgree) -> None:
    for _ in range(2):
        assert (await desk.add("mo", Sign.APPROVE)).keep
    assert len(await desk.said()) == 1
    assert (await desk.studio.job(1)).status is Status.IN_REVIEW


async def test_told_twice_at_once_it_is_done_once(desk: TwoToAgree) -> None:
    await desk.message(Purpose.REVIEW)
    await asyncio.gather(*(desk.add("mo", Sign.SEXUAL) for _ in range(5)))
    assert len(await desk.said()) == 1


@pytest.mark.databases("sqlite", "postgres")
async def test_taken_off_twice_it_is_undone_once(desk: TwoToAgree) -> None:
    await desk.add("mo", Sign.APPROVE)
    await desk.take("mo", Sign.APPROVE)
    await desk.add("mo", Sign.SEXUAL)
    await desk.take("mo", Sign.APPROVE)
    assert [reason for _, _, reason, _ in await desk.said()] == [Reason.SEXUAL]


async def test_taking_off_what_never_counted_undoes_nothing(desk: TwoToAgree) -> None:
    """A review given by button stays, whatever else is taken off the card."""
    await desk.studio.desk.review(desk.people["mo"], 1, Verdict.APPROVE)
    await desk.take("mo", Sign.APPROVE)
    assert len(await desk.said()) == 1


async def test_only_moderators_signs_stay(desk: TwoToAgree) -> None:
    for name in ("ada", "bo"):
        for sign in (Sign.APPROVE, Sign.SEXUAL, Sign.VOTE_1, Sign.REJECT, None):
            assert not (await desk.add(name, sign)).keep
    assert await desk.said() == []


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.databases("sqlite", "postgres")
async def test_whoever_is_killed_over_a_vote_leaves_word_of_it(
    desk: TwoToAgree, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(desk)
    with monkeypatch.context() as patch:
        patch.setattr(known, "end", killed)
        with pytest.raises(Killed):
            await desk.add("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    given = await desk.given("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {1: 1}
    async with desk.studio.db.read() as s:
        row = await known.get(s, given.room, given.message, "bo", Sign.VOTE_1)
    assert row is not None
    assert not reactions.is_done(row)  # so it is done again where the sign still stands
    await long_ago(desk)
    await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {}


@pytest.mark.databases("sqlite", "postgres")
@pytest.mark.parametrize("stands", [False, True])
async def test_whoever_is_killed_while_a_vote_is_taken_back_leaves_word_of_it(
    desk: TwoToAgree, monkeypatch: pytest.MonkeyPatch, stands: bool
) -> None:
    """Nobody hears whether the sign is put on again meanwhile; whoever looks at the card sees it."""
    await publish(desk)
    await desk.add("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    with monkeypatch.context() as patch:
        patch.setattr(known, "undone", killed)
        with pytest.raises(Killed):
            await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {}
    given = await desk.given("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    async with desk.studio.db.read() as s:
        row = await known.get(s, given.room, given.message, "bo", Sign.VOTE_1)
    assert row is not None
    assert not reactions.is_done(row)
    await (desk.add if stands else desk.take)("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == ({1: 1} if stands else {})
    async with desk.studio.db.read() as s:
        row = await known.get(s, given.room, given.message, "bo", Sign.VOTE_1)
    assert (row is not None and reactions.is_done(row)) if stands else row is None


@pytest.mark.databases("sqlite", "postgres")
@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_vote_whose_sign_is_taken_off_while_it_is_cast_is_not_forgotten(
    desk: TwoToAgree, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    """Slack tells one process of the sign and another that it is off again; the first may be killed."""
    await publish(desk)
    given = await desk.given("bo", Sign.VOTE_1, Purpose.SHOWCASE)

    async def slow() -> Person:
        with pytest.raises(Unsettled):
            await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
        return desk.people["bo"]

    with monkeypatch.context() as patch:
        if is_killed:
            patch.setattr(known, "end", killed)
        with pytest.raises(Killed) if is_killed else nullcontext():
            await reactions.added(desk.studio.db, desk.studio.desk, given, slow)
    assert await tally(desk) == {1: 1}
    await long_ago(desk)
    await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {}
    async with desk.studio.db.read() as s:
        assert await known.get(s, given.room, given.message, "bo", Sign.VOTE_1) is None


@pytest.mark.databases("sqlite", "postgres")
async def test_a_vote_whose_sign_was_taken_off_long_before_it_is_cast_does_not_count(
    desk: TwoToAgree,
) -> None:
    await publish(desk)
    given = await desk.given("bo", Sign.VOTE_1, Purpose.SHOWCASE)

    async def very_slow() -> Person:
        await long_ago(desk)
        await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
        return desk.people["bo"]

    await reactions.added(desk.studio.db, desk.studio.desk, given, very_slow)
    assert await tally(desk) == {}


@pytest.mark.databases("sqlite", "postgres")
async def test_a_vote_that_is_cast_while_its_sign_is_taken_off_does_not_count(
    desk: TwoToAgree, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(desk)
    given = await desk.given("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    begun, off = asyncio.Event(), asyncio.Event()

    async def slow() -> Person:
        begun.set()
        await off.wait()
        return desk.people["bo"]

    casting = asyncio.create_task(reactions.added(desk.studio.db, desk.studio.desk, given, slow))
    await begun.wait()
    await long_ago(desk)
    take_back = desk.studio.desk.take_back_vote

    async def quicker(*which: Any) -> None:
        monkeypatch.setattr(desk.studio.desk, "take_back_vote", take_back)
        try:
            await take_back(*which)
        finally:
            off.set()
            await casting

    monkeypatch.setattr(desk.studio.desk, "take_back_vote", quicker)
    await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {}


async def long_ago(desk: TwoToAgree) -> None:
    """Whatever was begun was begun so long ago that nobody can still be at it."""
    async with desk.studio.db.begin() as s:
        await s.execute(update(Reaction).values(at=utcnow() - known.BEING_DONE))


async def test_a_no_waits_for_its_sentence(desk: TwoToAgree) -> None:
    answer = await desk.add("mo", Sign.REJECT)
    assert answer.keep
    assert answer.asks_about == 1
    assert await desk.said() == []


async def test_numbers_limit_only_their_own_givers_decision(desk: TwoToAgree) -> None:
    await desk.add("mo", Sign.VOTE_2)
    await desk.add("mo", Sign.APPROVE)
    await desk.add("lin", Sign.APPROVE)
    clips = {person_id: clips for person_id, _, _, clips in await desk.said()}
    assert clips == {desk.people["mo"].id: [2], desk.people["lin"].id: []}


async def test_a_number_that_no_clip_has_means_nothing(desk: TwoToAgree) -> None:
    assert not (await desk.add("mo", Sign.VOTE_4)).keep


async def test_a_vote_moves_and_only_its_own_sign_takes_it_back(desk: TwoToAgree) -> None:
    await publish(desk)
    await desk.add("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    answer = await desk.add("bo", Sign.VOTE_2, Purpose.SHOWCASE)
    assert answer.drop == (Sign.VOTE_1,)
    await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {2: 1}
    await desk.take("bo", Sign.VOTE_2, Purpose.SHOWCASE)
    assert await tally(desk) == {}


async def test_a_vote_goes_back_to_the_sign_that_still_stands(desk: TwoToAgree) -> None:
    """Where a room can't take the other signs off."""
    await publish(desk)
    for sign in (Sign.VOTE_1, Sign.VOTE_2):
        await desk.add("bo", sign, Purpose.SHOWCASE)
    for _ in range(2):
        await desk.take("bo", Sign.VOTE_2, Purpose.SHOWCASE)
        assert await tally(desk) == {1: 1}
    await desk.take("bo", Sign.VOTE_1, Purpose.SHOWCASE)
    assert await tally(desk) == {}


async def test_after_the_decision_nothing_changes(desk: TwoToAgree) -> None:
    await publish(desk)
    assert await desk.add("mo", Sign.SEXUAL) == Answer()
    assert (await desk.take("mo", Sign.APPROVE)).keep
    assert (await desk.studio.job(1)).status is Status.PUBLISHED
    assert len(await desk.said()) == 2


async def test_a_message_that_is_no_card_is_nobodys_business(desk: TwoToAgree) -> None:
    async def who() -> Person:
        raise AssertionError("nobody needs to know who it was")

    given = Given("memory", "another", "mo", Sign.APPROVE)
    with pytest.raises(NoCard):
        await reactions.added(desk.studio.db, desk.studio.desk, given, who)


@pytest.mark.databases("sqlite", "postgres")
async def test_a_refused_sign_limits_nothing_and_undoes_nothing(desk: TwoToAgree) -> None:
    """It may stay where it can't be taken off, and its giver may become a moderator."""
    for sign in (Sign.VOTE_2, Sign.APPROVE):
        assert not (await desk.add("bo", sign)).keep
        await reactions.refused(desk.studio.db, await desk.given("bo", sign))
    desk.people["bo"] = await person(desk.studio.db, "bo", Role.MODERATOR)
    await desk.studio.desk.review(desk.people["bo"], 1, Verdict.APPROVE)
    await desk.take("bo", Sign.APPROVE)
    assert [clips for *_, clips in await desk.said()] == [[]]
    assert await reactions.numbers(desk.studio.db, "memory", 1, "bo") == []


async def test_a_refused_sign_that_is_given_again_may_count(desk: TwoToAgree) -> None:
    await reactions.refused(desk.studio.db, await desk.given("mo", Sign.VOTE_2))
    await desk.add("mo", Sign.VOTE_2)
    assert await reactions.numbers(desk.studio.db, "memory", 1, "mo") == [2]


@pytest.mark.databases("sqlite", "postgres")
async def test_where_users_are_a_workspaces_own_only_its_cards_have_their_numbers(
    desk: TwoToAgree,
) -> None:
    async with desk.studio.db.begin() as s:
        for team, sign in (("T1", Sign.VOTE_1), ("T11", Sign.VOTE_2)):
            post = await posts.intend(s, "chat", f"{team}/C1", Purpose.REVIEW, 1, None)
            assert post is not None
            await posts.note_painted(s, post, f"{team}/C1/1", "looks", None)
            await known.begin(s, "chat", f"{team}/C1/1", "U1", sign)
            await known.begin(s, "chat", f"{team}/C1/1", "U1", Sign.REJECT)
            await known.note_asked(s, "chat", f"{team}/C1/1", "U1", Sign.REJECT, f"of {team}")
    db = desk.studio.db
    assert await reactions.numbers(db, "chat", 1, "U1", "T1") == [1]
    assert await reactions.numbers(db, "chat", 1, "U1", "T11") == [2]
    assert await reactions.numbers(db, "chat", 1, "U1") == [1, 2]
    assert await reactions.settled(db, "chat", 1, "U1", "T1") == ("of T1",)


def test_what_went_comes_first_and_what_decides_comes_last() -> None:
    mo, lin = 1, 2
    there = {(mo, Sign.APPROVE), (mo, Sign.VOTE_2), (lin, Sign.REJECT), (lin, Sign.VOTE_1)}
    gone = {(lin, Sign.SPAM), (mo, Sign.VOTE_1)}
    assert reactions.in_order(there | gone, there) == [
        (mo, Sign.VOTE_1), (lin, Sign.SPAM),
        (mo, Sign.VOTE_2), (lin, Sign.VOTE_1),
        (mo, Sign.APPROVE), (lin, Sign.REJECT),
    ]  # fmt: skip


@pytest.mark.databases("sqlite", "postgres")
@pytest.mark.parametrize(
    ("purpose", "end"),
    [
        (Purpose.REVIEW, {"status": Status.WITHDRAWN}),
        (Purpose.REVIEW, {"status": Status.REJECTED_FINALLY}),
        (Purpose.SHOWCASE, {"status": Status.PUBLISHED, "winner": 1}),
    ],
)
async def test_old_signs_that_mean_nothing_any_more_are_forgotten(
    desk: TwoToAgree, purpose: Purpose, end: dict[str, Any]
) -> None:
    await publish(desk)
    message, sign = await desk.message(purpose), Sign.VOTE_1
    async with desk.studio.db.begin() as s:
        await known.begin(s, "memory", message, "bo", sign)

    async def kept() -> bool:
        async with desk.studio.db.begin() as s:
            await known.tidy(s, "another")
            await known.tidy(s, "memory")
            return await known.get(s, "memory", message, "bo", sign) is not None

    async def grow_old() -> None:
        async with desk.studio.db.begin() as s:
            await s.execute(update(Reaction).values(at=utcnow() - known.KEPT * 1.1))

    await desk.studio.change(1, **end)
    assert await kept()
    await desk.studio.change(1, status=Status.PUBLISHED, winner=None)
    await grow_old()
    assert await kept()
    await desk.studio.change(1, **end)
    assert not await kept()


@pytest.mark.databases("sqlite", "postgres")
async def test_old_signs_of_a_card_that_is_gone_are_forgotten(desk: TwoToAgree) -> None:
    await desk.add("mo", Sign.VOTE_2)
    message = await desk.message(Purpose.REVIEW)
    async with desk.studio.db.begin() as s:
        (post,) = [p for p in await posts.of(s, "memory", 1) if p.message == message]
        await posts.note_removed(s, post.id)
        await known.tidy(s, "memory")
        assert len(await known.on(s, "memory", message)) == 1
        await s.execute(update(Reaction).values(at=utcnow() - known.KEPT * 1.1))
        await known.tidy(s, "memory")
        assert not await known.on(s, "memory", message)


async def test_a_decision_needs_no_more_sentences(desk: TwoToAgree) -> None:
    for name in ("mo", "lin"):
        await desk.add(name, Sign.REJECT)
        await desk.asked(name, f"question for {name}")
    settled = [await reactions.settled(desk.studio.db, "memory", 1, name) for name in ("", "mo")]
    assert settled == [(), ("question for mo",)]
    await desk.add("lin", Sign.SEXUAL)
    answer = await desk.add("mo", Sign.SEXUAL)
    assert sorted(answer.asked) == ["question for lin", "question for mo"]


async def publish(desk: TwoToAgree) -> None:
    await desk.add("mo", Sign.APPROVE)
    await desk.add("lin", Sign.APPROVE)


async def tally(desk: TwoToAgree) -> dict[int, int]:
    async with desk.studio.db.read() as s:
        return await votes.tally(s, 1)


async def test_a_heart_is_a_tip_and_off_again_it_is_taken_back(desk: TwoToAgree) -> None:
    for name in ("mo", "lin"):
        await desk.add(name, Sign.APPROVE)
    db = desk.studio.db
    mo, ada = desk.people["mo"].id, desk.people["ada"].id

    async def have() -> list[int]:
        async with db.read() as s:
            return [await ledger.balance(s, one) for one in (mo, ada)]

    poor = await desk.add("bo", Sign.TIP, Purpose.SHOWCASE)
    assert (poor.keep, "you have none yet" in poor.said) == (False, True)
    await settle(db)
    before = await have()
    for _ in range(2):
        assert (await desk.add("mo", Sign.TIP, Purpose.SHOWCASE)).keep
    assert await have() == [before[0] - 1, before[1] + 1]
    await desk.take("mo", Sign.TIP, Purpose.SHOWCASE)
    assert await have() == before
    assert await desk.add("mo", Sign.TIP) == Answer(), "on a review card it means nothing"
