"""Who may put what into the line, and take it out again. Pure functions that raise ``Refused`` or
return."""

from __future__ import annotations

from collections.abc import Collection

from db.line import Hand, Waiting, can
from db.models import Job
from db.speed import Shape
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


def may_be_made(job: Job, hands: Collection[Hand], hidden: bool) -> None:
    """Whether those that have the model may make this.

    ``hands``: of all workers that are known; ``hidden``: whether nobody but the artist is to see it.
    """
    able = [hand for hand in hands if job.model in hand.models]
    inputs = bool(job.first_key or job.last_key) or job.source_id is not None
    wish = Waiting(
        0, job.person_id, job.queued_at, None, job.model, Shape.of(job), private=hidden,
        inputs=inputs,
    )  # fmt: skip
    if not able or any(can(wish, hand) for hand in able):
        return
    kept = "nothing that others may not see" if hidden else "no pictures or clips of artists"
    raise Refused(f"Only a lent worker has this model, and it gets {kept}; choose another model.")


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
