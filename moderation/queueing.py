"""Who may put what into the line, and take it out again. Pure functions that raise ``Refused`` or
return."""

from __future__ import annotations

from db.models import Job
from db.states import Status
from db.yours import WORDS
from moderation.people import Person
from moderation.rules import Refused, insist_on_rendered, owns, said

RETRIABLE = frozenset({Status.FAILED, Status.CANCELLED})


def may_submit(queued: int, cap: int, coming: int = 1) -> None:
    """``cap``: how many this person may have in line; ``coming``: how many jobs this is, of a film its
    shots."""
    if coming > 1 and queued + coming > cap:
        raise Refused(
            f"These are {coming} shots and you already have {queued} jobs in line, but "
            f"{cap} is the most per person; ask for fewer shots, or wait."
        )
    if queued >= cap:
        raise Refused(
            f"You already have {queued} jobs in line, and {cap} is the most per person; "
            "wait for one to render, or cancel one."
        )


def may_cancel(person: Person, job: Job) -> None:
    owns(person, job)
    if job.status not in {Status.QUEUED, Status.RENDERING}:
        raise Refused(f"There is nothing to cancel: job {job.id} is {said(job.status)}.")


def may_retry(person: Person, job: Job, shots: bool = False) -> None:
    """``shots``: whether it is a film of which some shot may be retried."""
    owns(person, job)
    insist_on_words(job)
    if shots and job.status is Status.QUEUED:
        return
    if job.status not in RETRIABLE:
        raise Refused(
            f"Only a failed or cancelled job can be retried; job {job.id} is {said(job.status)}."
        )


def insist_on_words(job: Job) -> None:
    """Raises ``Refused`` where nothing is left that says what to render."""
    if job.prompt == WORDS:
        raise Refused(f"The words of job {job.id} were those of somebody who left.")


def may_repeat(person: Person, job: Job) -> None:
    """Whether the same may be asked for once more."""
    owns(person, job)
    insist_on_rendered(job)
