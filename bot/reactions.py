"""What a reaction on a card means: a verb at the desk, done once however often it is told.

It is written down that a sign is begun, then it is done, then that it was; and so it is when it is undone.
Told twice, the second does nothing new, because the desk's verbs don't; whoever compares what stands on a
message with what is written down finds what was missed while nobody listened, what somebody was killed over,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from bot.acts import Act, act
from bot.signs import REASONS, VOTES, Sign
from db import clips, jobs, posts, reactions, reviews, votes
from db.models import Post, Reaction, utcnow
from db.reactions import BEGUN, BEING_DONE, REFUSED, UNDOING
from db.session import Db
from db.states import WAITING_FOR_REVIEW, Purpose, Verdict
from moderation import rules
from moderation.decisions import for_showcase
from moderation.desk import Desk
from moderation.linking import as_now
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Request

DECIDES = frozenset({Sign.APPROVE, *REASONS})
UNSENT_FOR = timedelta(hours=1)
"""So long after it was to be sent a card is looked for of which nobody knows which message it is."""
Who = Callable[[], Awaitable[Person]]
User = TypeVar("User", int, str)


class NoCard(Exception):
    """This message is no card, or it isn't known yet that it is one."""


class Unsettled(Exception):
    """Somebody is just doing what a sign means that is off again, or was killed over it: it has to be looked
    at once more, as it may be done only now."""


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody put a sign on a message, or took it off; ``sign`` is None where it means nothing."""

    room: str
    message: str
    user_id: str
    sign: Sign | None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A card of which nobody knows yet which message it is: people may have put signs on it already."""

    post_id: int

    def is_settled(self, post: Post | None) -> bool:
        """Whether it is looked for no more: it is gone, or nobody knows after so long."""
        return post is None or utcnow() - post.created_at > UNSENT_FOR


@dataclass(frozen=True, slots=True)
class Answer:
    """What the room should do about it."""

    keep: bool = True
    """Whether the sign may stay."""
    said: str = ""
    """One sentence for whoever gave it; empty where the card itself shows what came of it."""
    asks_about: int = 0
    """The job for whose no a sentence is needed first; 0 for none."""
    drop: tuple[Sign, ...] = ()
    """Other signs of theirs that no longer count."""
    asked: tuple[str, ...] = ()
    """The messages that asked for a sentence which isn't needed any more."""


NOTHING = Answer()


async def added(db: Db, desk: Desk, given: Given, who: Who) -> Answer:
    """Do what a new sign means; one that comes too late changes nothing. Raises ``NoCard``."""
    async with db.read() as s:
        post = await posts.by_message(s, given.room, given.message)
    if post is None:
        raise NoCard
    if given.sign is None or not _is_kept(post, given.sign):
        return await _answer(db, desk, post, given, who)
    key = (given.room, given.message, given.user_id, given.sign)
    async with db.begin() as s:
        await reactions.begin(s, *key)
    answer = await _answer(db, desk, post, given, who)
    async with db.begin() as s:
        stands = await reactions.end(s, *key, counts=answer.keep)
    if answer.keep and not stands:  # another process was told meanwhile that it is off again
        await _undo(db, desk, post, given, given.sign, who)
        async with db.begin() as s:
            await reactions.forget(s, *key)  # should it be on once more, that was undone too
        return Answer(asked=answer.asked)
    return answer


def _is_kept(post: Post, sign: Sign) -> bool:
    """Whether it is written down there what became of this sign."""
    shown = post.purpose is Purpose.SHOWCASE and sign in {*VOTES, Sign.TIP}
    return shown or post.purpose is Purpose.REVIEW


async def _answer(db: Db, desk: Desk, post: Post, given: Given, who: Who) -> Answer:
    """Do what it means."""
    try:
        match post.purpose:
            case Purpose.REVIEW:
                return await _review(db, desk, post, given, await who())
            case Purpose.SHOWCASE if given.sign is not None and given.sign in VOTES:
                return await _vote(db, desk, post, given, given.sign, await who())
            case Purpose.SHOWCASE if given.sign is Sign.TIP:
                await act(desk, Act(await who(), Sign.TIP, post.job_id, _request(given)))
    except Refused as refused:
        return Answer(keep=False, said=str(refused))
    return NOTHING


async def refused(db: Db, given: Given) -> None:
    """Their sign didn't count and they were told: should it stay, it is not acted on again."""
    if given.sign is not None:
        async with db.begin() as s:
            await reactions.note_refused(s, given.room, given.message, given.user_id, given.sign)


async def removed(db: Db, desk: Desk, given: Given, who: Who) -> Answer:
    """Undo what a sign meant that was taken off again; after the decision it changes nothing. Raises
    ``Unsettled``."""
    if given.sign is None:
        return NOTHING
    key = (given.room, given.message, given.user_id, given.sign)
    while True:
        async with db.read() as s:
            post = await posts.by_message(s, given.room, given.message)
            known = await reactions.get(s, *key)
        if post is None or known is None:
            return NOTHING
        if known.asked == BEGUN and utcnow() - known.at < BEING_DONE:
            raise Unsettled
        async with db.begin() as s:
            begun = await reactions.begin_undoing(s, known)
        if begun is None:
            continue
        if known.asked != REFUSED:
            await _undo(db, desk, post, given, given.sign, who)
        async with db.begin() as s:
            if await reactions.undone(s, begun):
                return Answer(asked=_questions([known]))


async def _undo(db: Db, desk: Desk, post: Post, given: Given, sign: Sign, who: Who) -> None:
    try:
        if post.purpose is Purpose.REVIEW and sign in DECIDES:
            reason = REASONS.get(sign, Verdict.APPROVE)
            await desk.take_back_review(await who(), post.job_id, reason)
        elif post.purpose is Purpose.REVIEW and sign is Sign.LOOKING:
            await desk.look_away(await who(), post.job_id)
        elif post.purpose is Purpose.SHOWCASE and sign in VOTES:
            await _unvote(db, desk, post, given, sign, await who())
        elif post.purpose is Purpose.SHOWCASE and sign is Sign.TIP:
            await desk.take_back_tip(await who(), post.job_id)
    except Refused:
        pass  # decided meanwhile, or never counted: there is nothing to undo


def in_order(
    missed: Iterable[tuple[User, Sign]], standing: Collection[tuple[User, Sign]]
) -> list[tuple[User, Sign]]:
    """Signs of which nobody heard, in the order in which to act on them: first what was taken off,
    then the numbers, which limit what is decided last."""
    return sorted(missed, key=lambda one: (one in standing, one[1] in DECIDES, one))


def is_done(known: Reaction) -> bool:
    """Whether nothing is left to do about a sign that stands: one that was begun and not done is done
    again, and so is one that was being undone; a no whose question never got through is still to be asked
    about."""
    return known.asked not in {BEGUN, UNDOING} and (known.sign != Sign.REJECT or bool(known.asked))


async def numbers(db: Db, room: str, job_id: int, user_id: str, workspace: str = "") -> list[int]:
    """The clips to which somebody has limited their decision, on any review card of the job; where
    the ids of users are a workspace's own, only on its cards."""
    given = await _on_cards(db, room, job_id, workspace)
    marks = [Sign(r.sign) for r in given if _counts(r, user_id)]
    return sorted({VOTES.index(mark) + 1 for mark in marks if mark in VOTES})


async def settled(
    db: Db, room: str, job_id: int, user_id: str = "", workspace: str = ""
) -> tuple[str, ...]:
    """The messages that needn't ask for a sentence any more: theirs, who just gave it, and once the
    job is decided everybody's."""
    decided = not await waits(db, job_id)
    given = await _on_cards(db, room, job_id, "" if decided else workspace)
    return _questions([one for one in given if decided or one.user_id == user_id])


async def waits(db: Db, job_id: int) -> bool:
    """Whether a job is still to be decided, so that a review of it can be taken back."""
    async with db.read() as s:
        job = await jobs.get(s, job_id)
    return job is not None and job.status in WAITING_FOR_REVIEW


async def _on_cards(db: Db, room: str, job_id: int, workspace: str) -> list[Reaction]:
    """The signs on the review cards of a job that stand, in one workspace or in all."""
    async with db.read() as s:
        return [
            sign
            for post in await posts.of(s, room, job_id)
            if post.purpose is Purpose.REVIEW and post.removed_at is None
            if not workspace or post.place.startswith(f"{workspace}/")
            for sign in await reactions.on(s, room, post.message)
        ]


async def _marks(db: Db, given: Given) -> list[Sign]:
    """What this person has put on this message, as far as it counts."""
    async with db.read() as s:
        standing = await reactions.on(s, given.room, given.message)
    return [Sign(r.sign) for r in standing if _counts(r, given.user_id)]


def _counts(reaction: Reaction, user_id: str) -> bool:
    return reaction.user_id == user_id and reaction.asked not in {REFUSED, UNDOING}


def _questions(given: Iterable[Reaction]) -> tuple[str, ...]:
    return tuple(one.asked for one in given if one.asked not in {"", BEGUN, UNDOING, REFUSED})


async def _review(db: Db, desk: Desk, post: Post, given: Given, person: Person) -> Answer:
    sign = given.sign
    async with db.read() as s:
        job = await jobs.get(s, post.job_id)
        said = await reviews.of(s, post.job_id)
        numbers = for_showcase(await clips.of(s, post.job_id))
    if job is None or job.status not in WAITING_FOR_REVIEW:
        return NOTHING
    rules.may_review(person, job, said)
    if sign in VOTES and VOTES.index(sign) + 1 in numbers:
        return NOTHING  # it limits the decision that comes after it
    if sign is Sign.REJECT:
        return Answer(asks_about=job.id)
    if sign is Sign.LOOKING:
        await act(desk, Act(person, sign, job.id, _request(given)))
        return Answer()
    if sign is None or sign not in DECIDES:
        return Answer(keep=False)
    only = [VOTES.index(mark) + 1 for mark in await _marks(db, given) if mark in VOTES]
    await act(desk, Act(person, sign, job.id, _request(given), only=only))
    return Answer(asked=await settled(db, given.room, job.id))


async def _vote(db: Db, desk: Desk, post: Post, given: Given, sign: Sign, person: Person) -> Answer:
    await act(desk, Act(person, sign, post.job_id, _request(given)))
    marks = await _marks(db, given)
    return Answer(drop=tuple(mark for mark in marks if mark in VOTES and mark is not sign))


async def _unvote(db: Db, desk: Desk, post: Post, given: Given, sign: Sign, person: Person) -> None:
    """Where an earlier sign of theirs still stands, their vote goes back to that one."""
    left = [mark for mark in await _marks(db, given) if mark in VOTES and mark is not sign]
    clip = VOTES.index(sign) + 1
    async with db.read() as s:
        is_for = await votes.by(s, post.job_id, (await as_now(s, person)).id)
    if left and is_for == clip:
        await act(desk, Act(person, left[-1], post.job_id, _request(given)))
    else:
        await desk.take_back_vote(person, post.job_id, clip)


def _request(given: Given) -> Request:
    return Request(f"{given.room}:{given.message}:{given.user_id}:{given.sign}", given.room)
