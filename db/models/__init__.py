"""The tables. Rows only, no behaviour; times are UTC, enums are stored by value."""

from __future__ import annotations

from db.models.base import utcnow
from db.models.hits import Hit, KnownFrame
from db.models.jobs import Clip, Job
from db.models.links import Code, Guess, Link
from db.models.opinions import Report, Review, Vote
from db.models.people import Identity, Install, Person, Workspace
from db.models.rooms import Event, Note, Post, Reaction, Reply, Room, Telling
from db.models.workers import Worker

__all__ = [
    "Clip",
    "Code",
    "Event",
    "Guess",
    "Hit",
    "Identity",
    "Install",
    "Job",
    "KnownFrame",
    "Link",
    "Note",
    "Person",
    "Post",
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
