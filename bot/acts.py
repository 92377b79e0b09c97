"""From a sign on a job's card to the verb it means, and the sentence that answers it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot import grammar, said
from bot.signs import REASONS, VOTES, Sign
from db.states import Verdict
from moderation.desk import Desk, Outcome
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Request


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody gave a sign on a job's card; ``request`` says where, and names the giving itself."""

    person: Person
    sign: Sign
    job_id: int
    request: Request
    sentence: str = ""
    only: Collection[int] = ()
    """The clip numbers a review is limited to, or the one that something goes on from."""


async def act(desk: Desk, deed: Act) -> str:
    """Do what the sign means and say what was done. Raises ``Refused`` when the rules say no."""
    person, job_id = deed.person, deed.job_id
    match deed.sign:
        case Sign.CANCEL:
            await desk.cancel(person, job_id)
            return f"Job {job_id} is cancelled."
        case Sign.RETRY:
            await desk.retry(person, job_id)
            return f"Job {job_id} is back in line."
        case Sign.AGAIN:
            job = await desk.again(person, job_id, deed.request)
            return f"Job {job.id} is in line: the same wish with a new seed."
        case Sign.VARY:
            job = await desk.vary(person, job_id, _one(deed), deed.request)
            return f"Job {job.id} is in line: the same wish, near that clip."
        case Sign.EXTEND:
            job = await desk.extend(person, job_id, _one(deed), deed.request)
            return f"Job {job.id} is in line: what happens next."
        case Sign.REDRAW:
            asked = grammar.read(deed.sentence)
            job = await desk.redraw(person, job_id, _one(deed), deed.request, asked)
            return f"Job {job.id} is in line: that clip in other words."
        case Sign.FINAL:
            job = await desk.finalize(person, job_id, _one(deed), deed.request)
            return f"Job {job.id} is in line: that clip, rendered in full."
        case Sign.PUBLISH:
            await desk.publish(person, job_id)
            return f"Job {job_id} went to the moderators."
        case Sign.KEEP:
            await desk.keep(person, job_id)
            return f"Job {job_id} is private again."
        case Sign.WITHDRAW:
            await desk.withdraw(person, job_id)
            return f"Job {job_id} is withdrawn from everything public."
        case Sign.APPEAL:
            await desk.appeal(person, job_id, deed.sentence)
            return f"Job {job_id} goes to moderators who did not decide before."
        case Sign.TAKE_BACK_REVIEW:
            await desk.take_back_review(person, job_id)
            return f"Your review of job {job_id} is taken back."
        case Sign.TAKE_BACK_VOTE:
            await desk.take_back_vote(person, job_id)
            return "Your vote is taken back."
    if deed.sign in VOTES:
        clip = VOTES.index(deed.sign) + 1
        await desk.vote(person, job_id, clip)
        return f"Your vote is for clip {clip}; you can change it until the ballot closes."
    reason = REASONS.get(deed.sign)
    verdict = Verdict.APPROVE if reason is None else Verdict.REJECT
    outcome = await desk.review(
        person, job_id, verdict, reason=reason, sentence=deed.sentence, only=deed.only
    )
    return _answer(job_id, outcome)


def _one(deed: Act) -> int | None:
    """The clip that was picked; None where none was, which is right where there is but one."""
    if len(deed.only) > 1:
        raise Refused("Pick one clip only; each goes on by itself.")
    return next(iter(deed.only), None)


def _answer(job_id: int, outcome: Outcome) -> str:
    match outcome.verdict:
        case Verdict.APPROVE:
            return f"Job {job_id} is published."
        case Verdict.REJECT if outcome.of_appeal:
            return f"Job {job_id} stays outside the showcase; its artist is told why."
        case Verdict.REJECT:
            return f"Job {job_id} is not published; its artist is told why and may appeal."
        case None:
            return said.noted(outcome.undecided, outcome.clips)
