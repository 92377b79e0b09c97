"""Who may do what, and when. Pure functions that raise ``Refused`` or return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from db.models import Clip, Job, Report, Review
from db.states import (
    DECIDED,
    FINISHED,
    PUT_TOGETHER,
    WAITING_FOR_REVIEW,
    Status,
    Task,
    Verdict,
)
from moderation.limits import Limits
from moderation.people import Person
from moderation.rounds import is_for_a_third
from moderation.words import clean, listed

SENTENCE_LIMIT = 500
APPEAL_TIME = timedelta(days=14)
LOOK_TIME = timedelta(minutes=15)
"""So long a moderator has a job in hand."""


class Refused(Exception):
    """The answer is no: one sentence that says why and what is allowed instead."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a community has decided for itself; these are the plainest, a studio's are its settings."""

    queued_cap: int = 8
    quorum: int = 1
    ballot: timedelta = timedelta(hours=24)
    turn: timedelta = timedelta(hours=24)
    """How long somebody may take to go on in a chain."""
    second_opinion: bool = False
    """Whether the no of one moderator waits for another one's."""
    newcomer_publications: int = 0
    """Of somebody's first ones, so many are looked at by two."""
    appeal_quorum: int = 1
    """How many decide about an appeal, where the quorum isn't higher."""
    reviews_per_hour: int = 0
    """About so many jobs one moderator decides in an hour; 0: about any number."""
    backlog: int = 50
    """How many may wait for moderators; what comes then waits until there are fewer."""
    keep_drafts: timedelta | None = None
    """How long the clips of a draft are kept that nothing came of; None for ever."""
    keep_rejected: timedelta | None = None
    """How long the clips are kept of what was rejected for good; None for ever."""
    limits: Limits = field(default_factory=Limits)


def owns(person: Person, job: Job) -> None:
    if job.person_id != person.id:
        raise Refused("This job is somebody else's; only its artist can do that.")


def insist_on_rendered(job: Job) -> None:
    if job.task in PUT_TOGETHER:
        raise Refused(f"Job {job.id} is put together from other clips; go on from one of those.")


def insist_on_clips(job: Job) -> None:
    if job.let_go_at is not None:
        raise Refused(f"The clips of job {job.id} are no longer kept; ask for it again.")


def may_publish(person: Person, job: Job, clips: Iterable[Clip]) -> None:
    """``clips``: all that the job has."""
    owns(person, job)
    if job.task is Task.GLIMPSE:
        raise Refused("This is a part of somebody else's clip; it is for you alone.")
    if job.status is not Status.READY:
        raise Refused(
            f"Job {job.id} can't be sent to the moderators now: it is {said(job.status)}."
        )
    if job.held:
        raise Refused(f"Job {job.id} goes to the moderators by itself, once they have room for it.")
    insist_on_clips(job)
    if not any(clip.showcase for clip in clips):
        raise Refused(
            f"You let nobody see the clips of job {job.id}; allow the showcase first, then publish it."
        )


def may_keep(person: Person, job: Job) -> None:
    owns(person, job)
    if job.status is not Status.IN_REVIEW and not is_held(job):
        raise Refused(f"Job {job.id} isn't waiting for review; it is {said(job.status)}.")


def is_held(job: Job) -> bool:
    """Whether it waits for room in review."""
    return job.held and job.status is Status.READY


def may_appeal(person: Person, job: Job, now: datetime) -> None:
    owns(person, job)
    if job.status not in {Status.REJECTED, Status.BLOCKED}:
        raise Refused(f"Only a rejected job can be appealed; job {job.id} is {said(job.status)}.")
    if now > appeal_until(job):
        raise Refused(
            f"An appeal is possible for {APPEAL_TIME.days} days; those of job {job.id} are over."
        )


def appeal_until(job: Job) -> datetime:
    """Until when a rejected job can be appealed."""
    return job.status_since + APPEAL_TIME


def may_withdraw(person: Person, job: Job) -> None:
    owns(person, job)
    if job.status is Status.WITHDRAWN:
        raise Refused(f"Job {job.id} is already withdrawn.")


def may_grow(
    person: Person, job: Job, clip: int | None, clips: Sequence[Clip], *, shared: bool
) -> int:
    """The number of the clip that another job may grow out of; of a single clip it needn't be said.

    ``clips``: all that the job has. ``shared``: whether its artist may let others do this.
    """
    insist_on_rendered(job)
    insist_on_clips(job)
    own = job.person_id == person.id
    if not shared:
        owns(person, job)
    elif not own and job.status is not Status.PUBLISHED:
        raise Refused(
            f"Job {job.id} is somebody else's and not in the showcase; only its artist can go on "
            "from it."
        )
    numbers = may_grow_from(person.id, job, clips)
    shown = [found.number for found in clips if found.shown]
    if not own and shown and (not numbers or clip in set(shown) - {*numbers}):
        what = "it" if clip is None or not numbers else f"clip {clip}"
        raise Refused(f"The artist of job {job.id} hasn't allowed remixes of {what}.")
    if not numbers:
        raise Refused(f"Job {job.id} has no clips to go on from: it is {said(job.status)}.")
    if clip is None and len(numbers) > 1:
        raise Refused(f"Pick the clip first: job {job.id} has {len(numbers)}.")
    number = numbers[0] if clip is None else clip
    if number not in numbers:
        if own:
            raise Refused(f"Job {job.id} has no clip {number}; it has {len(numbers)}.")
        others = listed(map(str, numbers), "or")
        raise Refused(f"Job {job.id} has no clip {number} in the showcase; pick {others}.")
    return number


def may_grow_from(person_id: int | None, job: Job, clips: Iterable[Clip]) -> list[int]:
    """The clips that something can go on from: of one's own job all, else those that are shown and
    may be remixed."""
    own = job.person_id == person_id
    return [clip.number for clip in clips if own or (clip.shown and clip.remix)]


def may_finalize(clip: int, final: Job | None) -> None:
    """``final``: that of this clip, if it has one that still counts."""
    if final is not None:
        raise Refused(f"The final of clip {clip} is job {final.id} already.")


def decided_before(job: Job, reviews: Iterable[Review]) -> frozenset[int]:
    """Who has no say in an appeal, because they reviewed the job in any earlier round."""
    if job.status is not Status.APPEALED:
        return frozenset()
    return frozenset(r.person_id for r in reviews if r.round < job.round)


def may_undo(person: Person, job: Job) -> None:
    """Whether reviews of theirs would count, so that they may take them back."""
    if not person.moderates:
        raise Refused("Only moderators decide about the showcase.")
    if job.person_id == person.id:
        raise Refused("Nobody reviews their own work; another moderator has to decide this one.")
    if job.status not in WAITING_FOR_REVIEW:
        public = f": it is {said(job.status)}" if job.status in DECIDED else ""
        raise Refused(f"Job {job.id} isn't waiting for a decision{public}.")


def may_review(person: Person, job: Job, reviews: Iterable[Review]) -> None:
    """``reviews``: all that were ever given on this job."""
    may_undo(person, job)
    if person.id in decided_before(job, reviews):
        raise Refused("You decided this before; an appeal goes to somebody else.")
    if job.split and not person.hosts:
        if not is_for_a_third(job):
            raise Refused("The moderators don't agree on this one, so a host decides it.")
        if any(r.person_id == person.id and r.round == job.round for r in reviews):
            raise Refused("You had your say on this appeal; one who hasn't yet decides it.")


def may_report(person: Person, job: Job, reports: Iterable[Report]) -> None:
    """``reports``: all that were ever made of this job."""
    if job.person_id == person.id:
        raise Refused("This job is yours; withdraw it instead.")
    if job.status is not Status.PUBLISHED:
        raise Refused(f"There is no job {job.id} in the showcase that could be reported.")
    if any(report.person_id == person.id for report in reports):
        raise Refused("You reported this job already.")


def may_take_down(person: Person, job: Job) -> None:
    """Also whether they may dismiss what others report of it."""
    if not person.moderates:
        raise Refused("Only moderators decide about the showcase.")
    if job.person_id == person.id:
        raise Refused("Nobody decides about their own work; you may withdraw it.")
    if job.status is not Status.PUBLISHED:
        raise Refused(f"Job {job.id} isn't in the showcase: it is {said(job.status)}.")


def may_reinstate(person: Person, job: Job, reviews: Iterable[Review]) -> None:
    """``reviews``: all that were ever given on this job."""
    if not person.moderates:
        raise Refused("Only moderators decide about the showcase.")
    if job.person_id == person.id:
        raise Refused("Nobody decides about their own work; you may appeal.")
    if not is_taken_down(job):
        raise Refused(f"Job {job.id} wasn't taken down: it is {said(job.status)}.")
    given = {r.person_id: r.verdict for r in reviews if r.round == job.round}
    if given.get(person.id) is Verdict.REJECT:
        raise Refused("You took it down yourself; another moderator can put it back.")
    if person.id in given:
        raise Refused("You said so already; another moderator has to agree.")


def is_taken_down(job: Job) -> bool:
    """Whether it was in the showcase until moderators took it out, and no appeal is decided."""
    return job.status is Status.REJECTED and job.published_at is not None


def may_vote(person: Person, job: Job, now: datetime) -> None:
    if job.status is not Status.PUBLISHED:
        raise Refused(f"There is no ballot on job {job.id}.")
    if job.winner is not None or (job.ballot_closes_at is not None and job.ballot_closes_at <= now):
        raise Refused("This ballot is closed.")
    if job.person_id == person.id:
        raise Refused("Artists don't vote on their own clips.")


def may_see(person: Person, job: Job, clip: Clip) -> bool:
    """Whether somebody may look at a clip of this job."""
    if job.task in PUT_TOGETHER and job.status is Status.WITHDRAWN:
        return False  # there may be clips of others in it, and they may have withdrawn them
    if person.id == job.person_id:
        return job.status in FINISHED
    if job.status is Status.PUBLISHED and clip.shown:
        return True
    decides = person.moderates and job.status in WAITING_FOR_REVIEW | {Status.PUBLISHED}
    return decides and clip.showcase


def may_see_pictures(person: Person, job: Job) -> bool:
    """Whether somebody may look at the pictures that were given: they never go into the showcase."""
    if person.id == job.person_id:
        return True
    return person.moderates and job.status in WAITING_FOR_REVIEW | {Status.PUBLISHED}


SAID = {
    Status.QUEUED: "waiting in line",
    Status.RENDERING: "being rendered",
    Status.READY: "ready, and seen by its artist alone",
    Status.IN_REVIEW: "in review",
    Status.PUBLISHED: "published",
    Status.REJECTED: "rejected",
    Status.APPEALED: "under appeal",
    Status.REJECTED_FINALLY: "rejected for good",
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
    Status.BLOCKED: "blocked by the screen",
    Status.WITHDRAWN: "withdrawn",
}


def said(status: Status) -> str:
    """A status as people say it, after "job 7 is"."""
    return SAID[status]


def sentence(text: str) -> str:
    """What somebody wrote, as it is kept."""
    said = clean(text)
    if len(said) > SENTENCE_LIMIT:
        raise Refused(
            f"A sentence has at most {SENTENCE_LIMIT} characters here; this one has {len(said):,}."
        )
    return said
