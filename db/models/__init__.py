"""The tables. Rows only, no behaviour; times are UTC, enums are stored by value."""

from __future__ import annotations

from db.models.base import utcnow
from db.models.consents import Consent, Preference
from db.models.jobs import Clip, Job
from db.models.links import Code, Guess, Link
from db.models.opinions import Report, Review, Vote
from db.models.people import Identity, Install, Person, Workspace
from db.models.rooms import Event, Note, Post, Reaction, Reply, Room, Telling
from db.models.workers import Worker

__all__ = [
    "Clip",
    "Code",
    "Consent",
    "Event",
    "Guess",
    "Identity",
    "Install",
    "Job",
    "Link",
    "Note",
    "Person",
    "Post",
    "Preference",
    "Reaction",
    "Reply",
    "Report",
    "Review",
    "Room",
    "Telling",
    "Vote",
    "Worker",
    "Workspace",
    "utcnow",
]
