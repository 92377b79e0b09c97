"""From a sign on a job's card to the verb it means, and the sentence that answers it."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars

from bot import consenting, grammar, said, stating
from bot.signs import REASONS, VOTES, Sign
from db import jobs, parts
from db.states import Flag, Reason, Status, Verdict
from moderation import rules
from moderation.decisions import Outcome
from moderation.desk import Desk
from moderation.people import Person
from moderation.rules import Refused
from moderation.wish import Request
from moderation.words import listed


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody gave a sign on a job's card; ``request`` says where, and names the giving itself."""

    person: Person
    sign: Sign
    job_id: int
    request: Request
    sentence: str = ""
    """What was said, or what was ticked."""
    only: Collection[int] = ()
    """The clip numbers a review is limited to, or the one that something goes on from."""
    reason: Reason = Reason.OTHER
    """Of a report; where none was picked, its sentence says it all."""


async def act(desk: Desk, deed: Act) -> str:
    """Do what the sign means and say what was done. Raises ``Refused`` when the rules say no."""
    with bound_contextvars(job=deed.job_id):
        return await _act(desk, deed)


async def _act(desk: Desk, deed: Act) -> str:
    person, job_id = deed.person, deed.job_id
    match deed.sign:
        case Sign.CANCEL:
            await desk.cancel(person, job_id)
            return f"Job {job_id} is cancelled."
        case Sign.RETRY:
            await desk.retry(person, job_id, deed.request.key)
            return f"Job {job_id} is back in line."
        case Sign.AGAIN:
            job = await desk.again(person, job_id, deed.request)
            return said.entered(job, "the same job with a new seed")
        case Sign.REWORD:
            asked = grammar.read(deed.sentence)
            job = await desk.reword(person, job_id, deed.request, asked)
            return said.entered(job, "the same job in other words")
        case Sign.VARY:
            job = await desk.vary(person, job_id, _one(deed), deed.request)
            return said.entered(job, "the same job, near that clip")
        case Sign.EXTEND:
            job = await desk.extend(person, job_id, _one(deed), deed.request)
            return said.entered(job, "what happens next")
        case Sign.REDRAW:
            asked = grammar.read(deed.sentence)
            job = await desk.redraw(person, job_id, _one(deed), deed.request, asked)
            return said.entered(job, "that clip in other words")
        case Sign.REMIX:
            asked = grammar.read(deed.sentence)
            job = await desk.remix(person, job_id, _one(deed), deed.request, asked)
            return said.entered(job, "your remix of that clip")
        case Sign.GO_ON:
            job = await desk.go_on(person, job_id, grammar.read(deed.sentence), deed.request)
            return said.entered(job, "what happens next in the chain")
        case Sign.HAND_ON:
            await desk.let_pass(person, job_id)
            return "The turn passes on; you may join the chain again."
        case Sign.FINAL:
            job = await desk.finalize(person, job_id, _one(deed), deed.request)
            return said.entered(job, "that clip, rendered in full")
        case Sign.PUBLISH:
            if await desk.publish(person, job_id):
                return f"Job {job_id} went to the moderators."
            room = desk.rules.backlog
            return (
                f"The moderators have {room} job{'' if room == 1 else 's'} to look at; job {job_id} goes "
                "to them by itself when there is room. Your clips are yours already."
            )
        case Sign.KEEP:
            await desk.keep(person, job_id)
            return f"Job {job_id} is private again."
        case Sign.WITHDRAW:
            await desk.withdraw(person, job_id)
            return f"Job {job_id} is withdrawn from everything public."
        case Sign.ALLOW_REMIX:
            await desk.consent(person, job_id, {Flag.REMIX: True})
            return f"While job {job_id} is in the showcase, everybody may remix and extend it."
        case Sign.FORBID_REMIX:
            await desk.consent(person, job_id, {Flag.REMIX: False})
            return f"Nobody else may remix job {job_id} any more; what they made before stays."
        case Sign.CONSENT:
            return await consenting.sent(desk, person, job_id, deed.sentence)
        case Sign.STATE:
            return await stating.sent(desk, person, job_id, deed.sentence)
        case Sign.APPEAL:
            await desk.appeal(person, job_id, deed.sentence)
            return f"Job {job_id} goes to moderators who did not review it before."
        case Sign.REPORT:
            await desk.report(person, job_id, deed.reason, deed.sentence)
            return f"The moderators will look at job {job_id}. Thank you."
        case Sign.TAKE_DOWN:
            await desk.take_down(person, job_id, deed.sentence)
            return f"Job {job_id} is out of the showcase; its artist is told why and may appeal."
        case Sign.DISMISS:
            await desk.dismiss(person, job_id)
            return f"Job {job_id} stays in the showcase; its reports are settled."
        case Sign.REINSTATE:
            if await desk.reinstate(person, job_id):
                return f"Job {job_id} is back in the showcase.{await _still_down(desk, job_id)}"
            return f"Noted; another moderator has to agree before job {job_id} is back."
        case Sign.DUTY:
            return await desk.take_on(person, deed.sentence)
        case Sign.LOOKING:
            await desk.look(person, job_id)
            return f"Job {job_id} is in your hands for 15 minutes; others may still decide."
        case Sign.LOOK_AWAY:
            await desk.look_away(person, job_id)
            return f"Job {job_id} is free for others again."
        case Sign.REMEMBER:
            await desk.remember_frames(person, job_id)
            return f"What looks like job {job_id} will be flagged from now on."
        case Sign.FORGET:
            await desk.forget_frames(person, job_id)
            return f"The frames of job {job_id} are forgotten."
        case Sign.TAKE_BACK_REVIEW:
            await desk.take_back_review(person, job_id)
            return f"Your review of job {job_id} is taken back."
        case Sign.TIP:
            await desk.tip(person, job_id)
            return f"The artist of job {job_id} has one of your credits."
        case Sign.TAKE_BACK_TIP:
            await desk.take_back_tip(person, job_id)
            return "Your credit is yours again."
        case Sign.TAKE_BACK_VOTE:
            await desk.take_back_vote(person, job_id)
            return "Your vote is taken back."
    if deed.sign in VOTES:
        clip = VOTES.index(deed.sign) + 1
        await desk.vote(person, job_id, clip)
        return f"Your vote is for clip {clip}; you can change it until the ballot closes."
    if deed.sign is not Sign.APPROVE and deed.sign not in REASONS:
        raise ValueError(f"{deed.sign} is nothing that can be done")
    reason = REASONS.get(deed.sign)
    verdict = Verdict.APPROVE if reason is None else Verdict.REJECT
    outcome = await desk.review(
        person, job_id, verdict, reason=reason, sentence=deed.sentence, only=deed.only
    )
    return _answer(job_id, outcome)


async def asked_again(desk: Desk, job_id: int, request_key: str) -> Sign:
    """What it means to ask for a job again: what came to nothing goes back in line, of all else there
    is one more."""
    nothing = await desk.came_to_nothing(job_id, request_key)
    return Sign.RETRY if nothing else Sign.AGAIN


async def cancel_all(desk: Desk, person: Person) -> str:
    """Cancel whatever of a person's waits or is being rendered, and say what was done."""
    async with desk.db.read() as s:
        found = await jobs.with_status(s, Status.QUEUED, Status.RENDERING)
    cancelled = []
    for job in found:
        if job.person_id == person.id:
            # What was finished meanwhile stays: it is theirs.
            with suppress(Refused):
                await desk.cancel(person, job.id)
                cancelled.append(str(job.id))
    if not cancelled:
        raise Refused("There is nothing to cancel: no job of yours waits or is being rendered.")
    if len(cancelled) == 1:
        return f"Job {cancelled[0]} is cancelled."
    return f"The jobs {listed(cancelled, 'and')} are cancelled."


async def _still_down(desk: Desk, job_id: int) -> str:
    """Which films with a clip of this job are not put back with it, as a sentence after another."""
    async with desk.db.read() as s:
        found = [await jobs.get(s, film_id) for film_id in await parts.standing(s, job_id)]
    down = [f"film {film.id}" for film in found if film is not None and rules.is_taken_down(film)]
    if not down:
        return ""
    return f" Still taken down, and to be put back by itself: {listed(down, 'and')}."


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
        case None if outcome.split:
            return "Noted; the moderators don't agree on this one, so a host decides it."
        case None if outcome.one_no:
            return "Noted; one no waits for a second opinion, and another moderator's decides."
        case None:
            return said.noted(outcome.undecided, outcome.clips)
