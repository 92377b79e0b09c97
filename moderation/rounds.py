"""The rounds in which a job is put before the moderators, and whom it is with. Pure functions."""

from __future__ import annotations

from typing import Any

from db.models import Job
from db.states import Called, Status
from moderation.people import Person


def new_round(job: Job) -> dict[str, Any]:
    """What a job begins its next round with."""
    return {"round": job.round + 1, "split": False, "raised": 0}


def waits_anew(job: Job) -> dict[str, Any]:
    """What a job that left review undecided comes back with, in the same round."""
    return {"raised": Called.HOSTS if job.raised >= Called.HOSTS else 0}


def is_with_hosts(job: Job) -> bool:
    """Whether a host may decide it alone."""
    return job.split or job.raised >= Called.HOSTS


def is_for_a_third(job: Job) -> bool:
    """Whether moderators don't agree on an appeal and no host came to decide it: then one more of them,
    who never reviewed it, does."""
    return job.split and job.status is Status.APPEALED and job.raised >= Called.HOSTS


def decides_alone(person: Person, job: Job) -> bool:
    """Whether the review of somebody who ``may_review`` it is enough by itself."""
    return is_for_a_third(job) or (person.hosts and is_with_hosts(job))
