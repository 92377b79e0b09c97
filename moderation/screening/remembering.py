"""Whose frames are known again: of what was rejected for what it shows. Pure functions that raise
``Refused`` or return."""

from __future__ import annotations

from collections.abc import Iterable

from db.models import Job, Review
from db.states import Reason, Status
from moderation import rules
from moderation.people import Person
from moderation.rules import Refused

KNOWN_AGAIN = frozenset({Reason.SEXUAL, Reason.GORE, Reason.HATE})
"""For what is rejected for one of these, its frames may be put on the block-list."""


def may_remember(person: Person, job: Job, reviews: Iterable[Review]) -> None:
    """``reviews``: all that were ever given on this job."""
    may_forget(person, job)
    if job.status not in {Status.REJECTED, Status.REJECTED_FINALLY}:
        raise Refused(
            f"Only of rejected clips frames are known again; job {job.id} is {rules.said(job.status)}."
        )
    if not any(review.reason in KNOWN_AGAIN for review in reviews):
        raise Refused(
            f"Job {job.id} was not rejected for what its frames show, so others may show them."
        )


def may_forget(person: Person, job: Job) -> None:
    if not person.moderates:
        raise Refused("Only moderators decide which frames are known again.")
    if job.person_id == person.id:
        raise Refused("Nobody decides about their own work.")
