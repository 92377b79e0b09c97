"""What people find and moderators decide about one job, within the transaction that holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db import clips, events, hits, in_review, jobs, people, reports, reviews, statements
from db.models import Clip, Job, Report, Review, utcnow
from db.states import Kind, Reason, Status, Verdict
from moderation import chaining, films, queueing, quorum, rounds, rules
from moderation.people import Person
from moderation.quorum import Needed
from moderation.rules import Refused, Rules
from moderation.screening import door
from moderation.words import listed

WORDS_ALONE = frozenset({1})
"""What is decided of a blocked job that is appealed: it has no clips, so its wish stands for one."""
NEEDS_WORDS = "Say in a sentence why, so that the artist can learn from it or appeal."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a review did: the verdict that now stands, or else the clips still undecided."""

    verdict: Verdict | None
    undecided: frozenset[int] = frozenset()
    clips: int = 0
    """How many clips the job has."""
    of_appeal: bool = False
    split: bool = False
    """Whether the moderators don't agree, so that a host decides."""
    one_no: bool = False
    """Whether it is a no that waits for a second opinion."""


async def review(
    s: AsyncSession,
    house: Rules,
    person: Person,
    job: Job,
    verdict: Verdict,
    reason: Reason | None,
    sentence: str,
    only: Collection[int],
) -> Outcome:
    """Count a moderator's review, and carry out the decision that it makes, if it makes one."""
    given = await reviews.of(s, job.id)
    rules.may_review(person, job, given)
    made = await clips.of(s, job.id)
    numbers = for_showcase(made) if made else WORDS_ALONE
    if not numbers:
        raise Refused(f"Its artist lets nobody see the clips of job {job.id} now.")
    if not set(only) <= numbers:
        these = listed(map(str, sorted(numbers)), "and")
        raise Refused(f"Of job {job.id} you decide about clip {these}.")
    if verdict is Verdict.REJECT and reason is None:
        raise Refused("A no needs its reason: pick one, or write a sentence.")
    if verdict is Verdict.REJECT and reason is Reason.OTHER and not sentence:
        raise Refused(NEEDS_WORDS)
    new = Review(
        job_id=job.id,
        person_id=person.id,
        round=job.round,
        of_appeal=job.status is Status.APPEALED,
        verdict=verdict,
        reason=reason if verdict is Verdict.REJECT else None,
        sentence=sentence,
        # What is let into the showcase only later was not looked at.
        clips=sorted(only or (numbers if len(numbers) < len(made) else ())),
        alone=rounds.decides_alone(person, job),
    )
    await in_review.look_away(s, job.id, person.id)
    counted = [r for r in given if r.round == job.round]
    terms = await needed(s, house, job)
    if not any(_same(new, earlier) for earlier in counted):
        await reviews.add(s, new)
        said = {"verdict": verdict, "reason": new.reason, "quorum": terms.yes}
        await events.record(s, job.id, Kind.REVIEWED, person.id, **said)
        counted.append(new)
    if not job.split and quorum.is_split(counted, numbers, terms):
        job.split = True
        await events.record(s, job.id, Kind.SPLIT, person.id)
    counts = None if job.split else terms
    decision = quorum.decide(counted, numbers, counts)
    if decision is None:
        return Outcome(
            None,
            quorum.undecided(counted, numbers, counts),
            len(numbers),
            split=job.split,
            one_no=quorum.is_one_no(counted),
        )
    await in_review.look_away(s, job.id)
    await _carry_out(s, job, decision, person.id, house, counted)
    return Outcome(decision.verdict, of_appeal=new.of_appeal)


async def needed(s: AsyncSession, house: Rules, job: Job) -> Needed:
    """How many have to agree on this job."""
    published = await people.published(s, job.person_id, besides=job.id)
    return quorum.needed(house, job, published, flagged=bool(await hits.standing(s, job.id)))


async def reconsider(s: AsyncSession, house: Rules, job: Job) -> None:
    """Carry out the decision that there is now that its artist has changed what may be shown; it is
    that of whoever spoke last."""
    numbers = for_showcase(await clips.of(s, job.id))
    counted = [r for r in await reviews.of(s, job.id) if r.round == job.round]
    terms = None if job.split else await needed(s, house, job)
    decision = quorum.decide(counted, numbers, terms)
    if decision is not None and not (decision.shown and await _hindered(s, job)):
        await in_review.look_away(s, job.id)
        await _carry_out(s, job, decision, counted[-1].person_id, house, counted)


async def keep(s: AsyncSession, person: Person, job: Job) -> None:
    """Take a job out of review or out of the showcase, for its artist alone.

    What was said stays with the job. Where nothing was decided it goes on to count, for a no isn't got
    rid of by publishing again; what was decided is over, and the next review is a round of its own.
    """
    await reports.settle(s, job.id)
    fresh = {"private": True, "published_at": None}
    fresh |= rounds.new_round(job) if job.status is Status.PUBLISHED else rounds.waits_anew(job)
    await jobs.move(s, job.id, Kind.KEPT, by=person.id, values=fresh)


def for_showcase(made: Iterable[Clip]) -> frozenset[int]:
    """The clips that moderators decide about: those that their artist lets everybody see."""
    return frozenset(clip.number for clip in made if clip.showcase)


async def report(s: AsyncSession, person: Person, job: Job, reason: Reason, sentence: str) -> None:
    """Put down what somebody finds wrong with a job in the showcase."""
    rules.may_report(person, job, await reports.of(s, job.id))
    if reason is Reason.OTHER and not sentence:
        raise Refused("Say in a sentence what is wrong with it.")
    found = Report(job_id=job.id, person_id=person.id, reason=reason, sentence=sentence)
    await reports.add(s, found)
    await events.record(s, job.id, Kind.REPORTED, person.id, reason=reason)


async def take_down(s: AsyncSession, person: Person, job: Job, sentence: str) -> None:
    """Take a job out of the showcase.

    It is a round of its own, so that an appeal goes to anybody but whoever took it down: those who
    had approved it before did not decide this. Films with a clip of it go along, each with a decision of
    its own: they can be appealed and put back once the clip is back.
    """
    rules.may_take_down(person, job)
    if not sentence:
        raise Refused(NEEDS_WORDS)
    open_reports = [r for r in await reports.of(s, job.id) if r.settled_at is None]
    reasons = Counter(report.reason for report in open_reports).most_common(1)
    reason = reasons[0][0] if reasons else Reason.OTHER
    await _take_down(s, person, job, reason, sentence)
    for film in await films.published_with(s, job.id):
        why = f"Job {job.id}, a clip of which is in it, was taken down."
        await _take_down(s, person, film, reason, why, part=job.id)


async def _take_down(
    s: AsyncSession, person: Person, job: Job, reason: Reason, sentence: str, **detail: Any
) -> None:
    new = Review(
        job_id=job.id,
        person_id=person.id,
        round=job.round + 1,
        verdict=Verdict.REJECT,
        reason=reason,
        sentence=sentence,
    )
    await reviews.add(s, new)
    await reports.settle(s, job.id)
    fresh = rounds.new_round(job)
    await jobs.move(
        s, job.id, Kind.TAKEN_DOWN, by=person.id, values=fresh, reasons=[reason], **detail
    )


async def reinstate(s: AsyncSession, house: Rules, person: Person, job: Job) -> bool:
    """Count a moderator who wants back what was taken down; says whether they made it come back.

    It takes as many as a yes does, of those who didn't take it down. The clips that were shown before
    are shown again.
    """
    given = await reviews.of(s, job.id)
    rules.may_reinstate(person, job, given)
    new = Review(job_id=job.id, person_id=person.id, round=job.round, verdict=Verdict.APPROVE)
    await reviews.add(s, new)
    terms = await needed(s, house, job)
    said = {"verdict": new.verdict, "reason": new.reason, "quorum": terms.yes}
    await events.record(s, job.id, Kind.REVIEWED, person.id, **said)
    this_round = [*(r for r in given if r.round == job.round), new]
    if not quorum.reinstates(this_round, job, terms):
        return False
    shown = frozenset(clip.number for clip in await clips.of(s, job.id) if clip.shown)
    if not shown:
        raise Refused(f"Its artist lets nobody see the clips of job {job.id} now.")
    await _publish(s, job, Kind.REINSTATED, shown, person.id, house, **rounds.new_round(job))
    return True


async def dismiss(s: AsyncSession, person: Person, job: Job) -> None:
    """Settle the reports of a job, which stays where it is."""
    rules.may_take_down(person, job)
    if not await reports.settle(s, job.id):
        raise Refused(f"There are no reports of job {job.id} to dismiss.")
    await events.record(s, job.id, Kind.DISMISSED, person.id)


async def _carry_out(
    s: AsyncSession,
    job: Job,
    decision: quorum.Decision,
    by: int,
    house: Rules,
    counted: Sequence[Review],
) -> None:
    appealed = job.status is Status.APPEALED
    if decision.verdict is Verdict.REJECT:
        kind = Kind.UPHELD if appealed else Kind.REJECTED
        reasons = sorted({review.reason for review in counted if review.reason})
        found = await hits.standing(s, job.id)
        await jobs.move(s, job.id, kind, by=by, reasons=reasons, rules=found)
        return
    if not await clips.of(s, job.id):
        queueing.insist_on_words(job)
        await door.let_in(s, job, by)
        await chaining.stop_late(s, job)
        return
    await clips.show(s, job.id, decision.shown)
    kind = Kind.OVERTURNED if appealed else Kind.APPROVED
    await _publish(s, job, kind, decision.shown, by, house)


async def _hindered(s: AsyncSession, job: Job) -> str:
    """Why a job can't be shown now whatever moderators say, as a sentence; empty where it can."""
    if down := await films.parts_taken_down(s, job):
        return (
            f"Job {down[0]}, a clip of which is in this film, was taken down; put that back first."
        )
    if await statements.is_owed(s, job):
        return f"Its artist hasn't stated who is in job {job.id}, so it can't be shown now."
    return ""


async def _publish(
    s: AsyncSession,
    job: Job,
    kind: Kind,
    shown: frozenset[int],
    by: int,
    house: Rules,
    **values: Any,
) -> None:
    if hindered := await _hindered(s, job):
        raise Refused(hindered)
    now = utcnow()
    values |= {"published_at": job.published_at or now}  # what comes back was there before
    # A job that was taken down and comes back keeps its votes, and its ballot is open for a full time
    # again, for nobody could vote meanwhile. One that was closed stays closed: its winner was told and
    # may have its final; unless that winner isn't shown any more.
    if job.winner not in {0, *shown}:
        values |= {"ballot_closes_at": now + house.ballot, "winner": None}
    found = await hits.standing(s, job.id)
    await jobs.move(s, job.id, kind, by=by, values=values, rules=found)


def _same(one: Review, other: Review) -> bool:
    said = {"person_id", "verdict", "reason", "sentence", "clips", "alone"}
    return one.model_dump(include=said) == other.model_dump(include=said)
